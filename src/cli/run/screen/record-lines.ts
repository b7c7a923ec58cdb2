/** Records of the shipper, JSON one per line, as lines for people: `12:03:04 stderr text`. */
import { basename } from 'node:path';
import type { Colours } from '../../../colours.js';
import { printable } from '../../../printable.js';

/** Records whose places are remembered, to show none twice after a shipper was killed. */
const REMEMBERED = 50_000;

interface ShownRecord {
  readonly timestamp?: unknown;
  readonly stream?: unknown;
  readonly source?: unknown;
  readonly pid?: unknown;
  readonly seq?: unknown;
  readonly level?: unknown;
  readonly message?: unknown;
}

/** Colours that the program gave its text, which end at no line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with one.
const PAINT = /\u001b\[[\d;:]*m/g;

const LOUD: readonly unknown[] = ['error', 'fatal', 'critical', 'alert', 'emergency'];

export class RecordLines {
  readonly #colours: Colours;
  /** Places of records, oldest first. */
  readonly #seen = new Set<string>();
  #shown = 0;

  constructor(colours: Colours) {
    this.#colours = colours;
  }

  /** Records shown so far, each counted once. */
  get shown(): number {
    return this.#shown;
  }

  /** The lines of a record. Empty for one that was shown before; text that is no record is shown as it is. */
  of(json: string): string {
    let record: ShownRecord | null;
    try {
      record = JSON.parse(json);
    } catch {
      return `${printable(json)}\n`;
    }
    if (typeof record !== 'object' || typeof record?.message !== 'string') return `${printable(json)}\n`;
    if (!this.#isNew(record)) return '';
    this.#shown += 1;
    return this.#text(record, record.message);
  }

  #isNew({ source, stream, pid, seq }: ShownRecord): boolean {
    if (seq === undefined) return true;
    const place = `${pid} ${stream} ${seq} ${source}`;
    if (this.#seen.has(place)) return false;
    this.#seen.add(place);
    if (this.#seen.size > REMEMBERED) {
      const [oldest] = this.#seen;
      this.#seen.delete(oldest!);
    }
    return true;
  }

  #text(record: ShownRecord, message: string): string {
    const { dim, red, yellow } = this.#colours;
    const time = clock(record.timestamp);
    const name = record.stream === 'file' ? basename(String(record.source)) : String(record.stream);
    const paint = LOUD.includes(record.level) ? red : record.level === 'warn' ? yellow : (text: string) => text;
    const label = printable(name);
    const [first = '', ...others] = message
      .split('\n')
      .map((line) => printable(line.replace(PAINT, '').replace(/\r$/, '')));
    const indent = ' '.repeat(time.length + label.length + 2);
    const start = `${dim(time)} ${record.stream === 'stderr' ? yellow(label) : dim(label)} ${paint(first)}\n`;
    return start + others.map((line) => `${indent}${paint(line)}\n`).join('');
  }
}

/** The time of day here. */
function clock(timestamp: unknown): string {
  const date = new Date(String(timestamp));
  if (Number.isNaN(date.getTime())) return '--:--:--';
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}
