/**
 * The other end of a ring in the library's tests: reads rings by the layout in contract.ts, shared with no other code, and
 * keeps every byte. It polls, unless told not to read.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RING_HEADER, RING_HEADER_BYTES, RING_MAGIC, RING_NAMES, RING_VERSION } from '../../src/contract.js';
import { readProcesses, type TappedProcess, textOf } from './tap-receiver.js';

type Word = (typeof RING_HEADER)[number]['name'];

const offsetOf = (word: Word) => RING_HEADER.find(({ name }) => name === word)!.offset;
const POLL_MS = 2;

/** One ring, by its name. */
export interface SeenRing {
  readonly name: string;
  readonly bytes: Buffer;
  readonly isEnded: boolean;
  readonly lost: { readonly lines: bigint; readonly bytes: bigint };
}

export interface RingReceiverOptions {
  /** Free rings that are kept ready. @default 4 */
  readonly pool?: number;
  /** @default 1 MiB */
  readonly capacity?: number;
  /** An existing directory, which stays as it is. @default a new one with a bell */
  readonly directory?: string;
}

export function freeRing(capacity: number): Buffer {
  const ring = Buffer.alloc(RING_HEADER_BYTES + capacity);
  ring.set(RING_MAGIC, offsetOf('magic'));
  ring.writeUInt32LE(RING_VERSION, offsetOf('version'));
  ring.writeUInt32LE(RING_HEADER_BYTES, offsetOf('header_bytes'));
  ring.writeBigUInt64LE(BigInt(capacity), offsetOf('capacity'));
  return ring;
}

/** Keeps rings ready in a new directory in memory and reads those that are claimed. Close it at the end of a test. */
export class RingReceiver {
  readonly directory: string;
  readonly #files = new Map<string, { readonly fd: number; readonly chunks: Buffer[]; position: bigint }>();
  readonly #pool: number;
  readonly #capacity: number;
  #made = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ pool = 4, capacity = 1024 * 1024, directory }: RingReceiverOptions = {}) {
    this.#pool = pool;
    this.#capacity = capacity;
    this.directory = directory ?? mkdtempSync('/dev/shm/logtap-rings-');
    if (directory === undefined) {
      chmodSync(this.directory, 0o777);
      execFileSync('mkfifo', ['-m', '666', join(this.directory, RING_NAMES.BELL)]);
    }
    this.#refill();
  }

  /** Reads from now on. */
  start(): this {
    this.#timer ??= setInterval(() => this.read(), POLL_MS);
    return this;
  }

  pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Takes what there is from every ring, once. Whether there was anything. */
  read(): boolean {
    let any = false;
    for (const name of readdirSync(this.directory)) {
      if (!name.startsWith(RING_NAMES.USED)) continue;
      if (!this.#files.has(name)) {
        this.#files.set(name, { fd: openSync(join(this.directory, name), 'r+'), chunks: [], position: 0n });
      }
      any = this.#take(name) || any;
    }
    this.#refill();
    return any;
  }

  /** Until nothing comes any more from writers that have ended. */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet += 1) {
      if (this.read()) quiet = -1;
      await sleep(POLL_MS);
    }
  }

  word(name: string, word: Word): bigint {
    const { type, offset } = RING_HEADER.find((each) => each.name === word)!;
    const bytes = Buffer.alloc(8);
    readSync(this.#files.get(name)!.fd, bytes, 0, type === 'u32' ? 4 : 8, offset);
    return bytes.readBigUInt64LE();
  }

  write(name: string, word: Word, value: bigint): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    const { type, offset } = RING_HEADER.find((each) => each.name === word)!;
    writeSync(this.#files.get(name)!.fd, bytes, 0, type === 'u32' ? 4 : 8, offset);
  }

  /** By process id, which is the order in which processes began. */
  rings(): SeenRing[] {
    const pidOf = (name: string) => Number(name.split('-')[1]);
    const byProcess = [...this.#files].sort(([one], [other]) => pidOf(one) - pidOf(other));
    return byProcess.map(([name, { chunks }]) => ({
      name,
      bytes: Buffer.concat(chunks),
      isEnded: this.word(name, 'ended') === 1n,
      lost: { lines: this.word(name, 'lost_lines'), bytes: this.word(name, 'lost_bytes') },
    }));
  }

  /** The bytes of each ring, as of connections. */
  raw(): Buffer[] {
    return this.rings()
      .map(({ bytes }) => bytes)
      .filter(({ length }) => length > 0);
  }

  processes(): TappedProcess[] {
    return readProcesses(this.raw());
  }

  text(stream: string): string {
    return textOf(this.processes(), stream);
  }

  async close(): Promise<void> {
    this.pause();
    for (const { fd } of this.#files.values()) closeSync(fd);
    rmSync(this.directory, { recursive: true, force: true });
  }

  #refill(): void {
    const free = readdirSync(this.directory).filter((name) => name.startsWith(RING_NAMES.FREE)).length;
    for (let i = free; i < this.#pool; i += 1) {
      const path = join(this.directory, `making-${this.#made}`);
      writeFileSync(path, freeRing(this.#capacity));
      chmodSync(path, 0o666);
      renameSync(path, join(this.directory, `${RING_NAMES.FREE}${this.#made}`));
      this.#made += 1;
    }
  }

  #take(name: string): boolean {
    const file = this.#files.get(name)!;
    const head = this.word(name, 'head');
    if (head === file.position) return false;
    const capacity = this.word(name, 'capacity');
    if (head < file.position || head - file.position > capacity) throw new Error(`${name}: head ${head} is nowhere`);
    while (file.position < head) {
      const at = file.position % capacity;
      const length = Math.min(Number(capacity - at), Number(head - file.position));
      const chunk = Buffer.alloc(length);
      readSync(file.fd, chunk, 0, length, RING_HEADER_BYTES + Number(at));
      file.chunks.push(chunk);
      file.position += BigInt(length);
    }
    this.write(name, 'tail', head);
    return true;
  }
}
