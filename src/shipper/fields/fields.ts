/**
 * Fields of a record: what its text says of its level, its logger, its thread, its trace and its time. They are read where a
 * document is encoded, and not stored. A record of several lines has the fields of its first line; a JSON object has all its
 * lines.
 */

import { isDigit, isUpper } from '../records/bytes.js';
import { jsonObjectIn } from '../records/json-object.js';
import { recordBegin } from './bytes.js';
import { fieldsOfLine } from './layouts.js';
import { accessSeverity } from './level/access-severity.js';
import { levelOf, objectAt } from './level/level.js';
import { isPairAt } from './level/level-of-keys.js';
import type { Severity } from './level/severity.js';
import { fieldsOfObject, fieldsOfPairs, fieldsOfScan } from './named.js';
import { mayNameSource } from './named-source.js';
import type { Fields, Wanted } from './read-fields.js';
import { mayHaveIds } from './trace-id-places.js';
import { idsInText } from './trace-ids.js';

/** A line is read so far: fields of a layout come first. */
const LINE_MAX = 4096;
const BRACE = 0x7b;
const LINE_FEED = 0x0a;

const ALL: Wanted = { time: true, attributes: true };
/** Fields of a record that has no others: one object for all of them. */
const OF_SEVERITY: readonly Fields[] = Array.from({ length: 25 }, (_, severity) => Object.freeze({ severity }));

/**
 * Fields of the record in these bytes; `undefined` where it has none, as ordinary text. Those that are not wanted may be there or not:
 * a line that can have no others is not turned into a string.
 */
export function fieldsOf(bytes: Uint8Array, start: number, end: number, wanted: Wanted = ALL): Fields | undefined {
  const from = recordBegin(bytes, start, end);
  if (from >= end) return undefined;
  const isFew = !wanted.time && !wanted.attributes;
  const ofAccess = isFew ? accessSeverity(bytes, from, end) : 0;
  if (ofAccess > 0) return OF_SEVERITY[ofAccess];
  const severity = levelOf(bytes, from, end);
  if (bytes[from] === BRACE) return fieldsOfJson(bytes, from, end, severity, wanted.time);
  // Of a line without a level only those begin so that have fields.
  if (severity === 0 && !mayHaveFields(bytes, from, end)) return undefined;
  const isObjectEnd = isClosed(bytes, from, end);
  const at = isObjectEnd ? objectAt(bytes, from, end) : -1;
  const ofObject = at < 0 ? undefined : fieldsOfJson(bytes, at, end, severity, wanted.time);
  const hasPairs = isPairAt(bytes, from, end);
  if (ofObject === undefined && isFew && !hasPairs && !hasNames(bytes, from, end)) return ofSeverity(severity);
  const line = lineOf(bytes, from, end);
  const found = hasPairs ? fieldsOfPairs(line) : fieldsOfLine(line);
  if (found === undefined && ofObject === undefined && severity === 0) return undefined;
  // What a layout names goes before what looks like an id. No spread: this is done for every record.
  const fields: { -readonly [name in keyof Fields]: Fields[name] } = Object.assign(found ?? {}, { severity });
  const { traceId, spanId } = idsInText(line);
  if (traceId !== undefined) fields.traceId ??= traceId;
  if (spanId !== undefined) fields.spanId ??= spanId;
  return ofObject === undefined ? fields : Object.assign(fields, ofObject);
}

const ofSeverity = (severity: Severity): Fields | undefined => (severity === 0 ? undefined : OF_SEVERITY[severity]);

/** Whether a logger, a thread or an id may be in the line. */
function hasNames(bytes: Uint8Array, from: number, end: number): boolean {
  const limit = Math.min(end, from + LINE_MAX);
  return mayNameSource(bytes, from, limit) || mayHaveIds(bytes, from, limit);
}

function fieldsOfJson(
  bytes: Uint8Array,
  from: number,
  end: number,
  severity: Severity,
  withTime: boolean,
): Fields | undefined {
  let to = end;
  while (to > from && isSpace(bytes[to - 1])) to--;
  const scanned = fieldsOfScan(bytes, from, to, withTime);
  // Cut off, or with what JSON has not, such as Python's NaN: the level was written all the same.
  if (scanned === 'none') return ofSeverity(severity);
  if (scanned !== 'complex') return Object.assign(scanned, { severity, object: { start: from, end: to } });
  const object = jsonObjectIn(bytes, from, to);
  if (object === undefined) return ofSeverity(severity);
  return { severity, ...fieldsOfObject(object.value), object: { start: object.start, end: object.end } };
}

/** As JSON has it. */
const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;

/** A digit, a bracket, `<`, a capital in front of a date, `key=`, or an object at the end. */
function mayHaveFields(bytes: Uint8Array, from: number, end: number): boolean {
  const first = bytes[from]!;
  if (isDigit(first) || first === 0x5b || first === 0x3c) return true;
  if (isUpper(first) && bytes[from + 3] === 0x20) return true;
  return isClosed(bytes, from, end) || isPairAt(bytes, from, end);
}

function isClosed(bytes: Uint8Array, from: number, end: number): boolean {
  let last = end;
  while (last > from && bytes[last - 1]! <= 0x20) last--;
  return bytes[last - 1] === 0x7d;
}

/** The first line; java.util.logging's first two are one. */
function lineOf(bytes: Uint8Array, from: number, end: number): string {
  const limit = Math.min(end, from + LINE_MAX);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, limit - from);
  let to = text.indexOf(LINE_FEED);
  if (to < 0) return text.toString();
  const second = to + 1;
  if (isUpper(text[second]) && isUpper(text[second + 1])) to = text.indexOf(LINE_FEED, second);
  return text.toString('utf8', 0, to < 0 ? text.length : to);
}
