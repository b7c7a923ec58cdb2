/**
 * Fields of JSON objects as members of documents. Twin: `fieldsOf` in src/shipper/fields/fields.ts with `fieldsToJson` in
 * src/shipper/sinks/opensearch/parsed.ts, which say what each name means. An object that may need more than is done here is left to them.
 * The layout of columns is that of src/shipper/sinks/opensearch/document-columns.ts, that of names src/shipper/fields/member-names.ts.
 */
import { beginText, hasEscape, isDigit, isWellFormed, skipSpace, stringEnd, valueEnd } from './json';
import { copy } from './text';

/** Level keys count in this many bytes of an object, which is also as much as an object may have here. */
const OBJECT_MAX: usize = 16 * 1024;
/** Bytes of a name that is indexed. */
const NAME_MAX: usize = 1024;
const STEP: usize = 16;
/** All that is written beside names and data. */
const OTHER_BYTES: usize = 1024;
/** Of a record that is done. */
const DONE: u8 = 255;

/** Roles of a name. */
const LEVEL: u32 = 1;
const LOGGER: u32 = 2;
const THREAD: u32 = 4;
const TRACE: u32 = 8;
const SPAN: u32 = 16;
const REFUSED: u32 = 32;
const NAME: u32 = 64;
const LEVEL_NAME: u32 = 128;
const LEVEL_NUMBER: u32 = 256;
const PID: u32 = 512;
const HOST: u32 = 1024;
/** Tells the level of an object that names none. */
const HINT: u32 = 2048;
const BUNYAN: u32 = LEVEL_NUMBER | PID | HOST;

/** Tables: 256 slots of names, 256 of words, the severities of numbers below 64 by scale, then entries. */
const WORDS_AT: usize = 512;
const NUMBERS_AT: usize = 1024;
const NUMBERS: u32 = 64;
const ENTRY_BYTES: usize = 48;
const ENTRY_TEXT: usize = 16;

/** Of the object that is read. */
let severity: u8 = 0;
let logger: usize = 0;
let loggerEnd: usize = 0;
let loggerRank: u8 = 255;
let thread: usize = 0;
let threadEnd: usize = 0;
let threadRank: u8 = 255;
let trace: usize = 0;
let traceRank: u8 = 255;
let span: usize = 0;
let spanRank: u8 = 255;
let name: usize = 0;
let nameEnd: usize = 0;
/** Which of the roles from LEVEL_NAME on have a value of their type. */
let typed: u32 = 0;
/** Number of the object: an entry that has it was seen in it. */
let epoch: u32 = 0;

/**
 * Reads the records whose byte at `marks` is 0. Of each that it understands it writes the members to `to`, none beyond `end`, puts their
 * place into the columns, and marks the record as done. `texts` has pointer and length of the texts around a logger, before a thread, a
 * trace, a span and data, then those of the severities. Returns the end.
 */
export function objectFields(
  columns: usize,
  capacity: usize,
  count: i32,
  bytes: usize,
  tables: usize,
  texts: usize,
  withData: bool,
  marks: usize,
  to: usize,
  end: usize,
): usize {
  const start = columns + (capacity << 4);
  const length = start + (capacity << 2);
  const extra = length + (capacity << 3);
  const extraLength = extra + (capacity << 2);
  for (let i: usize = 0; i < (count as usize); i++) {
    if (load<u8>(marks + i) !== 0) continue;
    const from = bytes + load<u32>(start + (i << 2));
    const size = load<u32>(length + (i << 2)) as usize;
    if (size < 2 || size > OBJECT_MAX || load<u8>(from) !== 0x7b || load<u8>(from + size - 1) !== 0x7d) continue;
    if (!isRead(from, from + size, tables)) continue;
    const most = OTHER_BYTES + (loggerEnd - logger) + (threadEnd - thread) + (withData ? size : 0);
    if (to + most > end) continue;
    const first = to;
    to = written(to, texts);
    if (withData) {
      to = text(to, texts, 5);
      to = copy(to, from, size);
    }
    store<u32>(extra + (i << 2), first as u32);
    store<u32>(extraLength + (i << 2), (to - first) as u32);
    store<u8>(marks + i, DONE);
  }
  return to;
}

