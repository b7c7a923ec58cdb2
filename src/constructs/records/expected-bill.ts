/** What the records of a sink are expected to cost in CloudWatch Logs. */
import { CLOUDWATCH_SETTINGS } from '../../catalog/sinks/cloudwatch.js';
import { SINK_CHOICE, SINKS } from '../../catalog/sinks/index.js';
import { BILLED_OVERHEAD_BYTES } from '../../catalog/values/log-prices.js';
import { must } from '../props/must.js';
import { type Binding, bindSettings } from '../sinks/bind.js';

/**
 * What the records of a sink are expected to cost in CloudWatch Logs, and the most that they may cost. The bill of a workload is the sum
 * of those of its sinks.
 */
export interface ExpectedBill {
  /** Records that the shipper of one pod delivers to the sink a day, such as 2000000. */
  readonly recordsPerDay: number;

  /**
   * Bytes of a record, on average.
   *
   * @default 150
   */
  readonly bytesPerRecord?: number;

  /**
   * Pods of the workload.
   *
   * @default - for a container, those of the `bill` of the pod; else its `replicas`, or 1
   */
  readonly pods?: number;

  /**
   * Most USD a month. A workload that is expected to cost more is an error: finding LT039. The limit of a container is for its records,
   * that of the pod for those of all sinks.
   *
   * @default - no limit
   */
  readonly usdPerMonth?: number;

  /**
   * Price of ingest, in USD per GB, such as the one of your contract.
   *
   * @default - the list price of the region and the class, as far as it is known
   */
  readonly usdPerGb?: number;
}

const DEFAULT_BYTES = 150;

/** Billed bytes of one pod a day. */
export const billedBytesPerDay = ({ recordsPerDay, bytesPerRecord = DEFAULT_BYTES }: ExpectedBill): number =>
  Math.ceil(recordsPerDay * (bytesPerRecord + BILLED_OVERHEAD_BYTES));

/** The shipper compares its own part with what it sends. `place`: that of the bill, for messages. */
export function expectedBillBindings(bill: ExpectedBill | undefined, place = 'bill'): Binding[] {
  if (bill === undefined) return [];
  const { bytesPerRecord, pods, usdPerMonth, usdPerGb } = bill;
  const given = { recordsPerDay: bill.recordsPerDay, bytesPerRecord, pods, usdPerMonth, usdPerGb };
  for (const [property, value] of Object.entries(given)) {
    if (value === undefined && property !== 'recordsPerDay') continue;
    must(
      typeof value === 'number' && Number.isFinite(value) && value > 0,
      `${place}.${property}`,
      value,
      'be a number above 0: correct it',
    );
  }
  return [{ property: place, setting: EXPECTED, value: Math.max(billedBytesPerDay(bill), 1) }];
}

const EXPECTED = CLOUDWATCH_SETTINGS.cloudwatchExpectedBytesPerDay;
const SETTING_NAMES = Object.values(SINKS.cloudwatch.settings).map(({ name }) => name);

/** Whether the records of a container go to a sink of CloudWatch Logs that is not the pod's. `entry`: its settings of sinks. */
export function hasOwnCloudWatch(entry: Readonly<Record<string, string>> = {}): boolean {
  const sinks = entry[SINK_CHOICE.sinks.name]?.split(',') ?? [];
  return sinks.includes('cloudwatch') && SETTING_NAMES.some((name) => Object.hasOwn(entry, name));
}

/** The setting of an own sink: without a `bill`, not the part of the pod's. */
export function expectedOfContainer(
  place: string,
  bill: ExpectedBill | undefined,
  ofPod: ExpectedBill | undefined,
  entry: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const bindings = expectedBillBindings(bill, place);
  if (!hasOwnCloudWatch(entry)) return {};
  if (bindings.length > 0) return bindSettings(bindings).settings;
  return ofPod === undefined ? {} : { [EXPECTED.name]: '' };
}
