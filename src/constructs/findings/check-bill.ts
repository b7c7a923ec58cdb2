/** Estimates the bill of a workload, and compares it with its budget. */
import { ingestUsdPerGb, LOG_PRICES_OF, PRICED_CLASSES, PRICED_REGIONS } from '../../catalog/values/log-prices.js';
import type { InjectionPlan } from '../injection/plan.js';
import { billedBytesPerDay, type ExpectedBill } from '../records/expected-bill.js';
import type { SinkLogGroup } from '../sinks/sink-config.js';
import type { Report } from './finding.js';

/** Decimal, so that an estimate is rather too high. */
const GB = 1e9;
const DAYS_PER_MONTH = 365 / 12;

export function checkBill({ props, workload }: InjectionPlan, report: Report): void {
  const { bill } = props.recordOptions;
  if (bill === undefined) return;
  const { logGroup } = props.sink;
  if (logGroup === undefined) {
    report('LT031', "'bill' has no effect without a sink of CloudWatch Logs", 'leave it out');
    return;
  }
  const { pods = replicasOf(workload), usdPerMonth } = bill;
  const gbPerMonth = (billedBytesPerDay(bill) * pods * DAYS_PER_MONTH) / GB;
  const { groupClass = 'STANDARD', region } = logGroup;
  const price = priceOf(groupClass, bill, logGroup);
  if (price === undefined) {
    const known = `list prices are known for the classes ${PRICED_CLASSES.join(' and ')} in ${PRICED_REGIONS.join(', ')}`;
    const text = `the price of ingest into a log group of the class ${groupClass} in ${region} is not known: ${known}`;
    report(usdPerMonth === undefined ? 'LT038' : 'LT039', text, "set 'bill.usdPerGb'");
    return;
  }
  const cost = gbPerMonth * price;
  const volume = `${number(bill.recordsPerDay)} records a day in each of ${pods} pods, ${number(gbPerMonth)} GB a month,`;
  const text = `${volume} are expected to cost ${usd(cost)} of ingest in the class ${groupClass}`;
  if (usdPerMonth !== undefined && cost > usdPerMonth) {
    report('LT039', `${text}, which is above 'bill.usdPerMonth' (${usdPerMonth})`, remedyOf(groupClass));
    return;
  }
  const source = bill.usdPerGb === undefined ? `list prices of ${LOG_PRICES_OF}` : "the price of 'bill.usdPerGb'";
  const others = PRICED_CLASSES.filter((other) => other !== groupClass).flatMap((other) => {
    const otherPrice = bill.usdPerGb === undefined ? ingestUsdPerGb(region, other) : undefined;
    return otherPrice === undefined ? [] : [`${usd(gbPerMonth * otherPrice)} in ${other}`];
  });
  report('LT038', `${[text, ...others].join(', ')}, by ${source}`, "correct 'bill' where it is wrong");
}

const priceOf = (groupClass: string, { usdPerGb }: ExpectedBill, { region }: SinkLogGroup) =>
  usdPerGb ?? ingestUsdPerGb(region, groupClass);

/** A DaemonSet has as many pods as nodes, which no manifest tells. */
function replicasOf({ spec }: InjectionPlan['workload']): number {
  const { replicas } = (spec ?? {}) as { readonly replicas?: unknown };
  return typeof replicas === 'number' && replicas > 0 ? replicas : 1;
}

const remedyOf = (groupClass: string): string => {
  const cheaper = groupClass === 'STANDARD' ? ", use 'groupClass' INFREQUENT_ACCESS" : '';
  return `withhold records with 'rules' or 'budget'${cheaper}, or raise 'bill.usdPerMonth'`;
};

const number = (value: number): string => (value >= 100 ? Math.round(value) : Number(value.toPrecision(2))).toString();
const usd = (value: number): string => `${value.toFixed(2)} USD`;
