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
  /** The first line of its event, of those of its writer. */
  readonly event: number;
  /** Id under which it is stored. */
  storedAs: string | undefined;
  /** Refused for its time, by a service that does so. */
  isRejected: boolean;
  /** A user has deleted what was stored. */
  isDeleted: boolean;
  /** Why it may be missing without a count: one of the gaps that docs/internals/architecture.md lists. */
  excuse: string | undefined;
}

/** Sums of the last lines of all shippers. */
export interface Reported {
  /** Lines that applications could not hand over. */
  application: number;
  /** By reason: read or released, and not delivered. */
  readonly dropped: Map<string, number>;
  /** Sent again although they may be stored. */
  possibleDuplicates: number;
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

/** The service stores each id once; or it stores a line again, under the id that it had before; or there are no ids. */
export type Identity = 'once' | 'kept' | 'none';

/** Of lines over a socket that a kill took, until their process connects again. */
const UNHEARD = 'unheard';
/** The same of a process that the killed shipper had not heard itself. */
const UNKNOWN = 'unknown';
/** Of a peer that breaks the format. */
export const FORGED = 'forged';
const TAINTED_LOSSES = 100_000;
/** Of losses in the shipper; others are the service's. */
const OWN_REASONS = /^(shipper_killed|spool_corrupt|full_drop|invalid_frames|connection_closed)/;
const KEYS = /\bw\d+#\d+;/g;
const NOTICE = /^logtap: (\d+) lines, \d+ bytes not captured/;

/** The text of a line: `before`, its place, and a filling that depends on it alone. */
export function textOf(writer: number, number: number, bytes: number, mark = '', before = ''): string {
  const key = `${before}w${writer}#${number};${mark}`;
  return key + String.fromCharCode(97 + (number % 26)).repeat(Math.max(0, bytes - key.length));
}

/** Those of the lines in these bytes. A line that is torn between two of them is in none. */
const keysIn = (bytes: readonly Buffer[]): string[] =>
  bytes.flatMap((each) => each.toString('latin1').match(KEYS) ?? []);

const keyOf = (text: string): string => text.match(KEYS)?.[0] ?? '';

export class Books {
  readonly #identity: Identity;
  readonly #joinsLines: boolean;
  readonly #lines = new Map<string, Line & { readonly text: string }>();
  /** Those of several lines. */
  readonly reported: Reported = { application: 0, dropped: new Map(), possibleDuplicates: 0, left: 0 };
  /** Lines that notices tell of, by id. */
  readonly #noticed = new Map<string, number>();
  /** Losses of processes that had no ring or connection at last: no notice can tell of them. */
  untold = 0;
  /** Of the totals of processes that were killed before they could report them. */
  excusedLosses = 0;
  kills = 0;
  crashes = 0;
  /** Lines that may count twice: by a shipper that was killed after it had counted them, and by the next one. */
  doubts = 0;
  /** Lines that other peers of the socket claim to have lost, or that are in no frame of theirs. */
  forgedLosses = 0;
  /** Of the shipper itself. */
  #refusedNotices = 0;
  /** Writers whose ring another process wrote into: their lines may be missing, changed, or counted. */
  readonly #tainted = new Set<number>();
  /** Writers that wrote a frame that cannot be read: the lines behind it are counted, and not stored. */
  readonly #broken = new Set<number>();
  /** Everything that is held should be stored by now. */
  mayStore = true;
  /** Texts by id, where it must be kept. */
  readonly #ids = new Map<string, string>();
  /** Records that a killed shipper had no note of may be stored once more, in no count. */
  excusesRepeats = false;
  /** Records that are stored once more, by how often. */
  #repeats = 0;

  /** `joinsLines`: the last line of a process may wait for more of its event. */
  constructor(identity: Identity, joinsLines: boolean) {
    this.#identity = identity;
    this.#joinsLines = joinsLines;
  }

