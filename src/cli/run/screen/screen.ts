/** What `logtap run` shows of a shipper on a terminal: its records as lines, its warnings, a status line, and the counts. */

import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Colours } from '../../../colours.js';
import { printable } from '../../../printable.js';
import type { RunOptions } from '../options.js';
import { RecordLines } from './record-lines.js';
import { StatusLine } from './status-line.js';

const WARNINGS: readonly unknown[] = ['warn', 'error'];

export class Screen {
  readonly #colours: Colours;
  readonly #records: RecordLines;
  readonly #status: StatusLine | undefined;
  #isGone = false;

  constructor({ colours, hasStatusLine }: Pick<RunOptions, 'colours' | 'hasStatusLine'>) {
    this.#colours = colours;
    this.#records = new RecordLines(colours);
    this.#status = hasStatusLine ? new StatusLine(process.stderr) : undefined;
    process.stdout.on('error', () => {
      this.#isGone = true;
    });
  }

  /** Records shown, each once. */
  get shown(): number {
    return this.#records.shown;
  }

  /** Whether the reader of standard output has gone. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Takes the records of a shipper. A torn last line is of a shipper that was killed: the next one has the record. */
  recordsOf(): Writable {
    return lineByLine((lines, done) => {
      const text = lines.map((line) => this.#records.of(line)).join('');
      if (text === '' || this.#isGone) return done();
      this.#status?.clear();
      process.stdout.write(text, () => done());
    });
  }

  /** Takes what a shipper says about itself. `onLast` gets its last words. */
  diagnosticsOf(): Writable {
    return lineByLine((lines, done) => {
      for (const line of lines) this.#diagnostic(line);
      done();
    });
  }

  /** A message of `logtap run`. */
  say(text: string, weight: 'note' | 'warn' | 'error' = 'note'): void {
    const { dim, red, yellow } = this.#colours;
    const paint = { note: dim, warn: yellow, error: red }[weight];
    this.#status?.clear();
    process.stderr.write(`${paint(`logtap: ${printable(text)}`)}\n`);
  }

  status(text: string): void {
    this.#status?.set(printable(text));
  }

  end(): void {
    this.#status?.end();
  }

  #diagnostic(line: string): void {
    let entry: { level?: unknown; message?: unknown; sink?: unknown; reason?: unknown } | null = null;
    try {
      entry = JSON.parse(line);
    } catch {
      // Not the shipper's own: of Node, or of a module.
    }
    if (typeof entry?.message !== 'string') {
      if (entry === null) this.say(line, 'warn');
      return;
    }
    // The counts at the end say the same.
    if (!WARNINGS.includes(entry.level) || entry.message.startsWith('stopped: ')) return;
    const about = [entry.sink, entry.reason].filter((each) => typeof each === 'string').join(', ');
    this.say(`${entry.message}${about === '' ? '' : ` (${about})`}`, entry.level === 'warn' ? 'warn' : 'error');
  }
}

/** Whole lines, as many as a chunk ends. */
function lineByLine(take: (lines: readonly string[], done: () => void) => void): Writable {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      if (lines.length === 0) done();
      else take(lines, () => done());
    },
  });
}
