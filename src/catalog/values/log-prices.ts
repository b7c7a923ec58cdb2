/** Prices of CloudWatch Logs, for an estimate before anything is deployed. */

/** The prices are those of this month; AWS changes them seldom. */
export const LOG_PRICES_OF = '2026-08';

/** Classes with a price for what applications write. */
export const PRICED_CLASSES = ['STANDARD', 'INFREQUENT_ACCESS'] as const;
export type PricedClass = (typeof PRICED_CLASSES)[number];

/**
 * USD for the ingest of a GB into a log group of the class STANDARD, in regions whose price is known here. INFREQUENT_ACCESS costs half
 * of it in each of them.
 *
 * @see https://aws.amazon.com/cloudwatch/pricing/
 */
const STANDARD_USD_PER_GB: Readonly<Record<string, number>> = {
  'ap-northeast-1': 0.76,
  'ap-northeast-2': 0.76,
  'eu-central-1': 0.63,
  'eu-west-1': 0.57,
  'us-east-1': 0.5,
  'us-east-2': 0.5,
  'us-west-2': 0.5,
};

/** Regions with a price. */
export const PRICED_REGIONS: readonly string[] = Object.keys(STANDARD_USD_PER_GB);

/** Undefined where it is not known here. */
export function ingestUsdPerGb(region: string, groupClass: string): number | undefined {
  if (!Object.hasOwn(STANDARD_USD_PER_GB, region)) return undefined;
  const standard = STANDARD_USD_PER_GB[region]!;
  return { STANDARD: standard, INFREQUENT_ACCESS: standard / 2 }[groupClass];
}

/** Billed for each event, beside its message. */
export const BILLED_OVERHEAD_BYTES = 26;
