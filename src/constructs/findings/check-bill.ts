/** Estimates the bill of a workload, sink by sink, and compares it with its limits. */
import { ingestUsdPerGb, LOG_PRICES_OF, PRICED_CLASSES, PRICED_REGIONS } from '../../catalog/values/log-prices.js';
import type { InjectionPlan } from '../injection/plan.js';
import { billedBytesPerDay, type ExpectedBill, hasOwnCloudWatch } from '../records/expected-bill.js';
import type { SinkLogGroup } from '../sinks/sink-config.js';
import type { Report } from './finding.js';

/** Decimal, so that an estimate is rather too high. */
const GB = 1e9;
const DAYS_PER_MONTH = 365 / 12;

/** The records of one log group. */
interface Part {
  /** Where its bill is, or has to be. */
  readonly place: string;
  /** None for the pod. */
  readonly container?: string;
  readonly bill: ExpectedBill | undefined;
  readonly logGroup: SinkLogGroup;
}

export function checkBill(plan: InjectionPlan, report: Report): void {
  const { bill } = plan.props.recordOptions;
  const parts = partsOf(plan, report);
  if (parts.every((part) => part.bill === undefined)) return;
  const pods = bill?.pods ?? replicasOf(plan.workload);
  const limit = parts.some(({ container }) => container === undefined) ? bill?.usdPerMonth : undefined;
  const costs = parts.map((part) => costOf(part, pods, limit !== undefined, report));
  const known = costs.filter((cost) => cost !== undefined);
  if (parts.length < 2 || known.length < parts.length) return;
  const total = known.reduce((sum, cost) => sum + cost, 0);
  const containers = parts.flatMap(({ container }) => (container === undefined ? [] : [`'${container}'`]));
  const all = containers.length < parts.length ? ['the pod', ...containers] : containers;
  const text = `the records of ${all.join(', ')} together are expected to cost ${usd(total)} of ingest a month`;
  if (limit === undefined || total <= limit) {
    report('LT038', text, "correct 'bill' where it is wrong, of the pod and of containers");
    return;
  }
  report('LT039', `${text}, which is above 'bill.usdPerMonth' (${limit})`, remedyOf('', 'bill'));
}

/** The log group of the pod, and those of tapped containers. Reports each bill without an effect. */
function partsOf({ props, taps, annotations }: InjectionPlan, report: Report): readonly Part[] {
  const { sink, containerSinks, recordOptions, perContainer } = props;
  const own = taps.flatMap(({ container: { name }, options }): Part[] => {
    const place = `perContainer.${name}.bill`;
    // An annotation chooses sinks of the pod instead.
    const isOwn = !annotations.sinks.has(name) && Object.hasOwn(containerSinks, name);
    const logGroup = isOwn && hasOwnCloudWatch(containerSinks[name]) ? perContainer[name]?.sink?.bind().logGroup : null;
    if (logGroup) return [{ place, container: name, bill: options.bill, logGroup }];
    if (options.bill !== undefined) {
      const remedy = sink.logGroup === undefined ? 'leave it out' : "add its records to 'bill'";
      report('LT031', `'${place}' has no effect without a log group of the container's own`, remedy);
    }
    return [];
  });
  const { bill } = recordOptions;
  if (sink.logGroup !== undefined) return [{ place: 'bill', bill, logGroup: sink.logGroup }, ...own];
  if (bill !== undefined) {
    const remedy = own.length === 0 ? 'leave it out' : `give it to the container: '${own[0]!.place}'`;
    report('LT031', "'bill' has no effect without a sink of CloudWatch Logs", remedy);
  }
  return own;
}

/** USD a month; `undefined` where they are not known, which is an error where the workload has a limit. */
function costOf(part: Part, podsOfPod: number, isLimited: boolean, report: Report): number | undefined {
  const { place, container, bill, logGroup } = part;
  const of = container === undefined ? '' : ` of container '${container}'`;
  const unknown = bill?.usdPerMonth !== undefined || isLimited ? 'LT039' : 'LT038';
  if (bill === undefined) {
    const whose =
      container === undefined ? ' that go to the log group of the pod' : `${of}, which go to ${logGroup.name},`;
    report(unknown, `the cost of the records${whose} is not known`, `set '${place}'`);
    return undefined;
  }
  const { pods = podsOfPod, usdPerMonth, usdPerGb } = bill;
  const gbPerMonth = (billedBytesPerDay(bill) * pods * DAYS_PER_MONTH) / GB;
  const { groupClass = 'STANDARD', region } = logGroup;
  const price = usdPerGb ?? ingestUsdPerGb(region, groupClass);
  if (price === undefined) {
    const listed = `list prices are known for the classes ${PRICED_CLASSES.join(' and ')} in ${PRICED_REGIONS.join(', ')}`;
    const text = `the price of ingest into a log group of the class ${groupClass} in ${region} is not known: ${listed}`;
    report(unknown, text, `set '${place}.usdPerGb'`);
    return undefined;
  }
  const cost = gbPerMonth * price;
  const volume = `${number(bill.recordsPerDay)} records a day${of} in each of ${pods} pods, ${number(gbPerMonth)} GB a month,`;
  const text = `${volume} are expected to cost ${usd(cost)} of ingest in the class ${groupClass}`;
  if (usdPerMonth !== undefined && cost > usdPerMonth) {
    report('LT039', `${text}, which is above '${place}.usdPerMonth' (${usdPerMonth})`, remedyOf(groupClass, place));
    return undefined;
  }
  const source = usdPerGb === undefined ? `list prices of ${LOG_PRICES_OF}` : `the price of '${place}.usdPerGb'`;
  const others = PRICED_CLASSES.filter((other) => other !== groupClass).flatMap((other) => {
    const otherPrice = usdPerGb === undefined ? ingestUsdPerGb(region, other) : undefined;
    return otherPrice === undefined ? [] : [`${usd(gbPerMonth * otherPrice)} in ${other}`];
  });
  report('LT038', `${[text, ...others].join(', ')}, by ${source}`, `correct '${place}' where it is wrong`);
  return cost;
}

/** A DaemonSet has as many pods as nodes, which no manifest tells. */
function replicasOf({ spec }: InjectionPlan['workload']): number {
  const { replicas } = (spec ?? {}) as { readonly replicas?: unknown };
  return typeof replicas === 'number' && replicas > 0 ? replicas : 1;
}

const remedyOf = (groupClass: string, place: string): string => {
  const cheaper = groupClass === 'STANDARD' ? ", use 'groupClass' INFREQUENT_ACCESS" : '';
  return `withhold records with 'rules' or 'budget'${cheaper}, or raise '${place}.usdPerMonth'`;
};

const number = (value: number): string => (value >= 100 ? Math.round(value) : Number(value.toPrecision(2))).toString();
const usd = (value: number): string => `${value.toFixed(2)} USD`;