function written(at: usize, texts: usize): usize {
  let to = at;
  if (severity > 0) to = text(to, texts, 6 + (severity as usize));
  if (loggerRank !== 255) {
    to = text(to, texts, 0);
    to = copy(to, logger, loggerEnd - logger);
    to = text(to, texts, 1);
  }
  if (threadRank !== 255) {
    to = text(to, texts, 2);
    to = copy(to, thread, threadEnd - thread);
  }
  if (traceRank === 255) return to;
  to = text(to, texts, 3);
  to = copy(to, trace, 34);
  if (spanRank === 255) return to;
  to = text(to, texts, 4);
  return copy(to, span, 18);
}

function text(to: usize, texts: usize, n: usize): usize {
  return copy(to, load<u32>(texts + (n << 3)), load<u32>(texts + (n << 3) + 4));
}

/** Whether these bytes are an object of which all fields are known now. */
function isRead(from: usize, end: usize, tables: usize): bool {
  severity = 0;
  logger = loggerEnd = thread = threadEnd = name = nameEnd = 0;
  loggerRank = threadRank = traceRank = spanRank = 255;
  typed = 0;
  epoch += 1;
  beginText();
  if (!isObject(from + 1, end, tables) || !isWellFormed(from, end)) return false;
  if (severity === 0 && (typed & HINT) !== 0) return false;
  if (loggerRank === 255 && name !== 0 && ((typed & LEVEL_NAME) !== 0 || (typed & BUNYAN) === BUNYAN)) {
    loggerRank = 0;
    logger = name;
    loggerEnd = nameEnd;
  }
  return true;
}

function isObject(from: usize, end: usize, tables: usize): bool {
  let at = skipSpace(from, end);
  if (at < end && load<u8>(at) === 0x7d) return at + 1 === end;
  while (at < end) {
    if (load<u8>(at) !== 0x22) return false;
    const key = at + 1;
    at = stringEnd(key, end);
    if (at === 0 || hasEscape) return false;
    const entry = entryOf(key, at - 1, tables);
    at = skipSpace(at, end);
    if (at >= end || load<u8>(at) !== 0x3a) return false;
    const value = skipSpace(at + 1, end);
    at = valueEnd(value, end);
    if (at === 0) return false;
    if (entry !== 0 && !isMember(entry, value, at, tables)) return false;
    at = skipSpace(at, end);
    if (at >= end) return false;
    const next = load<u8>(at);
    if (next === 0x7d) return at + 1 === end;
    if (next !== 0x2c) return false;
    at = skipSpace(at + 1, end);
  }
  return false;
}

/** The entry of a name; 0 where there is none. */
function entryOf(from: usize, to: usize, tables: usize): usize {
  const length = to - from;
  if (length === 0 || length > 32) return 0;
  const slot = ((length << 3) ^ (load<u8>(from) as usize) ^ ((load<u8>(to - 1) as usize) << 1)) & 0xff;
  return entryIn(tables, tables + (slot << 1), from, length, 0);
}

/** Entries of a slot follow each other by the number in their first bytes. `fold` is or-ed to each byte. */
function entryIn(tables: usize, slot: usize, from: usize, length: usize, fold: i8): usize {
  let number = load<u16>(slot) as usize;
  while (number !== 0) {
    const entry = tables + NUMBERS_AT + NUMBERS * 4 + (number - 1) * ENTRY_BYTES;
    if ((load<u8>(entry + 2) as usize) === length && isText(from, entry + ENTRY_TEXT, length, fold)) return entry;
    number = load<u16>(entry) as usize;
  }
  return 0;
}