  written(text: string, line: Pick<Line, 'given' | 'transport' | 'writer' | 'seq' | 'event'>): void {
    const isTainted = this.#tainted.has(line.writer);
    if (isTainted) this.forgedLosses += 1;
    this.#lines.set(keyOf(text), {
      ...{ text, ...line, storedAs: undefined, excuse: isTainted ? FORGED : undefined },
      ...{ isRejected: false, isDeleted: false },
    });
  }

  /** Lines that the service refuses. */
  get refused(): number {
    const lines = [...this.#lines.values()].filter(({ text, isRejected }) => isRejected || text.includes(REFUSED_TEXT));
    return lines.length + this.#refusedNotices;
  }

  /** Whether lines are neither stored nor excused: they are held, or counted. */
  get isOpen(): boolean {
    return [...this.#lines.values()].some(
      ({ given, storedAs, excuse }) => given === 'handed' && storedAs === undefined && excuse === undefined,
    );
  }

  get lines(): number {
    return this.#lines.size;
  }

  /**
   * Throws a Violation for a document that no process wrote, one that differs, one of lines that are no event, and one that is there
   * twice where ids rule that out.
   */
  stored(text: string, id: string): void {
    const notice = NOTICE.exec(text);
    // One that a later shipper tells again, at another time, has another id but for this part.
    if (notice !== null) this.#noticed.set(id.replace(/-[0-9a-f]{8}(?=-\d+$)/, ''), Number(notice[1]));
    if (text.startsWith('logtap: ') || (this.forgedLosses > 0 && !text.match(KEYS))) return;
    const texts = text.split('\n');
    const isHarmed = texts.some((each) => this.#tainted.has(this.#lines.get(keyOf(each))?.writer ?? -1));
    // Of an event in whose ring another process wrote, only the lines that are still whole say anything.
    const lines = texts.filter((each) => !isHarmed || this.#lines.has(keyOf(each))).map((each) => this.#known(each));
    const first = lines[0]!;
    const isOne = lines.every(({ writer, event }) => writer === first.writer && event === first.event);
    if (!isOne) throw new Violation('joined', `lines of several events are one: '${text.slice(0, 200)}'`);
    const repeated = lines.find(({ storedAs }) => storedAs !== undefined);
    const isTainted = this.#tainted.has(first.writer);
    const isOther = this.#identity === 'once' || (this.#identity === 'kept' && repeated?.storedAs !== id);
    if (repeated !== undefined && isOther && !isTainted)
      throw new Violation('twice', `${keyOf(repeated.text)} is stored as ${repeated.storedAs} and ${id}`);
    if (!isTainted && lines.some(({ storedAs, isDeleted }) => storedAs !== undefined && !isDeleted)) this.#repeats += 1;
    if (!this.mayStore && repeated === undefined && first.excuse !== FORGED)
      throw new Violation('late', `${keyOf(first.text)} is delivered only as the shipper is told to end`);
    const isOwn = !isTainted && lines.every(({ excuse }) => excuse !== FORGED);
    if (this.#identity === 'kept' && isOwn) this.#mustBeOnly(text, id);
    for (const line of lines) {
      line.storedAs = id;
      line.isDeleted = false;
    }
  }

  /** A service that keeps one record of each id would lose the other. */
  #mustBeOnly(text: string, id: string): void {
    const known = this.#ids.get(id) ?? text;
    this.#ids.set(id, known);
    if (known !== text) throw new Violation('same id', `${id} is '${known.slice(0, 80)}' and '${text.slice(0, 80)}'`);
  }

  #known(text: string) {
    const line = this.#lines.get(keyOf(text));
    if (line === undefined) throw new Violation('foreign', `no process wrote '${text.slice(0, 80)}'`);
    if (line.text === text || line.excuse === FORGED) return line;
    throw new Violation('changed', `'${line.text.slice(0, 40)}' is stored as '${text.slice(0, 80)}'`);
  }

  /** A service refuses it, though it may have stored it before. */
  rejected(text: string): void {
    if (!text.match(KEYS)) this.#refusedNotices += 1;
    for (const key of text.match(KEYS) ?? []) {
      const line = this.#lines.get(key);
      if (line === undefined) continue;
      line.isRejected = true;
      if (line.storedAs !== undefined) this.doubts += 1;
    }
  }

  /** A user deletes what was stored. */
  deleted(text: string): void {
    for (const key of text.match(KEYS) ?? []) {
      const line = this.#lines.get(key);
      if (line !== undefined) line.isDeleted = true;
    }
  }

  /** Lines that may be missing from now on, but for those that are stored or in these files. */
  excuse(why: string, transport: Line['transport'] | 'all', files: readonly Buffer[]): void {
    const kept = this.#keptIn(files);
    for (const [key, line] of this.#lines) {
      if (line.given !== 'handed' || line.storedAs !== undefined || kept.has(key)) continue;
      if (transport !== 'all' && line.transport !== transport) continue;
      const isOpen = line.excuse === undefined || line.excuse === UNHEARD;
      if (isOpen || (line.excuse === UNKNOWN && why !== UNHEARD)) line.excuse = why;
    }
  }

  /** Keys of lines in these files. Those of an event that is there in part, or that may have been open, are in no record. */
  #keptIn(files: readonly Buffer[]): ReadonlySet<string> {
    const kept = new Set(keysIn(files));
    const last = new Map<number, number>();
    const cut = new Set<string>();
    for (const [key, { writer, event }] of this.#lines) {
      if (!kept.has(key)) cut.add(`${writer} ${event}`);
      else if (this.#joinsLines) last.set(writer, event);
    }
    for (const [writer, event] of last) cut.add(`${writer} ${event}`);
    return new Set([...kept].filter((key) => !cut.has(this.#eventOf(key))));
  }

  #eventOf(key: string): string {
    const line = this.#lines.get(key);
    return line === undefined ? '' : `${line.writer} ${line.event}`;
  }

  taint(writer: number): void {
    this.#tainted.add(writer);
    // A ring of debts, and what its process could not hand over.
    this.forgedLosses += TAINTED_LOSSES;
    this.excusedLosses += TAINTED_LOSSES;
    for (const line of this.#lines.values())
      if (line.writer === writer && line.storedAs === undefined) line.excuse = FORGED;
  }

  /** A process has written a frame that cannot be read. */
  broken(writer: number): void {
    this.#broken.add(writer);
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

  /** Counts up to now may be gone, or be there twice: those of lines over this transport. */
  doubtCounts(transport: Line['transport'] | 'all' = 'all'): void {
    for (const line of this.#lines.values()) {
      if (transport !== 'all' && line.transport !== transport) continue;
      const isCounted = line.text.includes(REFUSED_TEXT) || line.isRejected || this.#broken.has(line.writer);
      if (isCounted && line.storedAs === undefined) line.excuse ??= 'count';
      // A later shipper has counted it, when its process told its total.
      if (line.excuse === UNHEARD) line.excuse = 'count';
    }
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
        // These were handed over.
        if (where === 'application' && reason !== 'invalid_frames' && reason !== 'connection_closed')
          this.reported.application += count;
        else add(reason, count);
      }
    }
    const letters = (totals.deadLettered ?? {}) as typeof dropped;
    for (const reasons of Object.values(letters)) {
      for (const [reason, count] of Object.entries(reasons)) add(`dead letter ${reason}`, count);
    }
    for (const count of Object.values((totals.possibleDuplicates ?? {}) as Readonly<Record<string, number>>)) {
      this.reported.possibleDuplicates += count;
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
    const unexcused = missing.filter(({ excuse }) => excuse === undefined);
    return {
      written: lines.length,
      stored: lines.filter(({ storedAs }) => storedAs !== undefined).length,
      original: lines.filter(({ given }) => given === 'original').length,
      missing: missing.length,
      excused: missing.filter(({ excuse }) => excuse !== undefined).length,
      dropped: [...this.reported.dropped.values()].reduce((sum, count) => sum + count, 0),
      // The shipper counts what it has read by events.
      events: new Set(unexcused.map(({ writer, event }) => `${writer} ${event}`)).size,
      examples: unexcused.map(({ text }) => keyOf(text)),
    };
  }

  /** Where nothing else is missing, a reader of the logs learns of each line that is not among them. */
  #checkNotices(original: number, gone: number): void {
    const isUndisturbed = this.kills + this.crashes + this.forgedLosses + this.#refusedNotices + gone === 0;
    if (this.#identity === 'none' || !isUndisturbed) return;
    const noticed = [...this.#noticed.values()].reduce((sum, lines) => sum + lines, 0);
    if (noticed > original || noticed + this.untold < original) {
      const but = `notices tell of ${noticed}, and none can tell of ${this.untold}`;
      throw new Violation('notices', `${original} could not be handed over: ${but}`);
    }
  }

  /** Throws a Violation unless written = stored + original + counted. At the end, when nothing is held. */
  close(): void {
    this.#unexcuseHeard();
    const { examples, ...sums } = this.sums;
    const { application, left } = this.reported;
    const all = JSON.stringify({ ...sums, ...this.reported, dropped: Object.fromEntries(this.reported.dropped) });
    const unexplained = sums.events - sums.dropped - left;
    if (unexplained > 0) {
      const which = examples.length > 6 ? [...examples.slice(0, 3), '…', ...examples.slice(-3)] : examples;
      throw new Violation('lost', `${unexplained} events are in no count, among ${which.join(' ')}: ${all}`);
    }
    // The shipper's own records, which tell of these, may be dropped like others.
    const most = sums.missing + this.doubts + sums.original + this.forgedLosses;
    if (sums.dropped > most) {
      throw new Violation('overcounted', `${sums.dropped} count as dropped, ${sums.missing} are missing: ${all}`);
    }
    if (this.#refusals > this.refused + this.doubts + this.forgedLosses) {
      throw new Violation('refused', `${this.#refusals} count as refused, ${this.refused} ever were: ${all}`);
    }
    this.#checkNotices(sums.original, sums.dropped + left);
    const { possibleDuplicates } = this.reported;
    // Counts that a crash took are in no last line.
    const isUncountable = this.excusesRepeats || this.doubts === Number.POSITIVE_INFINITY;
    const isCounted = this.#repeats <= possibleDuplicates || isUncountable;
    if (!isCounted) {
      throw new Violation('repeated', `${this.#repeats} are stored twice, ${possibleDuplicates} count as such: ${all}`);
    }
    if (application + this.excusedLosses < sums.original) {
      throw new Violation('uncounted', `${sums.original} could not be handed over, ${application} are counted: ${all}`);
    }
    if (application > sums.original + this.forgedLosses && this.doubts !== Number.POSITIVE_INFINITY) {
      throw new Violation(
        'overcounted',
        `${sums.original} could not be handed over, ${application} are counted: ${all}`,
      );
    }
  }
}
