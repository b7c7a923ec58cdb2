/** Finds messages that are JSON, without keeping their values. */
import { isUtf8 } from 'node:buffer';

const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;

/** Space, tab, line feed, carriage return: JSON allows them around a value. */
const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;

/** Where one JSON object is that, but for blanks around it, is all there is, and may be copied; `undefined` if it is not. */
export function jsonObjectIn(
  bytes: Uint8Array,
  from: number,
  to: number,
): { readonly start: number; readonly end: number; readonly value: unknown } | undefined {
  let start = from;
  let end = to;
  while (start < end && isBlank(bytes[start])) start++;
  while (end > start && isBlank(bytes[end - 1])) end--;
  const value = parsedObject(bytes, start, end);
  return value === undefined ? undefined : { start, end, value };
}

function parsedObject(bytes: Uint8Array, start: number, end: number): unknown {
  if (bytes[start] !== BRACE_OPEN || bytes[end - 1] !== BRACE_CLOSE) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  // Not UTF-8, so no JSON either, although a lenient decoder would make it some.
  if (!isUtf8(text)) return undefined;
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}
