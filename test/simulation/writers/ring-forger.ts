/**
 * A process of the pod that puts nonsense in the place of rings, speaks nonsense in a ring of its own, or writes into a ring of
 * another: docs/decisions/0013. What is in such a ring may be delivered or not; all other lines, and their counts, must be as
 * without it.
 */
import {
  FRAME_MAX_BYTES,
  FRAME_TYPES,
  FRAME_VERSION,
  RING_HEADER,
  RING_HEADER_BYTES,
  RING_NAMES,
  RING_NOTES_AT,
  RING_OWN_CAPACITY_BYTES,
  RING_VERSION,
} from '../../../src/contract.js';
import { freeHeader } from '../../../src/shipper/source/rings/file.js';
import { data, frame, hello, magic } from '../../support/frames.js';
import { type Books, FORGED, textOf } from '../books.js';
import type { Inode } from '../world/files.js';
import type { Machine } from '../world/machine.js';
import type { Random } from '../world/random.js';
import { RINGS, type RingWriter } from './ring-writer.js';

/** New files. */
const FILES = [
  'no file',
  'link',
  'cut',
  'header',
  'frames',
  'checkpoint',
  'within a frame',
  'identity',
  'changing',
  'later',
] as const;
/** Of a ring that a process writes into. */
const HARMS = ['harm: cut', 'harm: name', 'harm: words', 'harm: checkpoint', 'harm: data'] as const;
export const RING_FORGERIES = [...FILES, ...HARMS] as const;
export type RingForgery = (typeof RING_FORGERIES)[number];

export interface RingForgerOptions {
  readonly machine: Machine;
  readonly books: Books;
  /** Of its lines: no other writer has it. */
  readonly number: number;
  readonly known: readonly RingWriter[];
  /** Gets the paths of rings that this shipper leaves to a later one. */
  readonly later: string[];
}

const LINES_MAX = 20;
const NEWLINE = 0x0a;
const LATER_LOSSES = 7;
/** Between a file and what is done to it then. */
const CHANGE_MS = { least: 0, most: 1500 };
const at = (word: string): number => RING_HEADER.find(({ name }) => name === word)!.offset;
const ODD = [0n, 1n, 4096n, 65_535n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];

export class RingForger {
  readonly #options: RingForgerOptions;
  readonly #random: Random;
  readonly #instance: bigint;
  #lines = 0;

  constructor(options: RingForgerOptions) {
    this.#options = options;
    this.#random = options.machine.random.fork(`ring forger ${options.number}`);
    this.#instance = BigInt(`0x${this.#random.hex(8)}`);
  }

  forge(how: RingForgery): void {
    const { files } = this.#options.machine;
    if (files.find(RINGS) === undefined) return;
    if (isHarm(how)) this.#harm(how);
    else this.#make(how);
  }

