/**
 * What was read from connections, by process: a connection cannot be read again, so the next shipper counts what a kill
 * took. It knows the lines that no sink had acknowledged, and the last frame of each process. The frames up to the first
 * that it gets itself were in the killed shipper or in the kernel; their lines are estimated by those before.
 */
import { INSTANCES_MAX, type ReadTotal } from '../../accounting/journal-sum.js';
import type { Lost } from '../frames/decoder.js';
import { NOTHING, plus } from '../frames/lost.js';

export interface ReadTotalsOptions {
  /** To be kept at once: the processes that were read since the last time, and all that is not acknowledged. */
  readonly onRead?: ((changed: ReadonlyMap<string, ReadTotal>, unsettled: Lost) => void) | undefined;
  /** To be kept with what else is acknowledged. */
  readonly onSettled?: ((unsettled: Lost) => void) | undefined;
}

export class ReadTotals {
  readonly #options: ReadTotalsOptions;
  readonly #totals = new Map<string, ReadTotal>();
  /** Of processes that no connection has spoken for since the start. */
  readonly #unheard = new Map<string, ReadTotal>();
  readonly #changed = new Map<string, ReadTotal>();
  #settling: Lost = NOTHING;
  #open: Lost = NOTHING;

  constructor(options: ReadTotalsOptions) {
    this.#options = options;
  }

  /** Totals of earlier shippers. */
  remember(previous: ReadonlyMap<string, ReadTotal>): void {
    for (const [instance, total] of previous) this.#unheard.set(instance, total);
  }

  /**
   * The first frame of a connection comes; `lost`: what the process could not hand over so far. Returns what is missing
   * since an earlier shipper read from it.
   */
  hear(instance: string, seq: number, lost: Lost): Lost | undefined {
    if (this.#totals.has(instance)) return undefined;
    const before = this.#unheard.get(instance) ?? { seq: seq - 1, ...NOTHING, lost };
    this.#unheard.delete(instance);
    const missing = missingOf(before, seq - 1, lost);
    const { lines, bytes } = plus(before, missing);
    this.#set(instance, { seq: Math.max(before.seq, seq - 1), lines, bytes, lost });
    this.#tell();
    return missing.lines > 0 ? missing : undefined;
  }

  /** Its frames were read up to this one. */
  reach(instance: string, seq: number, lost: Lost): void {
    const total = this.#totals.get(instance);
    if (total !== undefined && seq > total.seq) this.#set(instance, { ...total, seq, lost });
  }

  /** Lines leave for the buffer; those of peers without frames have no instance. */
  read(instance: string | undefined, more: Lost): void {
    this.#settling = plus(this.#settling, more);
    const total = instance === undefined ? undefined : this.#totals.get(instance);
    if (total !== undefined) this.#set(instance!, { ...total, ...plus(total, more) });
  }

  /** After `reach` and `read`: keeps them. `open`: lines of these frames that have not left. */
  keep(open: Lost): void {
    this.#open = open;
    this.#tell();
  }

  /** Lines that had left are acknowledged. */
  settle({ lines, bytes }: Lost): void {
    this.#settling = plus(this.#settling, { lines: -lines, bytes: -bytes });
    this.#options.onSettled?.(plus(this.#settling, this.#open));
  }

  #tell(): void {
    this.#options.onRead?.(this.#changed, plus(this.#settling, this.#open));
    this.#changed.clear();
  }

  #set(instance: string, total: ReadTotal): void {
    this.#changed.set(instance, total);
    this.#totals.delete(instance);
    this.#totals.set(instance, total);
    if (this.#totals.size > INSTANCES_MAX) this.#totals.delete(this.#totals.keys().next().value!);
  }
}

/** Of the frames after `before` up to this one. A frame had as many lines as those before it, handed over or lost. */
function missingOf(before: ReadTotal, seq: number, lost: Lost): Lost {
  const frames = seq - before.seq;
  if (frames <= 0) return NOTHING;
  const of = (unit: 'lines' | 'bytes') => {
    const written = before[unit] + before.lost[unit];
    const each = written > 0 && before.seq > 0 ? written / before.seq : 1;
    return Math.max(0, Math.ceil(frames * each) - Math.max(0, lost[unit] - before.lost[unit]));
  };
  return { lines: of('lines'), bytes: of('bytes') };
}
