/**
 * A line at the bottom of a terminal, redrawn in its place. Everything else is written through it, so that the two never mix: the
 * line is erased first, and drawn again when the terminal has been quiet for a moment.
 */
import type { WriteStream } from 'node:tty';

/** A line that is drawn after each write would flicker. */
const QUIET_MS = 200;
/** Carriage return, and erase to the end of the line. */
const ERASE = '\r\u001b[K';

type Terminal = Pick<WriteStream, 'write' | 'columns' | 'on' | 'off'>;

export class StatusLine {
  readonly #terminal: Terminal;
  readonly #resized = () => this.#redraw();
  #text = '';
  #isDrawn = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    terminal.on('resize', this.#resized);
    process.on('SIGCONT', this.#resized);
  }

  /** Shows a text of one line, or none. */
  set(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#redraw();
  }

  /** Removes it before others write. */
  clear(): void {
    if (this.#isDrawn) this.#terminal.write(ERASE);
    this.#isDrawn = false;
    clearTimeout(this.#timer);
    if (this.#text !== '') this.#timer = setTimeout(() => this.#draw(), QUIET_MS).unref();
  }

  /** It is gone. */
  end(): void {
    this.#text = '';
    this.clear();
    this.#terminal.off('resize', this.#resized);
    process.off('SIGCONT', this.#resized);
  }

  #redraw(): void {
    this.clear();
    this.#draw();
  }

  #draw(): void {
    if (this.#text === '') return;
    // The last column would make some terminals wrap.
    const width = Math.max(1, (this.#terminal.columns || 80) - 1);
    this.#terminal.write(`${ERASE}${this.#text.slice(0, width)}`);
    this.#isDrawn = true;
  }
}