function isText(from: usize, known: usize, length: usize, fold: i8): bool {
  for (let i: usize = 0; i < length; i += STEP) {
    const left = length - i;
    const asked: i32 = left < STEP ? (1 << (left as i32)) - 1 : 0xffff;
    const equal = i8x16.eq(v128.or(v128.load(from + i), i8x16.splat(fold)), v128.load(known + i));
    if ((i8x16.bitmask(equal) & asked) !== asked) return false;
  }
  return true;
}

/** Takes the value of a member that has a role. */
function isMember(entry: usize, from: usize, to: usize, tables: usize): bool {
  const roles = load<u32>(entry + 4);
  typed |= roles & HINT;
  if (roles === HINT) return true;
  if (load<u32>(entry + 8) === epoch) return false;
  store<u32>(entry + 8, epoch);
  const first = load<u8>(from);
  if ((roles & REFUSED) !== 0 || first === 0x7b || first === 0x5b) return false;
  const isString = first === 0x22;
  if (isString && hasEscape) return false;
  const isNumber = first === 0x2d || isDigit(first);
  const length = isString ? to - from - 2 : 0;
  if (length > NAME_MAX) return false;
  const rank = load<u8>(entry + 3);
  if ((roles & LEVEL) !== 0 && severity === 0 && !isLevel(rank, from, to, isString, isNumber, tables)) return false;
  if (isString) {
    if (length > 0 && (roles & LOGGER) !== 0 && rank < loggerRank) {
      loggerRank = rank;
      logger = from;
      loggerEnd = to;
    } else if (length > 0 && (roles & THREAD) !== 0 && rank < threadRank) {
      threadRank = rank;
      thread = from;
      threadEnd = to;
    } else if (length > 0 && (roles & NAME) !== 0) {
      name = from;
      nameEnd = to;
    }
    typed |= roles & (LEVEL_NAME | HOST);
  } else if (isNumber) typed |= roles & (LEVEL_NUMBER | PID);
  if ((roles & (TRACE | SPAN)) === 0) return true;
  return isNumber ? false : length === 0 || isId(roles, rank, from, length);
}

/** Whether it is an id as W3C writes it: of other forms the twin makes one. */
function isId(roles: u32, rank: u8, from: usize, length: usize): bool {
  const isTrace = (roles & TRACE) !== 0;
  if (length !== (isTrace ? 32 : 16)) return false;
  let bits: u8 = 0;
  for (let at = from + 1; at <= from + length; at++) {
    const byte = load<u8>(at);
    if (!isDigit(byte) && ((byte - 0x61) as u8) > 5) return false;
    bits |= byte ^ 0x30;
  }
  if (bits === 0) return false;
  if (isTrace && rank < traceRank) {
    traceRank = rank;
    trace = from;
  } else if (!isTrace && rank < spanRank) {
    spanRank = rank;
    span = from;
  }
  return true;
}

/** Takes a level, or goes on after a value that is none; false where the twin has to look. */
function isLevel(scale: u8, from: usize, to: usize, isString: bool, isNumber: bool, tables: usize): bool {
  if (!isString && !isNumber) return true;
  if (isNumber) {
    let value: u32 = 0;
    for (let at = from; at < to; at++) {
      const byte = load<u8>(at);
      if (!isDigit(byte)) return false;
      value = value * 10 + (byte - 0x30);
      if (value >= NUMBERS) return false;
    }
    severity = load<u8>(tables + NUMBERS_AT + (scale as u32) * NUMBERS + value);
    return true;
  }
  const length = to - from - 2;
  if (length < 3 || length > 16) return false;
  const first = load<u8>(from + 1) | 0x20;
  const last = load<u8>(to - 2) | 0x20;
  const slot = ((length << 3) ^ (first as usize) ^ ((last as usize) << 1)) & 0xff;
  const entry = entryIn(tables, tables + WORDS_AT + (slot << 1), from + 1, length, 0x20);
  if (entry === 0) return false;
  severity = load<u8>(entry + 3);
  return true;
}
