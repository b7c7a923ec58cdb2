/**
 * PEM blocks: lines between `-----BEGIN X-----` and `-----END X-----`, whose line ends may be those of text or `\n` inside
 * JSON. A block without its end goes on as far as its characters do.
 */
import { code, isAlphanumeric, isBase64, isHex, isSpace, isUpper, type Text } from '../bytes.js';

const BEGIN = '-----BEGIN';
const END = '-----END';
const RULE = '-----';
const LABEL_MAX = 64;
const [BACKSLASH, EQUALS, BLANK, COLON, COMMA, DASH, PLUS, PERCENT] = ['\\', '=', ' ', ':', ',', '-', '+', '%'].map(
  code,
);

export interface Block {
  readonly to: number;
  /** Whether its end is not in this message. */
  readonly isOpen: boolean;
}

/** Finds blocks of one message; remembers that no end follows, so that many beginnings cost no more than one. */
export class PemBlocks {
  /** From here on there is no end. */
  #noEndFrom = Number.POSITIVE_INFINITY;

  begin(): void {
    this.#noEndFrom = Number.POSITIVE_INFINITY;
  }

  /** The block that begins here. `undefined` without one. */
  at(text: Text, i: number): Block | undefined {
    if (!text.has(i, BEGIN)) return undefined;
    const body = labelEnd(text, i + BEGIN.length);
    if (body === 0) return undefined;
    const end = this.#endFrom(text, body);
    if (end !== 0) return { to: end, isOpen: false };
    const to = bodyEnd(text, body);
    return { to, isOpen: to === text.end };
  }

  #endFrom(text: Text, from: number): number {
    if (from >= this.#noEndFrom) return 0;
    for (let i = from; i + END.length <= text.end; i++) {
      if (text.at(i) !== DASH) continue;
      if (text.has(i, BEGIN)) return 0;
      if (!text.has(i, END)) continue;
      const end = labelEnd(text, i + END.length);
      if (end !== 0) return end;
    }
    this.#noEndFrom = from;
    return 0;
  }
}

/** Behind a blank, a label and its rule; 0 when it is none. */
function labelEnd(text: Text, blank: number): number {
  const from = blank + blankAt(text, blank);
  let i = from;
  while (i < from + LABEL_MAX) {
    const length = isAlphanumeric(text.at(i)) ? 1 : blankAt(text, i);
    if (length === 0) break;
    i += length;
  }
  return from > blank && isUpper(text.at(from)) && text.has(i, RULE) ? i + RULE.length : 0;
}

/** The length of a blank, also of one in a URL; 0 without one. */
function blankAt(text: Text, i: number): number {
  if (text.at(i) === BLANK || text.at(i) === PLUS) return 1;
  return text.has(i, '%20') ? 3 : 0;
}

function bodyEnd(text: Text, from: number): number {
  let i = from;
  for (; i < text.end; i++) {
    const byte = text.at(i)!;
    if (byte === BACKSLASH && (text.has(i + 1, 'n') || text.has(i + 1, 'r'))) i++;
    else if (byte === PERCENT && isHex(text.at(i + 1)) && isHex(text.at(i + 2))) i += 2;
    else if (byte === BLANK ? !isInBlock(text, i) : !isBase64(byte) && !isSpace(byte) && !isPunctuation(byte)) break;
  }
  return i;
}

const isPunctuation = (byte: number) => byte === EQUALS || byte === COLON || byte === COMMA || byte === DASH;

/** Whether a blank is that of a header (`Proc-Type: 4,ENCRYPTED`), or replaces a line end: not of the words of a sentence. */
function isInBlock(text: Text, i: number): boolean {
  if (text.at(i - 1) === COLON) return true;
  for (let k = i + 1; k <= i + FLAT_LINE; k++) if (!isBase64(text.at(k))) return false;
  return true;
}

/** Characters behind a blank that are no word. */
const FLAT_LINE = 40;
/** So long is a full line of a block at least, behind a prefix of a logger. */
const FULL_LINE = 60;
/** A shorter last line is one only when it is all of its message. */
const LAST_LINE = 4;

/** The rest of a block that began in an earlier message: its range, and whether the block ends here. */
export function continuation(text: Text): { readonly from: number; readonly to: number; readonly isEnd: boolean } {
  let end = text.end;
  while (end > text.start && isSpace(text.at(end - 1))) end--;
  let from = end;
  while (from > text.start && text.at(from - 1) === EQUALS) from--;
  while (from > text.start && isBase64(text.at(from - 1))) from--;
  const length = end - from;
  const isWhole = from === text.start && length >= LAST_LINE && length % 4 === 0;
  if (isWhole || (length >= FULL_LINE && isSpace(text.at(from - 1) ?? BLANK))) return { from, to: end, isEnd: false };
  for (let i = text.start; i + END.length <= text.end; i++) {
    if (text.has(i, END)) return { from: 0, to: 0, isEnd: true };
  }
  return { from: 0, to: 0, isEnd: false };
}
