/**
 * A process of the pod that speaks nonsense to the socket, or in the name of another: docs/decisions/0013. Its own lines may be
 * delivered or not; those of others, and their counts, must be as without it.
 */
import { FRAME_MAX_BYTES, FRAME_TYPES } from '../../../src/contract.js';
import { data, file, frame, hello, lost, magic } from '../../support/frames.js';
import { type Books, FORGED, textOf } from '../books.js';
import type { Connection, Machine } from '../world/machine.js';
import type { Random } from '../world/random.js';
import { SOCKET } from './socket-writer.js';

export const FORGERIES = ['noise', 'cut off', 'misshapen', 'identity', 'losses', 'silence'] as const;
export type Forgery = (typeof FORGERIES)[number];

export interface ForgerOptions {
  readonly machine: Machine;
  readonly books: Books;
  /** Of its lines: no other writer has it. */
  readonly number: number;
  /** Processes whose names any other can know: those of rings. */
  readonly known: readonly { readonly pid: number; readonly instance: bigint }[];
}

const CONNECTIONS_MAX = 12;
const LINES_MAX = 20;
const NOISE_MAX = 2000;
const NEWLINE = 0x0a;
/** Before it closes, if it does. */
const OPEN_MS = { least: 0, most: 3000 };

export class Forger {
  readonly #options: ForgerOptions;
  readonly #random: Random;
  #lines = 0;

  constructor(options: ForgerOptions) {
    this.#options = options;
    this.#random = options.machine.random.fork(`forger ${options.number}`);
  }

  forge(how: Forgery): void {
    const { machine, books } = this.#options;
    for (let left = this.#random.between(1, CONNECTIONS_MAX); left > 0; left -= 1) {
      const connection = machine.connect(SOCKET);
      if (typeof connection === 'string') return;
      // The beginning of a magic is a line, if no more follows.
      books.forgedLosses += 1;
      this.#write(connection, this.#bytesOf(how));
      if (this.#random.chance(0.3)) continue;
      const { least, most } = OPEN_MS;
      machine.scheduler.after(this.#random.between(least, most), undefined, () => connection.toServer.end());
    }
  }

  /** In pieces, of any size. */
  #write({ toServer }: Connection, bytes: Buffer): void {
    const random = this.#random;
    for (let at = 0; at < bytes.length; ) {
      const size = random.of([1, 7, 100, bytes.length]);
      if (!toServer.isBroken) toServer.write(bytes.subarray(at, at + size));
      at += size;
      if (random.chance(0.2)) return;
    }
  }

  #bytesOf(how: Forgery): Buffer {
    const random = this.#random;
    switch (how) {
      case 'silence':
        return random.of([Buffer.alloc(0), magic, magic.subarray(0, 3)]);
      case 'noise':
        return this.#noise();
      case 'cut off': {
        const bytes = Buffer.concat([this.#greeting(), ...this.#frames()]);
        return bytes.subarray(0, random.between(0, bytes.length));
      }
      case 'misshapen':
        return Buffer.concat([this.#greeting(), ...this.#frames(), this.#misshapen()]);
      case 'identity':
        return Buffer.concat([this.#greeting(), ...this.#frames()]);
      case 'losses': {
        const lines = random.of([1, 1000, 2 ** 31]);
        this.#options.books.forgedLosses += lines;
        return Buffer.concat([this.#greeting(), lost(BigInt(lines), BigInt(lines) * 10n), ...this.#frames()]);
      }
    }
  }

  /** A peer without frames writes lines: their texts are those of no process. */
  #noise(): Buffer {
    const bytes = Buffer.from(this.#random.hex(this.#random.between(1, NOISE_MAX)), 'hex');
    this.#options.books.forgedLosses += bytes.filter((byte) => byte === NEWLINE).length + 1;
    return Buffer.concat([magic.subarray(0, this.#random.of([0, 0, 1, 8])), bytes]);
  }

  /** In the name of another process, or in one of its own. */
  #greeting(): Buffer {
    const { known, number } = this.#options;
    const own = { pid: 1000 + number, instance: BigInt(`0x${this.#random.hex(8)}`) };
    const { pid, instance } = this.#random.of([own, ...known]);
    return Buffer.concat([magic, hello({ pid, instance, process: `app${number % 3}`, container: 'main', handed: 0 })]);
  }

  /** With lines, and numbers of frames that are those of another or of none. */
  #frames(): Buffer[] {
    const { books, number, machine } = this.#options;
    const random = this.#random;
    const { nowMs, wallOffsetMs } = machine.scheduler;
    return Array.from({ length: random.between(1, LINES_MAX) }, () => {
      this.#lines += 1;
      const text = textOf(number, this.#lines, random.of([10, 500]));
      books.written(text, { given: 'handed', transport: 'socket', writer: number, seq: 0, event: this.#lines });
      books.excuseIn(FORGED, [Buffer.from(text)]);
      const seq = random.of([0, 1, 5, 1000, 2 ** 38 - 1]);
      const timeMs = random.of([0, nowMs + wallOffsetMs, 2 ** 42]);
      return data(random.of([1, 2, 7]), BigInt(seq), `${text}\n`, BigInt(Math.floor(timeMs)) * 1_000_000n);
    });
  }

  /** A frame that breaks the format. */
  #misshapen(): Buffer {
    const random = this.#random;
    const tooLong = frame({ type: FRAME_TYPES.DATA.value, stream: 1 }, Buffer.alloc(FRAME_MAX_BYTES + 1));
    const unbounded = Buffer.from(tooLong.subarray(0, 40));
    unbounded.writeUInt32LE(0xffff_ffff, 0);
    const noise = Buffer.from(random.hex(random.between(1, NOISE_MAX)), 'hex');
    // Counted as lines, as far as nothing tells that they are none.
    this.#options.books.forgedLosses += noise.filter((byte) => byte === NEWLINE).length + 2;
    return random.of([
      tooLong,
      unbounded,
      frame({ type: random.between(5, 255), stream: 1, seq: 9n }, Buffer.from('no type')),
      frame({ type: FRAME_TYPES.LOST.value }, Buffer.alloc(random.between(0, 15))),
      file(3, 'no/id/of/a/file'),
      file(16, `/${'x'.repeat(5000)}`),
      hello({ version: random.of([0, 3, 65_535]) }),
      hello({}),
      noise,
    ]);
  }
}
