/**
 * Records of our own between those of a process, so that a reader of the logs sees each gap. They are in streams of their own, so
 * that their places are no other record's.
 */
import { createHash } from 'node:crypto';
import type { Hello, Lost } from '../decoder.js';
import type { LossTotals } from './loss-totals.js';

/** Begins the names of streams that are our own, and no process's. */
const NOTICE = '0-';

/** Whether an origin's records are notices. */
export const isNotice = (id: string): boolean => id.slice(id.indexOf('-') + 1).startsWith(NOTICE);

const timeOf = (ms: number) => new Date(ms).toISOString();

/** Makes a record of the process: `seq` is its place in the stream, `timeMs` the time since the epoch. */
export type WriteNotice = (stream: string, seq: number, timeMs: number, text: string) => void;

export class LossNotices {
  readonly #losses: LossTotals;
  readonly #write: WriteNotice;

  constructor(losses: LossTotals, write: WriteNotice) {
    this.#losses = losses;
    this.#write = write;
  }

  /**
   * What the process could not hand over, up to this total. Each loss is told once, from the first ring or connection of the process
   * that has its total.
   *
   * @param sinceMs when the last DATA frame was written; `undefined` where there was none
   */
  notCaptured({ instance }: Hello, lost: Lost, sinceMs: number | undefined, untilMs: number): void {
    if (!this.#losses.isCounted(instance, lost)) return;
    const from = this.#losses.takeNoticed(instance, lost);
    if (lost.bytes <= from.bytes) return;
    const since = sinceMs === undefined ? 'before ' : `between ${timeOf(sinceMs)} and `;
    const lines = Math.max(0, lost.lines - from.lines);
    const text = `logtap: ${lines} lines, ${lost.bytes - from.bytes} bytes not captured ${since}${timeOf(untilMs)}`;
    // Named by the totals between which it tells, so no two have one name.
    this.#tell(`${from.bytes}`, lost.bytes, untilMs, text);
  }

  /** What a killed shipper had taken out of the ring before `position`. */
  lostWithShipper({ lines, bytes }: Lost, position: number, timeMs: number): void {
    const text = `logtap: up to ${lines} lines, ${bytes} bytes lost with a killed shipper`;
    this.#tell('gone', position, timeMs, text);
  }

  /** What lies behind the invalid frame at `position`. */
  notRead({ lines, bytes }: Lost, position: number, timeMs: number): void {
    const text = `logtap: up to ${lines} lines, ${bytes} bytes not read behind an invalid frame`;
    this.#tell('invalid', position, timeMs, text);
  }

  /**
   * A shipper that comes after a kill may tell the same at another time, and a service keeps the first record of an id: an audit would find
   * that its text is another one. So the same notice has the same name again, and any other one has another.
   */
  #tell(name: string, seq: number, timeMs: number, text: string): void {
    const content = createHash('sha256').update(`${timeMs} ${text}`).digest('hex').slice(0, 8);
    this.#write(`${NOTICE}${name}-${content}`, seq, timeMs, text);
  }
}
