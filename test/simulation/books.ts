/** What was written, and what became of it: the books of a simulation, which know every line. */

import { REFUSED_TEXT } from './world/service.js';

/** `handed`: to a ring or a socket. `original`: could not be handed over, so the application wrote it to its own output. */
type Given = 'handed' | 'original';

interface Line {
  given: Given;
  readonly transport: 'ring' | 'socket';
  readonly writer: number;
  /** Of its frame. */
  readonly seq: number;
  /** Id under which it is stored. */
  storedAs: string | undefined;
  /** Why it may be missing without a count: one of the gaps that docs/internals/architecture.md lists. */
  excuse: string | undefined;
}

/** Sums of the last lines of all shippers. */
export interface Reported {
  /** Lines that applications could not hand over. */
  application: number;
  /** By reason: read or released, and not delivered. */
  readonly dropped: Map<string, number>;
  /** Left in the memory of a shipper that ended in an outage, or unread when it ended. */
  left: number;
}

/** `text` names the line that broke the promise, or the sums that did. */
export class Violation extends Error {
  constructor(
    readonly kind: string,
    readonly text: string,
  ) {
    super(`${kind}: ${text}`);
  }
}

/** Of lines over a socket that a kill took, until their process connects again. */
const UNHEARD = 'unheard';
/** The same of a process that the killed shipper had not heard itself. */
const UNKNOWN = 'unknown';
/** Of losses in the shipper; others are the service's. */
const OWN_REASONS = /^(shipper_killed|spool_corrupt|full_drop)/;
const KEYS = /\bw\d+#\d+;/g;

/** The text of a line: its place, and a filling that depends on it alone. */
export function textOf(writer: number, number: number, bytes: number, mark = ''): string {
  const key = `w${writer}#${number};${mark}`;
  return key + String.fromCharCode(97 + (number % 26)).repeat(Math.max(0, bytes - key.length));
}

/** Those of the lines in these bytes. A line that is torn between two of them is in none. */
const keysIn = (bytes: readonly Buffer[]): string[] =>
  bytes.flatMap((each) => each.toString('latin1').match(KEYS) ?? []);

const keyOf = (text: string): string => text.slice(0, text.indexOf(';') + 1);

export class Books {
  readonly #lines = new Map<string, Line & { readonly text: string }>();
  readonly reported: Reported = { application: 0, dropped: new Map(), left: 0 };
  /** Of the totals of processes that were killed before they could report them. */
  excusedLosses = 0;
  kills = 0;
  crashes = 0;
  /** Lines that may count twice: by a shipper that was killed after it had counted them, and by the next one. */
  doubts = 0;

  written(text: string, line: Pick<Line, 'given' | 'transport' | 'writer' | 'seq'>): void {
    this.#lines.set(keyOf(text), { text, ...line, storedAs: undefined, excuse: undefined });
  }

  /** Lines that the service refuses. */
  get refused(): number {
    return [...this.#lines.values()].filter(({ text }) => text.includes(REFUSED_TEXT)).length;
  }

  get lines(): number {
    return this.#lines.size;
  }

  /** Throws a Violation for a document that no process wrote, one that differs, and one that is there twice. */
  stored(text: string, id: string): void {
    if (text.startsWith('logtap: ')) return;
    const line = this.#lines.get(keyOf(text));
    if (line === undefined) throw new Violation('foreign', `no process wrote '${text.slice(0, 80)}'`);
    if (line.text !== text)
      throw new Violation('changed', `'${line.text.slice(0, 40)}' is stored as '${text.slice(0, 80)}'`);
    if (line.storedAs !== undefined)
      throw new Violation('twice', `${keyOf(text)} is stored as ${line.storedAs} and ${id}`);
    line.storedAs = id;
  }

  /** Lines that may be missing from now on, but for those that are stored or in these files. */
  excuse(why: string, transport: Line['transport'] | 'all', files: readonly Buffer[]): void {
    const kept = new Set(keysIn(files));
    for (const [key, line] of this.#lines) {
      if (line.given !== 'handed' || line.storedAs !== undefined || kept.has(key)) continue;
      if (transport !== 'all' && line.transport !== transport) continue;
      const isOpen = line.excuse === undefined || line.excuse === UNHEARD;
      if (isOpen || (line.excuse === UNKNOWN && why !== UNHEARD)) line.excuse = why;
    }
  }

  /** Lines in these bytes may be missing. */
  excuseIn(why: string, bytes: readonly Buffer[]): void {
    for (const key of Buffer.concat(bytes).toString('latin1').match(KEYS) ?? []) {
      const line = this.#lines.get(key);
      if (line !== undefined && line.storedAs === undefined) line.excuse ??= why;
    }
  }

  /**
   * A kill takes what only the killed shipper had of a socket, and what is in the kernel. The next one counts what is in its
   * journal, which has `journaled` frames of a writer, and what the writer had handed over more when it connects. Only a
   * writer that no later shipper hears, or that no earlier one has heard, may have lines in no count.
   */
  killed(journaled: (writer: number) => number | undefined, files: readonly Buffer[]): void {
    this.excuse(UNHEARD, 'socket', files);
    for (const line of this.#lines.values()) {
      if (line.excuse !== UNHEARD) continue;
      const seq = journaled(line.writer);
      if (seq === undefined) line.excuse = UNKNOWN;
      else if (line.seq <= seq) line.excuse = undefined;
    }
  }

  /**
   * Lines that a killed shipper leaves in two places: on disk and in a ring that it had not released, or in one of these and in the
   * service. The next shipper reads both, and a full buffer may drop one while the other is stored.
   */
  doubtTwice(disk: readonly Buffer[], rings: readonly Buffer[]): void {
    const onDisk = new Set(keysIn(disk));
    const inRings = new Set(keysIn(rings));
    const isStored = (key: string) => this.#lines.get(key)?.storedAs !== undefined;
    const isTwice = (key: string) => isStored(key) || (onDisk.has(key) && inRings.has(key));
    this.doubts += [...new Set([...onDisk, ...inRings])].filter(isTwice).length;
  }

  /** Of lines before one that is stored: their process has told its total. */
  #unexcuseHeard(): void {
    const heard = new Map<number, number>();
    for (const { writer, seq, storedAs } of this.#lines.values()) {
      if (storedAs !== undefined) heard.set(writer, Math.max(seq, heard.get(writer) ?? 0));
    }
    for (const line of this.#lines.values()) {
      if (line.excuse === UNHEARD && line.seq <= (heard.get(line.writer) ?? 0)) line.excuse = undefined;
    }
  }

