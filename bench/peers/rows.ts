/** The rows of the comparison: what is shipped, where to, and under which conditions. A further row is an entry here. */
import type { Shape } from './lines.js';

export interface Row {
  /** For `--rows`. */
  readonly name: string;
  readonly title: string;
  readonly service: 'opensearch' | 'cloudwatch';
  readonly shape: Shape;
  /** Part of `--lines` that it ships; default 1. Low rates have a number of lines of their own. */
  readonly share?: number;
  readonly isGzip?: boolean;
  /** Of the service, before each answer. */
  readonly latencyMs?: number;
  /** Lines per second; without it as fast as possible. */
  readonly rate?: number;
  /** Processes that write, each with a connection, a file or a ring of its own; default 1. */
  readonly processes?: number;
  /** One write per line; else 64 KiB per write. */
  readonly isWritePerLine?: boolean;
  /** Joins stack traces, reads JSON, and hides card numbers. */
  readonly hasStages?: boolean;
  /** Nothing but lines: no joining, no fields. */
  readonly isBare?: boolean;
  /** `LOGTAP_MEMORY_MAX_BYTES` of the product, in MiB; its own default without it. */
  readonly bufferMib?: number;
  /** Seconds from the first line on in which the service answers 503. */
  readonly outageSeconds?: number;
}

/** Of a row with a rate. */
export const SECONDS_AT_A_RATE = 10;

const OPENSEARCH = { service: 'opensearch', shape: 'access' } as const;
/** Over TLS, as the service has it. */
const CLOUDWATCH = { service: 'cloudwatch', shape: 'access' } as const;

const lowRate = (rate: number): Row => ({
  ...{
    ...OPENSEARCH,
    name: `rate-${rate}`,
    title: `OpenSearch, ${rate.toLocaleString('en')} lines/s, one write per line`,
  },
  ...{ rate, isWritePerLine: true },
});
const slow = (latencyMs: number): Row => ({
  ...{ ...OPENSEARCH, name: `latency-${latencyMs}`, title: `OpenSearch, answers after ${latencyMs} ms`, latencyMs },
});
const grown = (processes: number): Row => ({
  ...{
    ...OPENSEARCH,
    name: `processes-${processes}`,
    title: `OpenSearch, ${processes.toLocaleString('en')} processes`,
  },
  ...{ processes, isWritePerLine: true, shape: '120 bytes' },
});
const long = (shape: Shape, share: number): Row => ({
  ...{
    ...OPENSEARCH,
    name: `length-${Number.parseInt(shape.replace(',', ''), 10)}`,
    title: `OpenSearch, lines of ${shape}`,
    shape,
    share,
  },
});

export const ROWS: readonly Row[] = [
  { ...OPENSEARCH, name: 'opensearch', title: 'OpenSearch, access lines' },
  { ...OPENSEARCH, name: 'bare', title: 'OpenSearch, access lines, text only', isBare: true },
  { ...OPENSEARCH, name: 'gzip', title: 'OpenSearch, access lines, gzip', isGzip: true },
  { ...OPENSEARCH, name: 'json', title: 'OpenSearch, JSON lines of 300 bytes', shape: 'json' },
  { ...OPENSEARCH, name: 'writes', title: 'OpenSearch, one write per line', isWritePerLine: true },
  {
    ...OPENSEARCH,
    name: 'stages',
    title: 'OpenSearch, stack traces joined, JSON read, cards hidden',
    shape: 'mixed',
    hasStages: true,
  },
  { ...CLOUDWATCH, name: 'cloudwatch', title: 'CloudWatch Logs over TLS, access lines' },
  { ...CLOUDWATCH, name: 'cloudwatch-json', title: 'CloudWatch Logs over TLS, JSON lines of 300 bytes', shape: 'json' },
  lowRate(1000),
  lowRate(10_000),
  slow(20),
  slow(100),
  grown(1),
  grown(10),
  grown(100),
  grown(1000),
  long('30 bytes', 1),
  long('1,500 bytes', 0.2),
  long('16,000 bytes', 0.02),
  {
    ...OPENSEARCH,
    name: 'outage',
    title: 'OpenSearch, 10 s without the service, 20,000 lines/s',
    rate: 20_000,
    isWritePerLine: true,
    outageSeconds: 10,
  },
];

export function linesOf({ rate, share = 1 }: Row, lines: number): number {
  return rate === undefined ? Math.max(1000, Math.round(lines * share)) : rate * SECONDS_AT_A_RATE;
}
