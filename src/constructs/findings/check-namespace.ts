/** Finds injected containers that a LimitRange or a ResourceQuota of the same manifests would refuse, as the API server does. */
import { addedParts, containersOf } from '../injection/added-parts.js';
import type { InjectionPlan } from '../injection/plan.js';
import { hasStorageLimit } from '../injection/pod-budget.js';
import { parseQuantity } from '../injection/quantity.js';
import { type Container, objectName } from '../injection/workload.js';
import type { Report } from './finding.js';

type Amounts = Readonly<Record<string, unknown>>;
interface Resources {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/** The objects that restrict the containers of their namespace. */
export const namespaceRules = (objects: readonly any[]): readonly any[] =>
  objects.filter((object) => object?.apiVersion === 'v1' && ['LimitRange', 'ResourceQuota'].includes(object.kind));

export function checkNamespace(plan: InjectionPlan, rules: readonly any[], report: Report): void {
  const { template, props, isEndless, workload } = plan;
  const own = rules.filter(({ metadata }) => (metadata?.namespace ?? '') === (workload.metadata?.namespace ?? ''));
  if (own.length === 0) return;
  const run = { isEndless, graceSeconds: 0, hasStorageLimit: hasStorageLimit(template.spec) };
  const added = addedParts(props, run);
  const ranges = own.filter(({ kind }) => kind === 'LimitRange');
  const containers = containersOf(added).map((container) => ({
    name: container.name,
    properties: container === added.shipper ? 'shipper' : 'shipper.installer',
    resources: withDefaults(container, ranges.flatMap(itemsOf)),
  }));
  for (const range of ranges) {
    for (const { name, properties, resources } of containers) {
      for (const { text, remedy } of itemsOf(range).flatMap((item) => outside(item, resources, properties))) {
        report('LT041', `${objectName(range)} refuses the container '${name}': ${text}`, `${remedy}, or accept LT041`);
      }
    }
  }
  // With resources of the pod as a whole, its containers need none.
  if (Object.keys(template.spec.resources ?? {}).length > 0) return;
  for (const quota of own.filter(({ kind }) => kind === 'ResourceQuota')) {
    for (const needed of demandedBy(quota)) {
      const [field, resource] = needed.split('.') as [keyof Resources, string];
      const lacking = containers.filter(({ resources }) => resources[field][resource] === undefined);
      if (lacking.length === 0) continue;
      const names = lacking.map(({ name }) => `'${name}'`).join(' and ');
      const remedy = needed === 'limits.cpu' ? "set 'shipper.cpuLimitMillis'" : "correct 'shipper.patch'";
      report(
        'LT041',
        `${objectName(quota)} refuses the pod: it demands ${needed} of ${names}`,
        `${remedy}, or accept LT041`,
      );
    }
  }
}

/** Those for containers: the amounts of a pod depend on what the application's containers are given in the cluster. */
const itemsOf = ({ spec }: any): any[] =>
  Array.isArray(spec?.limits) ? spec.limits.filter((item: any) => item?.type === 'Container') : [];

/** What the API server makes of a container before it compares: `max` is the default limit, that is the default request. */
function withDefaults({ resources }: Container, items: readonly any[]): Resources {
  const { requests, limits } = (resources ?? {}) as Partial<Resources>;
  const result = { requests: { ...limits, ...requests }, limits: { ...limits } };
  for (const { default: limit, defaultRequest, min, max } of items) {
    const defaults = { ...max, ...limit };
    result.limits = { ...defaults, ...result.limits };
    result.requests = { ...min, ...defaults, ...defaultRequest, ...result.requests };
  }
  return result;
}

interface Problem {
  readonly text: string;
  readonly remedy: string;
}

const RESOURCES = [
  ['cpu', 'cpuRequestMillis', 'cpuLimitMillis'],
  ['memory', 'memoryRequestMiB', 'memoryLimitMiB'],
] as const;

/** `70m` is no more than `0.07`. */
const exact = (value: number) => Number(value.toFixed(6));

function amountOf(quantity: unknown): number | undefined {
  const value = parseQuantity(quantity);
  return value === undefined ? undefined : exact(value);
}

/** @param properties that set the amounts of the container */
function outside({ min, max, maxLimitRequestRatio }: any, { requests, limits }: Resources, properties: string) {
  return RESOURCES.flatMap(([name, ofRequest, ofLimit]): Problem[] => {
    const amounts = [
      { field: 'request', given: requests[name], property: `'${properties}.${ofRequest}'` },
      { field: 'limit', given: limits[name], property: `'${properties}.${ofLimit}'` },
    ] as const;
    const [request, limit] = amounts.map(({ given }) => amountOf(given));
    const [least, most, ratio] = [min, max, maxLimitRequestRatio].map((all) => amountOf(all?.[name]));
    const problems: Problem[] = [];
    for (const { field, given, property } of amounts) {
      const value = amountOf(given);
      if (value === undefined) continue;
      const but = `but its ${field} is ${given}`;
      if (least !== undefined && value < least) {
        problems.push({ text: `the minimum of ${name} is ${min[name]}, ${but}`, remedy: `raise ${property}` });
      }
      if (most !== undefined && value > most) {
        problems.push({ text: `the maximum of ${name} is ${max[name]}, ${but}`, remedy: `lower ${property}` });
      }
    }
    if (request !== undefined && limit !== undefined && request > limit) {
      const text = `its request of ${name} is ${requests[name]}, but the default limit is ${limits[name]}`;
      problems.push({ text, remedy: `set ${amounts[1].property}` });
    }
    if (ratio !== undefined && limit === undefined) {
      const text = `the limit of ${name} may be ${maxLimitRequestRatio[name]} times the request, but it has no limit`;
      problems.push({ text, remedy: `set ${amounts[1].property}` });
    } else if (ratio !== undefined && request !== undefined && limit! > exact(request * ratio)) {
      const text = `the limit of ${name} may be ${maxLimitRequestRatio[name]} times the request, but is ${limits[name]} with a request of ${requests[name]}`;
      problems.push({ text, remedy: `bring ${amounts[0].property} and ${amounts[1].property} closer together` });
    }
    return problems;
  });
}

const DEMANDED = ['requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'];

/** What a quota demands of each container. One with a scope may not apply to the pod. */
function demandedBy({ spec }: any): string[] {
  const scopes = [...(spec?.scopes ?? []), ...(spec?.scopeSelector?.matchExpressions ?? [])];
  if (scopes.some((scope) => scope !== 'NotBestEffort')) return [];
  const hard = Object.keys(spec?.hard ?? {}).map((name) => (/^(cpu|memory)$/.test(name) ? `requests.${name}` : name));
  return DEMANDED.filter((name) => hard.includes(name));
}
