/** Ids of traces and spans, in the forms in which tracers write them, as W3C writes them: 32 and 16 lower-case hexadecimal digits. */

import { isHex } from '../records/bytes.js';

const ZEROS = /^0+$/;
const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;

/** Whether it is so many digits: for one text after the other, which costs less than an expression. */
function isLowerHex(text: string, digits: number): boolean {
  if (text.length !== digits) return false;
  for (let i = 0; i < digits; i++) if (!isHex(text.charCodeAt(i))) return false;
  return true;
}

/** W3C, B3 with 64 or 128 bits, a UUID, X-Ray's `1-5759e988-...`, Google's resource name, or Datadog's decimal number. */
export function traceIdOf(value: unknown, isDecimal = false): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? decimal(String(value), TRACE_DIGITS) : undefined;
  if (typeof value !== 'string' || value.length > 128) return undefined;
  if (isDecimal && /^\d{1,20}$/.test(value)) return decimal(value, TRACE_DIGITS);
  // As most tracers write it.
  if (isLowerHex(value, TRACE_DIGITS)) return ZEROS.test(value) ? undefined : value;
  const plain = value
    .replace(/^projects\/[^/]+\/traces\//, '')
    .replace(/^(?:Root=)?1-(?=[0-9a-f]{8}-[0-9a-f]{24}$)/i, '')
    .replaceAll('-', '')
    .toLowerCase();
  const isId = /^(?:[0-9a-f]{32}|[0-9a-f]{16})$/.test(plain) && !ZEROS.test(plain);
  return isId ? plain.padStart(TRACE_DIGITS, '0') : undefined;
}

export function spanIdOf(value: unknown, isDecimal = false): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? decimal(String(value), SPAN_DIGITS) : undefined;
  if (typeof value !== 'string') return undefined;
  if (isDecimal && /^\d{1,20}$/.test(value)) return decimal(value, SPAN_DIGITS);
  const plain = value.toLowerCase();
  return isLowerHex(plain, SPAN_DIGITS) && !ZEROS.test(plain) ? plain : undefined;
}

function decimal(value: string, digits: number): string | undefined {
  const number = BigInt(value);
  return number <= 0n || number >= 1n << 64n ? undefined : number.toString(16).padStart(digits, '0');
}

export interface TraceIds {
  readonly traceId?: string;
  readonly spanId?: string;
}

const TRACEPARENT = /\b[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}\b/;

/** Of a `traceparent` header. */
export function idsOfParent(value: unknown): TraceIds {
  const [, trace, span] = typeof value === 'string' ? (TRACEPARENT.exec(value) ?? []) : [];
  return idsOf(traceIdOf(trace), spanIdOf(span));
}

export function idsOf(traceId: string | undefined, spanId: string | undefined): TraceIds {
  if (traceId === undefined) return spanId === undefined ? NONE : { spanId };
  return spanId === undefined ? { traceId } : { traceId, spanId };
}
const NONE: TraceIds = {};

const TRACE_IN_TEXT = /\b(dd\.)?trace[._]?id["']?[=:] ?["']?([0-9a-f-]{1,36})/i;
const SPAN_IN_TEXT = /\b(dd\.)?span[._]?id["']?[=:] ?["']?([0-9a-f]{1,20})/i;
/** Sleuth's `[app,trace,span]`, and Spring Boot's `[trace-span]`. */
const PAIR_IN_TEXT = /\[(?:[\w.-]*[,-])?([0-9a-f]{32}|[0-9a-f]{16})[,-]([0-9a-f]{16})(?:,\w*)?\]/;

/** Of the names and shapes that text has for them. */
export function idsInText(text: string): TraceIds {
  // Most lines have none, and a search for some letters is cheap.
  const isNamed = text.includes('race') || text.includes('RACE');
  if (isNamed && /traceparent/i.test(text)) return idsOfParent(text);
  const trace = isNamed ? TRACE_IN_TEXT.exec(text) : null;
  if (trace !== null) {
    const span = SPAN_IN_TEXT.exec(text);
    return idsOf(traceIdOf(trace[2], trace[1] !== undefined), spanIdOf(span?.[2], span?.[1] !== undefined));
  }
  const pair = PAIR_IN_TEXT.exec(text);
  return pair === null ? {} : idsOf(traceIdOf(pair[1]), spanIdOf(pair[2]));
}
