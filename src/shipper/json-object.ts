/** Finds messages that are JSON, without keeping what they say. */
import { sequenceLength } from './json-writer.js';

const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;

/** Whether bytes are one JSON object, and may be copied as they are. */
export function isJsonObject(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== BRACE_OPEN || bytes[end - 1] !== BRACE_CLOSE) return false;
  for (let i = start; i < end; ) {
    const length = bytes[i]! < 0x80 ? 1 : sequenceLength(bytes, i, end);
    // Not UTF-8, so no JSON either, although a lenient decoder would make it some.
    if (length < 0) return false;
    i += length;
  }
  try {
    JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString());
    return true;
  } catch {
    return false;
  }
}
