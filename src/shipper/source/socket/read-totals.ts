/**
 * What was read from connections, by process: a connection cannot be read again, so the next shipper counts what a kill
 * took. It knows the lines that no sink had acknowledged, and of each process the line ends that were read. HELLO says how
 * many the process has handed over: the difference was in the killed shipper or in the kernel. Libraries up to 0.1.0 do not
 * say it; theirs are estimated by the numbers of the frames.
 */
import { INSTANCES_MAX, type ReadTotal } from '../../accounting/journal-sum.js';
import type { Lost } from '../frames/decoder.js';
import { NOTHING, plus } from '../frames/lost.js';

/** In a send buffer of twice `net.core.wmem_max`, 212,992 bytes by default: each takes 768 bytes of it or more. */
const KERNEL_FRAMES = 554;

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
   * A process connects that has handed over so many line ends before; `lost`: what it could not hand over. Returns what is
   * missing since an earlier shipper read from it. One that no shipper has read from begins here.
   */
  greet(instance: string, handed: number, lost: Lost): Lost | undefined {
    if (this.#totals.has(instance)) return undefined;
    const before = this.#unheard.get(instance) ?? { seq: 0, ...NOTHING, lost, lineEnds: handed };
    // Of a journal without line ends: the first frame tells.
    if (before.lineEnds === undefined) return undefined;
    const lines = Math.max(0, handed - before.lineEnds);
    const missing = { lines, bytes: Math.ceil(lines * bytesPerLine(before)) };
    this.#begin(instance, { ...before, ...plus(before, missing), lost, lineEnds: before.lineEnds + lines });
    return lines > 0 ? missing : undefined;
  }

  /** The same by the number of its first frame, where HELLO had no total. */
  hear(instance: string, seq: number, lost: Lost): Lost | undefined {
    if (this.#totals.has(instance)) return undefined;
    const before = this.#unheard.get(instance) ?? { seq: seq - 1, ...NOTHING, lost };
    const missing = missingOf(before, seq - 1, lost);
    this.#begin(instance, { seq: Math.max(before.seq, seq - 1), ...plus(before, missing), lost });
    return missing.lines > 0 ? missing : undefined;
  }

  /** Its frames were read up to this one; `lineEnds` in them. */
  reach(instance: string, seq: number, lost: Lost, lineEnds: number): void {
    const total = this.#totals.get(instance);
    if (total === undefined || (seq <= total.seq && lineEnds === 0)) return;
    const known = total.lineEnds === undefined ? undefined : total.lineEnds + lineEnds;
    this.#set(instance, { ...total, seq: Math.max(total.seq, seq), lost, lineEnds: known });
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

  /** What else has changed waits: its lines may be in the builder, and in no other count. */
  #begin(instance: string, total: ReadTotal): void {
    this.#unheard.delete(instance);
    this.#set(instance, total);
    this.#options.onRead?.(new Map([[instance, total]]), plus(this.#settling, this.#open));
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
  // Lost frames have numbers, too: those that were handed over fit in the kernel's buffer.
  const most = lost.bytes > before.lost.bytes ? KERNEL_FRAMES : Number.POSITIVE_INFINITY;
  const frames = seq - before.seq;
  if (frames <= 0) return NOTHING;
  const of = (unit: 'lines' | 'bytes') => {
    const written = before[unit] + before.lost[unit];
    const each = written > 0 && before.seq > 0 ? written / before.seq : 1;
    const handed = Math.ceil(frames * each) - Math.max(0, lost[unit] - before.lost[unit]);
    return Math.max(0, Math.min(handed, Math.ceil(most * each)));
  };
  return { lines: of('lines'), bytes: of('bytes') };
}

/** By all that it wrote; a line has at least its end. */
function bytesPerLine({ lines, bytes, lost }: ReadTotal): number {
  const all = lines + lost.lines;
  return all > 0 ? Math.max(1, (bytes + lost.bytes) / all) : 1;
}
