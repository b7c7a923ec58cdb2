/** Whether a line begins with the same prefix as the first line of an event. One object serves all lines of a source. */
import { kindOf, modeOfLine } from './grammar.js';
import { isOrdinary, type Mode, NO_MODE } from './kinds.js';
import { Line } from './line.js';
import { Prefix } from './prefix.js';

const NEWLINE = 0x0a;

export class Wrapped {
  readonly line = new Prefix();
  readonly first = new Prefix();
  readonly #first = new Line();

  /** The event is from `from` to `to`. */
  isSame(line: Line, event: Uint8Array, from: number, to: number): boolean {
    if (!this.line.read(line)) return false;
    return this.#readFirst(event, from, to) && this.line.isSame(line, this.#first, this.first);
  }

  /** What the event expects after the text of its first line; `undefined` where that says nothing. */
  get firstMode(): Mode | undefined {
    const { bytes, start } = this.#first;
    this.#first.set(bytes, start + this.first.start, start + this.first.end);
    kindOf(this.#first);
    return modeOfLine();
  }

  /** Whether the first line has a prefix, and its text gives reason to expect more. */
  isExpecting(event: Uint8Array, from: number, to: number): boolean {
    if (!this.#readFirst(event, from, to)) return false;
    return this.first.isPartial || !isOrdinary(this.firstMode ?? NO_MODE);
  }

  #readFirst(event: Uint8Array, from: number, to: number): boolean {
    const newline = event.indexOf(NEWLINE, from);
    this.#first.set(event, from, newline < 0 ? to : Math.min(newline, to));
    return this.first.read(this.#first);
  }

  /** Leaves the text of the line. */
  unwrap(line: Line): void {
    const { bytes, start } = line;
    line.set(bytes, start + this.line.start, start + this.line.end);
  }
}
