/**
 * What was read from connections, by process: a connection cannot be read again, so the next shipper counts what a kill
 * took. It knows the lines that no sink had acknowledged, and of each process the line ends that were read. HELLO says how
 * many the process has handed over: the difference was in the killed shipper or in the kernel. Libraries up to 0.1.0 do not
 * say it; theirs are estimated by the numbers of the frames.
 */
import { INSTANCES_MAX, type ReadTotal } from '../../accounting/journal-sum.js';
import type { Lost } from '../frames/decoder.js';
import { NOTHING, plus } from '../frames/losses/lost.js';

/** In a send buffer of twice `net.core.wmem_max`, 212,992 bytes by default: each takes 768 bytes of it or more. */
const KERNEL_FRAMES = 554;

/** Lines that are in the totals with which they are told, and that no batch has. */
export interface CountedLines {
  /** That a process had handed over to an earlier shipper that was killed, as far as no journal had them. */
  readonly missing?: Lost;
  /** That a process wrote while its connection was closed, over which it is connected no more. */
  readonly closed?: Lost;
  /** At most, behind a frame that breaks the format. */
  readonly invalid?: Lost;
}

export interface ReadTotalsOptions {
  /**
   * To be kept at once, in one entry: the processes that were read since the last time, all that is not acknowledged, and lines that
   * are to be counted.
   */
  readonly onRead?:
    | ((changed: ReadonlyMap<string, ReadTotal>, unsettled: Lost, counted: CountedLines) => void)
    | undefined;
  /** Whether so much can be missing. @default - always */
  readonly believes?: (missing: Lost, instance: string) => boolean;
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
   * missing since an earlier shipper read from it. One that no shipper has read from begins here. `isAlone`: all its connections before
   * this one are closed.
   */
  greet(instance: string, handed: number, lost: Lost, isAlone = false): Lost | undefined {
    const known = this.#totals.get(instance);
    if (known !== undefined) {
      if (isAlone) this.#missClosed(instance, known, handed);
      return undefined;
    }
    const before = this.#unheard.get(instance) ?? { seq: 0, ...NOTHING, lost, lineEnds: handed };
    // Of a journal without line ends: the first frame tells.
    if (before.lineEnds === undefined) return undefined;
    const lines = Math.max(0, handed - before.lineEnds);
    const missing = { lines, bytes: Math.ceil(lines * bytesPerLine(before)) };
    const total = { ...before, ...plus(before, missing), lost, lineEnds: before.lineEnds + lines };
    return this.#begin(instance, total, missing);
  }

  /** Of a process that this shipper has read from: what else it had handed over was in the kernel when its connection was closed. */
  #missClosed(instance: string, known: ReadTotal, handed: number): void {
    const lines = handed - (known.lineEnds ?? handed);
    if (lines <= 0) return;
    const closed = { lines, bytes: Math.ceil(lines * bytesPerLine(known)) };
    const total = { ...known, lineEnds: handed };
    this.#set(instance, total);
    const { believes = () => true } = this.#options;
    if (believes(closed, instance)) this.#tell(new Map([[instance, total]]), { closed });
  }

  /** The same by the number of its first frame, where HELLO had no total. */
  hear(instance: string, seq: number, lost: Lost): Lost | undefined {
    if (this.#totals.has(instance)) return undefined;
    const before = this.#unheard.get(instance) ?? { seq: seq - 1, ...NOTHING, lost };
    const missing = missingOf(before, seq - 1, lost);
    return this.#begin(instance, { seq: Math.max(before.seq, seq - 1), ...plus(before, missing), lost }, missing);
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
    this.#tell(this.#changed);
    this.#changed.clear();
  }

  /** Lines that had left are acknowledged. */
  settle({ lines, bytes }: Lost): void {
    this.#settling = plus(this.#settling, { lines: -lines, bytes: -bytes });
    this.#options.onSettled?.(plus(this.#settling, this.#open));
  }

  /** Lines behind an invalid frame, with as many ends, are counted. Their process is unknown where it has not greeted. */
  invalid(instance: string | undefined, invalid: Lost, lineEnds: number): void {
    const total = instance === undefined ? undefined : this.#totals.get(instance);
    if (total?.lineEnds === undefined) {
      this.#tell(new Map(), { invalid });
      return;
    }
    // They were handed over, too: the next shipper must not miss them.
    const passed = { ...total, lineEnds: total.lineEnds + lineEnds };
    this.#set(instance!, passed);
    this.#tell(new Map([[instance!, passed]]), { invalid });
  }

  #tell(changed: ReadonlyMap<string, ReadTotal>, counted: CountedLines = {}): void {
    this.#options.onRead?.(changed, plus(this.#settling, this.#open), counted);
  }

  /** What else has changed waits: its lines may be in the builder, and in no other count. Returns what is missing, if it is believed. */
  #begin(instance: string, total: ReadTotal, missing: Lost): Lost | undefined {
    const { believes = () => true } = this.#options;
    const isCounted = missing.lines > 0 && believes(missing, instance);
    this.#unheard.delete(instance);
    this.#set(instance, total);
    this.#tell(new Map([[instance, total]]), isCounted ? { missing } : {});
    return isCounted ? missing : undefined;
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
