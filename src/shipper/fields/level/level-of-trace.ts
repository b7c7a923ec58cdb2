/** Levels of records that are traces, or errors and warnings of a runtime, and have no level word of their own. */

import { isDigit, isLetter, isUpper } from '../../records/bytes.js';
import { isAt, isBlank } from '../bytes.js';
import type { Severity } from './severity.js';

const COLON = 0x3a;
const DOT = 0x2e;
const LINE_FEED = 0x0a;
const WARN: Severity = 13;
const ERROR: Severity = 17;
const FATAL: Severity = 21;
/** Longest name of a class. */
const NAME_MAX = 200;

const TRACES: readonly (readonly [head: Buffer, severity: Severity])[] = (
  [
    ['Traceback (most recent call last)', 17],
    ['Exception in thread ', 17],
    ['Exception Group Traceback', 17],
    ['Unhandled exception', 21],
    ['Unhandled Exception', 21],
    ['panic: ', 21],
    ['fatal error: ', 21],
    ['Segmentation fault', 21],
    ['PHP Fatal error: ', 21],
    ['PHP Parse error: ', 21],
    ['PHP Warning: ', 13],
    ['PHP Notice: ', 10],
    ['PHP Deprecated: ', 13],
    // PostgreSQL without a prefix.
    ['LOG:  ', 9],
    ['npm ERR! ', 17],
    ['npm error ', 17],
    ['npm WARN ', 13],
    ['npm warn ', 13],
  ] as const
).map(([head, severity]) => [Buffer.from(head), severity]);
const THREAD = Buffer.from("thread '");
const PANICKED = Buffer.from("' panicked at ");
/** Of a thread of Rust. */
const THREAD_NAME_MAX = 64;

export function levelOfTrace(bytes: Uint8Array, from: number, end: number): Severity {
  const first = bytes[from];
  for (const [head, severity] of TRACES) {
    if (first === head[0] && isAt(bytes, from, end, head)) return severity;
  }
  return isAt(bytes, from, end, THREAD) && hasPanicked(bytes, from + THREAD.length, end) ? FATAL : 0;
}

/** `thread 'main' panicked at `, with the number of the thread since Rust 1.91: `thread 'main' (42) panicked at `. */
function hasPanicked(bytes: Uint8Array, from: number, end: number): boolean {
  const limit = Math.min(end, from + THREAD_NAME_MAX);
  for (let at = from; at < limit; at++) {
    if (isAt(bytes, at, end, PANICKED)) return true;
    if (bytes[at] === 0x29 && isAt(bytes, at + 1, end, PANICKED.subarray(1))) return true;
    if (bytes[at] === LINE_FEED) return false;
  }
  return false;
}

const CLASSES: readonly (readonly [end: Buffer, severity: Severity])[] = (
  [
    ['Error', ERROR],
    ['Exception', ERROR],
    ['Warning', WARN],
  ] as const
).map(([end, severity]) => [Buffer.from(end), severity]);
const CODE_END = Buffer.from(']:');
const CODE_MAX = 60;

/**
 * A class of errors or of warnings at the begin of a message: `java.lang.IllegalStateException: boom`,
 * `TypeError [ERR_X]: boom`, `(node:1) DeprecationWarning: `; without a message where a frame is in the next line.
 */
export function levelOfClass(bytes: Uint8Array, from: number, end: number): Severity {
  const limit = Math.min(end, from + NAME_MAX);
  let name = from;
  let to = from;
  for (; to < limit; to++) {
    const byte = bytes[to]!;
    if (byte === DOT) name = to + 1;
    else if (!isLetter(byte) && !isDigit(byte) && byte !== 0x5f && byte !== 0x24) break;
  }
  if (!isUpper(bytes[name])) return 0;
  const ending = CLASSES.find(([text]) => to - name >= text.length && isAt(bytes, to - text.length, end, text));
  return ending !== undefined && isClassEnd(bytes, to, end) ? ending[1] : 0;
}

function isClassEnd(bytes: Uint8Array, at: number, end: number): boolean {
  if (bytes[at] === COLON) return at + 1 >= end || bytes[at + 1]! <= 0x20;
  if (bytes[at] === 0x20 && bytes[at + 1] === 0x5b) {
    const limit = Math.min(end, at + CODE_MAX);
    for (let i = at + 2; i < limit && bytes[i] !== LINE_FEED; i++) if (isAt(bytes, i, end, CODE_END)) return true;
    return false;
  }
  // Its first frame.
  if (bytes[at] !== LINE_FEED || !isBlank(bytes[at + 1])) return false;
  let frame = at + 1;
  while (frame < end && isBlank(bytes[frame])) frame++;
  return bytes[frame] === 0x61 && bytes[frame + 1] === 0x74 && bytes[frame + 2] === 0x20;
}
