/** Sums of lines and their bytes. */
import type { Lost } from '../decoder.js';

export const NOTHING: Lost = { lines: 0, bytes: 0 };

export const plus = (one: Lost, other: Lost): Lost => ({
  lines: one.lines + other.lines,
  bytes: one.bytes + other.bytes,
});

export const minus = (one: Lost, other: Lost): Lost => ({
  lines: one.lines - other.lines,
  bytes: one.bytes - other.bytes,
});

export const least = (one: Lost, other: Lost): Lost => ({
  lines: Math.min(one.lines, other.lines),
  bytes: Math.min(one.bytes, other.bytes),
});

export const most = (one: Lost, other: Lost): Lost => ({
  lines: Math.max(one.lines, other.lines),
  bytes: Math.max(one.bytes, other.bytes),
});

/**
 * Whether the process can have written so much: a line takes at least a byte. The place where the reader begins says less: lines of
 * the frames behind it may be in a batch already, while another line there waits for its end.
 */
export const isPossible = ({ lines, bytes }: Lost, head: number): boolean =>
  lines <= head && bytes <= head * MESSAGE_BYTES_MAX;
/** Of a byte that was UTF-16: three of UTF-8 for two. */
const MESSAGE_BYTES_MAX = 1.5;
