/** Processes that write lines: as the preloaded library does, after docs/reference/contract.md. */
import { FRAME_MAX_PAYLOAD_BYTES } from '../../../src/contract.js';
import { data, hello, magic } from '../../support/frames.js';
import { type Books, textOf } from '../books.js';
import type { Machine } from '../world/machine.js';

export interface Writer {
  readonly number: number;
  readonly isAlive: boolean;
  write(lines: Lines): void;
  /** Ends as a process does that returns from main. */
  end(): void;
  /** Ends it by SIGKILL. */
  kill(): void;
}

/** So many lines in one call of write(2): each a record, or all of them the trace of an exception; or a call for each line of it. */
export interface Lines {
  readonly lines: number;
  readonly bytes: number;
  readonly mark?: string;
  readonly shape?: 'trace' | 'trace by line';
}

export interface WriterOptions {
  readonly machine: Machine;
  readonly books: Books;
  readonly number: number;
}

interface Numbered {
  readonly text: string;
  /** Its first line. */
  readonly event: number;
}

export const NANOSECONDS = 1_000_000n;
const HEAD = 'java.lang.IllegalStateException: ';
const FRAME = '\tat com.example.Handler.';
const CAUSE = 'Caused by: java.io.IOException: ';
const CAUSE_EACH = 4;

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

  write({ lines, bytes, mark = '', shape }: Lines): void {
    if (!this.isAlive) return;
    const first = this.#lines + 1;
    const all = Array.from({ length: lines }, (_, i): Numbered => {
      this.#lines += 1;
      const before = shape === undefined ? '' : i === 0 ? HEAD : i % CAUSE_EACH === 0 ? CAUSE : FRAME;
      const event = shape === undefined ? this.#lines : first;
      return { text: textOf(this.number, this.#lines, bytes, mark, before), event };
    });
    const each = shape === 'trace by line' ? 1 : Math.floor(FRAME_MAX_PAYLOAD_BYTES / (bytes + HEAD.length + 1));
    for (let at = 0; at < lines; at += each) this.#writeFrame(all.slice(at, at + each));
  }

  /** Lines that it could not hand over. */
  get lost(): number {
    return Number(this.lostLines);
  }

  /** How often it has told a shipper its total. */
  greetings = 0;

  /** Of `lost`: what only its words tell, and no memory that outlives a shipper. */
  get said(): number {
    return this.lost;
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

  #writeFrame(lines: readonly Numbered[]): void {
    const payload = `${lines.map(({ text }) => text).join('\n')}\n`;
    this.#seq += 1n;
    const { scheduler } = this.machine;
    const timeNs = BigInt(Math.floor(scheduler.nowMs + scheduler.wallOffsetMs)) * NANOSECONDS;
    const isHanded = this.hand(data(1, this.#seq, payload, timeNs, 1));
    this.machine.trace(`writer ${this.number} ${isHanded ? 'hands' : 'loses'} ${lines.length} of ${payload.length}`);
    const line = { transport: this.transport, writer: this.number, seq: Number(this.#seq) };
    const given = isHanded ? 'handed' : 'original';
    for (const { text, event } of lines) this.books.written(text, { given, event, ...line });
    if (isHanded) return;
    this.lostLines += BigInt(lines.length);
    this.lostBytes += BigInt(payload.length);
    this.noteLoss();
  }
}