  #make(how: (typeof FILES)[number]): void {
    const random = this.#random;
    const { books, machine } = this.#options;
    const { files, scheduler } = machine;
    const honest = random.of([undefined, ...this.#options.known]);
    const path = this.#pathOf(this.#instance);
    switch (how) {
      case 'no file':
        files.make(path, random.of(['fifo', 'socket', 'directory', 'device', 'symlink'] as const), 0, 0o666);
        break;
      case 'link':
        // Of a ring that another process writes into, under a name of its own, or under one more name of that process.
        if (honest?.file === undefined) break;
        files.link(random.of([path, this.#pathOf(honest.instance)]), honest.file);
        this.#taint(honest);
        break;
      case 'cut': {
        const ring = this.#ring(this.#frames(this.#instance));
        this.#put(path, ring.subarray(0, random.of([0, 1, 64, 271, 4096, RING_HEADER_BYTES, RING_HEADER_BYTES + 100])));
        break;
      }
      case 'header': {
        const ring = this.#ring(this.#frames(this.#instance));
        this.#scribble(ring, [
          'magic',
          'header_bytes',
          'capacity',
          'head',
          'ended',
          'locked',
          'exit_status',
          'retired',
        ]);
        // Any byte of them may be the end of a line, if nothing tells which are no text.
        books.forgedLosses += ring.subarray(RING_HEADER_BYTES).filter((byte) => byte === NEWLINE).length;
        this.#put(path, ring);
        break;
      }
      case 'frames':
        this.#put(path, this.#ring(Buffer.concat([this.#frames(this.#instance), this.#misshapen()])));
        break;
      case 'checkpoint': {
        const ring = this.#ring(this.#frames(this.#instance));
        ring.writeBigUInt64LE(random.of([...ODD, 100n]), at('tail'));
        ring.writeUInt32LE(random.of([1, 2, 3, 0xffff_ffff]), at('tail') + 8);
        ring.writeUInt32LE(random.of([0, 1, 200, 0xffff_ffff]), at('tail') + 12);
        Buffer.from(random.hex(100), 'hex').copy(
          ring,
          random.of([at('tail') + 48, RING_NOTES_AT, RING_NOTES_AT + 4096]),
        );
        this.#put(path, ring);
        break;
      }
      case 'within a frame': {
        // As a process that dies there would, if heads moved before frames are whole.
        const bytes = this.#frames(this.#instance);
        const ring = this.#ring(bytes.subarray(0, random.between(1, bytes.length - 1)));
        ring.writeUInt32LE(1, at('locked'));
        this.#put(path, ring);
        break;
      }
      case 'identity': {
        if (honest === undefined) break;
        this.#taint(honest);
        // Two of one process, or a name that is not that of its HELLO.
        const named = random.of([honest.instance, this.#instance]);
        for (let left = random.between(1, 3); left > 0; left -= 1) {
          this.#put(this.#pathOf(named), this.#ring(this.#frames(honest.instance)));
        }
        break;
      }
      case 'later': {
        // A library of a later release, whose ring or frames this shipper does not know.
        const isRing = random.chance(0.5);
        const ring = this.#ring(this.#frames(this.#instance, isRing ? FRAME_VERSION : FRAME_VERSION + 1));
        if (isRing) ring.writeUInt32LE(RING_VERSION + 1, at('version'));
        if (isRing && random.chance(0.5)) ring.writeUInt32LE(2 * RING_HEADER_BYTES, at('header_bytes'));
        books.forgedLosses += LATER_LOSSES;
        ring.writeBigUInt64LE(BigInt(LATER_LOSSES), at('lost_lines'));
        ring.writeBigUInt64LE(BigInt(LATER_LOSSES) * 10n, at('lost_bytes'));
        const inode = this.#put(path, ring);
        this.#options.later.push(path);
        if (random.chance(0.5)) break;
        const { least, most } = CHANGE_MS;
        scheduler.after(random.between(least, most), undefined, () => this.#change(path, inode));
        break;
      }
      case 'changing': {
        const inode = this.#put(path, this.#ring(this.#frames(this.#instance)));
        for (let left = random.between(1, 5); left > 0; left -= 1) {
          const { least, most } = CHANGE_MS;
          scheduler.after(random.between(least, most), undefined, () => this.#change(path, inode));
        }
        break;
      }
    }
  }

  /** While it is read. */
  #change(path: string, inode: Inode): void {
    const random = this.#random;
    const { files } = this.#options.machine;
    const how = random.of(['head', 'back', 'capacity', 'cut', 'grow', 'replace', 'remove', 'retired'] as const);
    const { content } = inode;
    if (how === 'cut') files.truncate(inode, random.of([0, 100, RING_HEADER_BYTES - 1, RING_HEADER_BYTES + 10]));
    else if (how === 'grow') files.write(path, inode, Buffer.alloc(1000), inode.size, 0);
    else if (how === 'remove') files.unlink(path);
    else if (content.length < RING_HEADER_BYTES) return;
    else if (how === 'head') content.writeBigUInt64LE(random.of(ODD), at('head'));
    else if (how === 'back') content.writeBigUInt64LE(content.readBigUInt64LE(at('head')) / 2n, at('head'));
    else if (how === 'capacity') content.writeBigUInt64LE(random.of(ODD), at('capacity'));
    else if (how === 'retired') content.writeUInt32LE(random.of([0, 1]), at('retired'));
    else if (files.find(path) !== undefined) this.#put(path, this.#ring(this.#frames(this.#instance)));
  }

  #harm(how: (typeof HARMS)[number]): void {
    const random = this.#random;
    const { files } = this.#options.machine;
    const writers = this.#options.known.filter(({ file }) => file !== undefined);
    if (writers.length === 0) return;
    const writer = random.of(writers);
    const inode = writer.file!;
    const { content } = inode;
    const path = files.list(RINGS).find((name) => files.find(`${RINGS}/${name}`) === inode);
    this.#taint(writer);
    if (how === 'harm: cut') {
      files.truncate(inode, random.of([0, 200, 4096, RING_HEADER_BYTES, RING_HEADER_BYTES + 500]));
      // By SIGBUS.
      writer.kill();
    } else if (how === 'harm: name') {
      if (path === undefined) return;
      files.unlink(`${RINGS}/${path}`);
      if (random.chance(0.5)) this.#put(`${RINGS}/${path}`, this.#ring(this.#frames(writer.instance)));
    } else if (how === 'harm: words') {
      this.#scribble(content, ['magic', 'version', 'header_bytes', 'capacity', 'head', 'ended', 'locked', 'retired']);
    } else if (how === 'harm: checkpoint') {
      // But for the lines that a killed shipper is to have had.
      const place = random.of([0, 4, 8, 12, 48, 56]);
      Buffer.from(random.hex(8), 'hex').copy(content, at('tail') + place, 0, random.of([1, 4]));
      if (random.chance(0.5)) Buffer.from(random.hex(64), 'hex').copy(content, RING_NOTES_AT + random.of([0, 4096, 4]));
    } else {
      const bytes = Buffer.from(random.hex(random.between(1, 200)), 'hex');
      bytes.copy(content, RING_HEADER_BYTES + random.between(0, 2000));
    }
  }

  #taint(writer: RingWriter): void {
    const { books, later, machine } = this.#options;
    books.taint(writer.number);
    // Whatever it says then may be a later version.
    const name = machine.files.list(RINGS).find((each) => machine.files.find(`${RINGS}/${each}`) === writer.file);
    later.push(`${RINGS}/${name}`);
  }

  #pathOf(instance: bigint): string {
    const name = `${instance.toString(16).padStart(16, '0')}-${this.#random.of([0, 1, 5, 999_999_999])}`;
    return `${RINGS}/${RING_NAMES.USED}${1000 + this.#options.number}-${name}`;
  }

  #put(path: string, bytes: Buffer): Inode {
    const { files } = this.#options.machine;
    files.unlink(path);
    const inode = files.make(path, 'file', 0, 0o666);
    files.write(path, inode, bytes, 0, 0);
    return inode;
  }

  #ring(bytes: Buffer): Buffer {
    const ring = Buffer.concat([freeHeader(RING_OWN_CAPACITY_BYTES), Buffer.alloc(RING_OWN_CAPACITY_BYTES)]);
    bytes.copy(ring, RING_HEADER_BYTES);
    ring.writeBigUInt64LE(BigInt(bytes.length), at('head'));
    return ring;
  }

