/** What the records of a workload are expected to cost in CloudWatch Logs. */
import { CLOUDWATCH_SETTINGS } from '../../catalog/sinks/cloudwatch.js';
import { BILLED_OVERHEAD_BYTES } from '../../catalog/values/log-prices.js';
import { must } from '../props/must.js';
import type { Binding } from '../sinks/bind.js';

/** What the records of a workload are expected to cost in CloudWatch Logs, and the most that they may cost. */
export interface ExpectedBill {
  /** Records that the shipper of one pod delivers a day, such as 2000000. */
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
   * @default - its `replicas`, or 1
   */
  readonly pods?: number;

  /**
   * Most USD a month. A workload that is expected to cost more is an error: finding LT039.
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

/** The shipper compares its own part with what it sends. */
export function expectedBillBindings(bill: ExpectedBill | undefined): Binding[] {
  if (bill === undefined) return [];
  const { bytesPerRecord, pods, usdPerMonth, usdPerGb } = bill;
  const given = { recordsPerDay: bill.recordsPerDay, bytesPerRecord, pods, usdPerMonth, usdPerGb };
  for (const [property, value] of Object.entries(given)) {
    if (value === undefined && property !== 'recordsPerDay') continue;
    must(
      typeof value === 'number' && Number.isFinite(value) && value > 0,
      `bill.${property}`,
      value,
      'be a number above 0: correct it',
    );
  }
  return [
    {
      property: 'bill',
      setting: CLOUDWATCH_SETTINGS.cloudwatchExpectedBytesPerDay,
      value: Math.max(billedBytesPerDay(bill), 1),
    },
  ];
}
