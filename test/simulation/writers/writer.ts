/** Processes that write lines: as the preloaded library does, after docs/reference/contract.md. */
import { FRAME_MAX_PAYLOAD_BYTES } from '../../../src/contract.js';
import { data, hello, magic } from '../../support/frames.js';
import { type Books, textOf } from '../books.js';
import type { Machine } from '../world/machine.js';

export interface Writer {
  readonly number: number;
  readonly isAlive: boolean;
  /** Writes so many lines in one call of write(2). */
  write(lines: number, bytes: number, mark?: string): void;
  /** Ends as a process does that returns from main. */
  end(): void;
  /** Ends it by SIGKILL. */
  kill(): void;
}

export interface WriterOptions {
  readonly machine: Machine;
  readonly books: Books;
  readonly number: number;
}

export const NANOSECONDS = 1_000_000n;

/** What both kinds of writers share: the numbers of lines and frames, and the totals of what was lost. */
export abstract class FramedWriter implements Writer {
  readonly number: number;
  readonly pid: number;
  readonly instance: bigint;
  protected readonly machine: Machine;
  protected readonly books: Books;
  isAlive = true;
  protected lostLines = 0n;
  protected lostBytes = 0n;
  #lines = 0;
  #seq = 0n;

  protected abstract readonly transport: 'ring' | 'socket';

  constructor({ machine, books, number }: WriterOptions) {
    this.number = number;
    this.pid = 1000 + number;
    this.machine = machine;
    this.books = books;
    this.instance = BigInt(`0x${machine.random.fork(`writer ${number}`).hex(8)}`);
  }

  write(lines: number, bytes: number, mark = ''): void {
    if (!this.isAlive) return;
    const each = Math.floor(FRAME_MAX_PAYLOAD_BYTES / (bytes + 1));
    for (let left = lines; left > 0; left -= each) this.#writeFrame(Math.min(left, each), bytes, mark);
  }

  /** Lines that it could not hand over. */
  get lost(): number {
    return Number(this.lostLines);
  }

  abstract end(): void;
  abstract kill(): void;
  /** Whether the frame is handed over. */
  protected abstract hand(frame: Buffer): boolean;
  protected abstract noteLoss(): void;

  /** The first bytes of every connection and every ring. */
  protected greeting(handed?: number): Buffer {
    const fields = { pid: this.pid, instance: this.instance, process: `app${this.number}`, container: 'main' };
    return Buffer.concat([
      magic,
      hello({
        ...fields,
        ...(handed === undefined ? {} : { handed }),
        lostLines: this.lostLines,
        lostBytes: this.lostBytes,
      }),
    ]);
  }

  #writeFrame(lines: number, bytes: number, mark: string): void {
    const texts = Array.from({ length: lines }, () => {
      this.#lines += 1;
      return textOf(this.number, this.#lines, bytes, mark);
    });
    const payload = `${texts.join('\n')}\n`;
    this.#seq += 1n;
    const { scheduler } = this.machine;
    const timeNs = BigInt(Math.floor(scheduler.nowMs + scheduler.wallOffsetMs)) * NANOSECONDS;
    const isHanded = this.hand(data(1, this.#seq, payload, timeNs, 1));
    this.machine.trace(`writer ${this.number} ${isHanded ? 'hands' : 'loses'} ${lines} of ${payload.length}`);
    const line = { transport: this.transport, writer: this.number, seq: Number(this.#seq) };
    for (const text of texts) this.books.written(text, { given: isHanded ? 'handed' : 'original', ...line });
    if (isHanded) return;
    this.lostLines += BigInt(lines);
    this.lostBytes += BigInt(payload.length);
    this.noteLoss();
  }
}
