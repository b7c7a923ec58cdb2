/** The lines of a proof: each says which proof, which writer and which number it is. */
import { createHash } from 'node:crypto';

/** To fill a hold sooner. It has no digits, so that no rule for secrets takes it for one. */
const FILLING = 'a line of a proof, which may be deleted';

export const lineOf = (proof: string, writer: number, number: number): string =>
  `INFO logtap-proof ${proof} writer ${writer} line ${number} ${FILLING}\n`;

/** The places of the lines of a proof in a text, such as a record of several lines. */
export class LineFinder {
  readonly #pattern: RegExp;

  constructor(proof: string) {
    this.#pattern = new RegExp(`logtap-proof ${proof} writer (\\d+) line (\\d+)(?!\\d)`, 'g');
  }

  *find(text: string): Generator<readonly [writer: number, number: number]> {
    for (const [, writer, number] of text.matchAll(this.#pattern)) yield [Number(writer), Number(number)];
  }
}

/** How often each line was seen. */
export class Seen {
  readonly #counts: Map<number, number>[] = [];

  add(writer: number, number: number): void {
    this.#counts[writer] ??= new Map();
    const counts = this.#counts[writer];
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }

  addAll(lines: Iterable<readonly [writer: number, number: number]>): void {
    for (const [writer, number] of lines) this.add(writer, number);
  }

  count(writer: number, number: number): number {
    return this.#counts[writer]?.get(number) ?? 0;
  }

  /** Lines, without repetitions. */
  get lines(): number {
    return this.#counts.reduce((sum, counts) => sum + (counts?.size ?? 0), 0);
  }
}

/** SHA-256 of all lines, writer by writer. */
export function hashOf(proof: string, written: readonly number[]): string {
  const hash = createHash('sha256');
  for (const [writer, lines] of written.entries()) {
    for (let number = 1; number <= lines; number++) hash.update(lineOf(proof, writer, number));
  }
  return hash.digest('hex');
}
