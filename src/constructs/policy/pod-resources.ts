/** The resources of a pod as a whole, raised by those of the shipper. */
import { amountsOf } from '../injection/pod-budget.js';
import type { Container } from '../injection/workload.js';
import { literal, type Variable } from './cel.js';

type Amounts = ReturnType<typeof amountsOf>['most'];

/** The number of a quantity `q` in the form of injection. Fractions are rounded up. */
const FORMATS = {
  cpu: 'string(int(q.asApproximateFloat() * 1000.0 + 0.999999)) + "m"',
  memory:
    '[int(q.asApproximateFloat() + 0.999999)].map(b, b % 1048576 == 0 ? string(b / 1048576) + "Mi" : string(b))[0]',
} as const;

/** Values of the maps `limits` and `requests` that the pod has. */
export function podResourceVariables(added: {
  readonly shipper: Container;
  readonly installer?: Container;
}): Variable[] {
  const [own, before] = [amountsOf(added.shipper), amountsOf(added.installer)];
  return [
    { name: 'resources', expression: 'object.spec.?resources.orValue({})' },
    // The requests of a Guaranteed pod equal its limits, and the pod stays in its class.
    {
      name: 'isGuaranteed',
      expression:
        'has(variables.resources.requests) && has(variables.resources.limits)' +
        ' && has(variables.resources.requests.memory) && has(variables.resources.limits.memory)' +
        ' && quantity(variables.resources.requests.memory).compareTo(quantity(variables.resources.limits.memory)) == 0',
    },
    {
      name: 'raised',
      expression: `${raised('limits', own.most, before.most)}
+ (variables.isGuaranteed ? ${raised('requests', own.most, before.most)} : ${raised('requests', own.least, before.least)})`,
    },
  ];
}

function raised(field: string, added: Amounts, least: Amounts): string {
  const parts = Object.entries(FORMATS).map(([name, format]) => {
    const present = `variables.resources.${field}.${name}`;
    const [more, floor] = [added, least].map((amounts) => `quantity(${literal(String(amounts[name] ?? 0))})`);
    const sum = `[quantity(${present}).add(${more})].map(q, q.isLessThan(${floor}) ? ${floor} : q)`;
    const addition = `{"path": ${literal(`/spec/resources/${field}/${name}`)}, "value": ${sum}.map(q, ${format})[0]}`;
    return `(has(${present}) ? [${addition}] : [])`;
  });
  return `(has(variables.resources.${field}) ? ${parts.join(' + ')} : [])`;
}
