/** Lines of a record: an event has several. */
import type { RecordBatch } from '../parts.js';

const NEWLINE = 0x0a;

/** Of record i, as they were written. */
export function linesOf({ bytes, start, length, formed }: RecordBatch, i: number): number {
  if (formed[i] === 0) return 1;
  const end = start[i]! + length[i]!;
  let lines = 1;
  for (let at = bytes.indexOf(NEWLINE, start[i]!); at >= 0 && at < end; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}
