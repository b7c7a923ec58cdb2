/** Which of the numbered lines have come, by the marks in their text (see lines.ts): a body is searched, not parsed. */
const MARK = Buffer.from('seq=');
const DIGITS = 9;
const NEWLINE = 0x0a;

export class Marks {
  /** Per line, the document that had it first, from 1 on. */
  readonly #documentOf: Int32Array;
  #documents = 0;
  #seen = 0;
  #twice = 0;

  constructor(lines: number) {
    this.#documentOf = new Int32Array(lines);
  }

  /** Lines that have come. */
  get seen(): number {
    return this.#seen;
  }

  /** Further copies of lines that had come. */
  get twice(): number {
    return this.#twice;
  }

  /**
   * Takes the marks of a body. Returns its first and last line that were new, or -1.
   * @param byLine whether each line of the body is a document; else the body is one
   */
  take(body: Buffer, byLine: boolean): { readonly first: number; readonly last: number } {
    let first = -1;
    let last = -1;
    this.#documents += 1;
    let end = byLine ? body.indexOf(NEWLINE) : -1;
    for (let at = body.indexOf(MARK); at >= 0; at = body.indexOf(MARK, at + MARK.length + DIGITS)) {
      if (byLine && end >= 0 && end < at) {
        // The next document; actions between them have no marks.
        end = body.indexOf(NEWLINE, at);
        this.#documents += 1;
      }
      const line = numberAt(body, at + MARK.length);
      if (line < 0 || line >= this.#documentOf.length) continue;
      if (this.#isNew(line)) {
        if (first < 0) first = line;
        last = line;
      }
    }
    return { first, last };
  }

  #isNew(line: number): boolean {
    const before = this.#documentOf[line]!;
    if (before === 0) {
      this.#documentOf[line] = this.#documents;
      this.#seen += 1;
      return true;
    }
    // A document may have a line in its text and in its fields.
    if (before !== this.#documents) this.#twice += 1;
    return false;
  }
}

/** Of nine digits, or -1. */
function numberAt(body: Buffer, at: number): number {
  let number = 0;
  for (let i = at; i < at + DIGITS; i++) {
    const digit = (body[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}
