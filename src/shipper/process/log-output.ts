/**
 * The shipper's own log, on standard error.
 *
 * A reader that is slow, such as a busy container runtime, must neither hold the shipper up nor cost its last lines: Node drops what
 * waits in a stream when a process exits. So lines that a pipe does not take now wait here, in bounded memory, and the last ones are written
 * before the exit.
 */
import { writeSync } from 'node:fs';
import { codeOf } from '../errors.js';

/** Of lines that wait for the reader. */
const WAITING_MAX_BYTES = 1024 * 1024;
const RETRY_MS = 20;
/** At the exit, for a reader that does not read. */
const FLUSH_MS = 2000;

const pause = new Int32Array(new SharedArrayBuffer(4));

export interface LogOutputOptions {
  /** Writes what the reader takes. Throws EAGAIN when it takes nothing now. */
  readonly write: (bytes: Buffer) => number;
  /** Milliseconds that never go back. */
  readonly now?: () => number;
  readonly sleep?: (ms: number) => void;
}

export class LogOutput {
  readonly #options: LogOutputOptions;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  /** Part of the first line is written. */
  #isTorn = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: LogOutputOptions) {
    this.#options = options;
  }

  /** Writes a line with its end, or keeps it until the reader takes it. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    this.#makeRoom(bytes.length);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#send();
  }

  /** Before the exit: waits for a slow reader, two seconds at most. */
  flush(): void {
    const { now = () => performance.now(), sleep = (ms) => void Atomics.wait(pause, 0, 0, ms) } = this.#options;
    const deadline = now() + FLUSH_MS;
    while (this.#waiting.length > 0 && now() < deadline) {
      this.#send();
      if (this.#waiting.length > 0) sleep(RETRY_MS);
    }
  }

  /** The oldest lines go first: the last ones have the counts. */
  #makeRoom(bytes: number): void {
    while (this.#waiting.length > (this.#isTorn ? 1 : 0) && this.#waitingBytes + bytes > WAITING_MAX_BYTES) {
      this.#drop(1, this.#isTorn ? 1 : 0);
    }
  }

  #drop(lines: number, from = 0): void {
    for (const { length } of this.#waiting.splice(from, lines)) this.#waitingBytes -= length;
    this.#dropped += lines;
  }

  #send(): void {
    try {
      while (this.#waiting.length > 0) {
        this.#tellDropped();
        this.#sendFirst();
      }
    } catch (error) {
      if (codeOf(error) === 'EAGAIN' || codeOf(error) === 'EINTR') this.#sendLater();
      else this.#drop(this.#waiting.length);
    }
  }

  /** Where they would have been: the last line has the counts. */
  #tellDropped(): void {
    if (this.#dropped === 0 || this.#isTorn) return;
    const message = `${this.#dropped} lines of this log are missing: standard error did not take them`;
    const bytes = Buffer.from(`${JSON.stringify({ time: new Date().toISOString(), level: 'warn', message })}\n`);
    this.#dropped = 0;
    this.#waiting.unshift(bytes);
    this.#waitingBytes += bytes.length;
  }

  #sendLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#send();
    }, RETRY_MS).unref();
  }

  #sendFirst(): void {
    const [first] = this.#waiting as [Buffer];
    const written = this.#options.write(first);
    this.#waitingBytes -= written;
    this.#isTorn = written < first.length;
    if (this.#isTorn) this.#waiting[0] = first.subarray(written);
    else this.#waiting.shift();
  }
}

/** Standard error of this process. */
export function openLogOutput(): LogOutput {
  // Opening the stream makes a pipe non-blocking. Without a listener its errors would end the process.
  process.stderr.on('error', () => {});
  return new LogOutput({ write: (bytes) => writeSync(2, bytes) });
}