  /** Counts up to now may be gone, or be there twice. */
  doubtCounts(): void {
    for (const line of this.#lines.values()) if (line.text.includes(REFUSED_TEXT)) line.excuse ??= 'count';
    this.excusedLosses = Number.POSITIVE_INFINITY;
    this.doubts = Number.POSITIVE_INFINITY;
  }

  /** The last line of a shipper that came to its end. */
  report(totals: Readonly<Record<string, unknown>>, keepsLeft: boolean): void {
    if (totals.balanced !== true) throw new Violation('unbalanced', JSON.stringify(totals));
    const add = (reason: string, count: number) =>
      this.reported.dropped.set(reason, (this.reported.dropped.get(reason) ?? 0) + count);
    const dropped = totals.dropped as Readonly<Record<string, Readonly<Record<string, number>>>>;
    for (const [where, reasons] of Object.entries(dropped)) {
      for (const [reason, count] of Object.entries(reasons)) {
        if (where === 'application') this.reported.application += count;
        else add(reason, count);
      }
    }
    const letters = (totals.deadLettered ?? {}) as typeof dropped;
    for (const reasons of Object.values(letters)) {
      for (const [reason, count] of Object.entries(reasons)) add(`dead letter ${reason}`, count);
    }
    this.reported.left += Number((keepsLeft ? totals.heldInMemory : totals.held) ?? 0);
    this.reported.left += Number(totals.unread ?? 0);
  }

  /** Of what counts as dropped: by the word of the service. */
  get #refusals(): number {
    const reasons = [...this.reported.dropped].filter(([reason]) => !OWN_REASONS.test(reason));
    return reasons.reduce((sum, [, count]) => sum + count, 0);
  }

  get sums() {
    const lines = [...this.#lines.values()];
    const missing = lines.filter(({ given, storedAs }) => given === 'handed' && storedAs === undefined);
    return {
      written: lines.length,
      stored: lines.filter(({ storedAs }) => storedAs !== undefined).length,
      original: lines.filter(({ given }) => given === 'original').length,
      missing: missing.length,
      excused: missing.filter(({ excuse }) => excuse !== undefined).length,
      dropped: [...this.reported.dropped.values()].reduce((sum, count) => sum + count, 0),
      examples: missing.filter(({ excuse }) => excuse === undefined).map(({ text }) => keyOf(text)),
    };
  }

  /** Throws a Violation unless written = stored + original + counted. At the end, when nothing is held. */
  close(): void {
    this.#unexcuseHeard();
    const { examples, ...sums } = this.sums;
    const { application, left } = this.reported;
    const all = JSON.stringify({ ...sums, ...this.reported, dropped: Object.fromEntries(this.reported.dropped) });
    const unexplained = sums.missing - sums.excused - sums.dropped - left;
    if (unexplained > 0) {
      const which = examples.length > 6 ? [...examples.slice(0, 3), '…', ...examples.slice(-3)] : examples;
      throw new Violation('lost', `${unexplained} lines are in no count, among ${which.join(' ')}: ${all}`);
    }
    // The shipper's own records, which tell of these, may be dropped like others.
    if (sums.dropped > sums.missing + this.doubts + sums.original) {
      throw new Violation('overcounted', `${sums.dropped} count as dropped, ${sums.missing} are missing: ${all}`);
    }
    if (this.#refusals > this.refused + this.doubts) {
      throw new Violation('refused', `${this.#refusals} count as refused, ${this.refused} ever were: ${all}`);
    }
    if (application + this.excusedLosses < sums.original) {
      throw new Violation('uncounted', `${sums.original} could not be handed over, ${application} are counted: ${all}`);
    }
    if (application > sums.original && this.doubts !== Number.POSITIVE_INFINITY) {
      throw new Violation(
        'overcounted',
        `${sums.original} could not be handed over, ${application} are counted: ${all}`,
      );
    }
  }
}