  #scribble(ring: Buffer, words: readonly string[]): void {
    const random = this.#random;
    for (let left = random.between(1, 3); left > 0; left -= 1) {
      const word = random.of(words);
      const value = random.of(ODD);
      const isHalf = RING_HEADER.find(({ name }) => name === word)!.type === 'u32';
      if (isHalf) ring.writeUInt32LE(Number(BigInt.asUintN(32, value)), at(word));
      else ring.writeBigUInt64LE(value, at(word));
    }
  }

  /** A whole stream, with lines of its own. */
  #frames(instance: bigint, version = FRAME_VERSION): Buffer {
    const { books, number, machine } = this.#options;
    const random = this.#random;
    const { nowMs, wallOffsetMs } = machine.scheduler;
    const frames = Array.from({ length: random.between(1, LINES_MAX) }, (_, i) => {
      this.#lines += 1;
      const text = textOf(number, this.#lines, random.of([10, 500]));
      books.written(text, { given: 'handed', transport: 'ring', writer: number, seq: 0, event: this.#lines });
      books.excuseIn(FORGED, [Buffer.from(text)]);
      books.forgedLosses += 1;
      return data(1, BigInt(i + 1), `${text}\n`, BigInt(Math.floor(nowMs + wallOffsetMs)) * 1_000_000n);
    });
    const names = { process: `app${number % 3}`, container: 'main' };
    return Buffer.concat([magic, hello({ pid: 1000 + number, instance, version, ...names }), ...frames]);
  }

  #misshapen(): Buffer {
    const random = this.#random;
    const unbounded = frame({ type: FRAME_TYPES.DATA.value, stream: 1 }, Buffer.alloc(10));
    unbounded.writeUInt32LE(random.of([0xffff_ffff, FRAME_MAX_BYTES + 1, 30_000]), 0);
    const noise = Buffer.from(random.hex(random.between(1, 2000)), 'hex');
    // Counted as lines, as far as nothing tells that they are none.
    this.#options.books.forgedLosses += noise.filter((byte) => byte === NEWLINE).length + 1;
    return random.of([
      unbounded,
      frame({ type: random.between(5, 255), stream: 1, seq: 9n }, Buffer.from('no type')),
      hello({}),
      noise,
    ]);
  }
}

const isHarm = (how: RingForgery): how is (typeof HARMS)[number] => how.startsWith('harm');
