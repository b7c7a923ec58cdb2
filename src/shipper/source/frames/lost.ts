/** Sums of lines and their bytes. */
import type { Lost } from './decoder.js';

export const NOTHING: Lost = { lines: 0, bytes: 0 };

export const plus = (one: Lost, other: Lost): Lost => ({
  lines: one.lines + other.lines,
  bytes: one.bytes + other.bytes,
});
