/** A process with rings: native/src/handover/transport_ring.c and ring_directory.c in TypeScript. */
import {
  BELL_LOSS,
  FRAME_HEADER_BYTES,
  LOSS_PAGE_BYTES,
  LOSS_SLOT_BYTES,
  RING_HEADER,
  RING_HEADER_BYTES,
  RING_NAMES,
  RING_OWN_CAPACITY_BYTES,
} from '../../../src/contract.js';
import { lineEnds } from '../../../src/shipper/source/line-ends.js';
import { freeHeader } from '../../../src/shipper/source/rings/file.js';
import { data, frame, hello } from '../../support/frames.js';
import type { Inode } from '../world/files.js';
import type { Bell } from '../world/net.js';
import { FramedWriter } from './writer.js';

export const RINGS = '/shm/rings';
/** Kept for the rest of a line, and for frames of signal handlers. */
const RESERVE_BYTES = 16_384 + 4096;
/** Between a store and the look at what the reader has stored. */
const LOOK_MS = { least: 0, most: 2 };

/** Frames that break the format, and say nothing of those behind them. */
export const RING_BREAKS = ['type', 'stream', 'second hello'] as const;
export type RingBreak = (typeof RING_BREAKS)[number];
const BROKEN: Readonly<Record<RingBreak, Buffer>> = {
  type: frame({ type: 99 }, Buffer.from('no type')),
  stream: data(4000, 1n, ''),
  'second hello': hello(),
};

type Word = (typeof RING_HEADER)[number]['name'];
const offsets = new Map(RING_HEADER.map(({ name, offset }) => [name, offset]));

interface Ring {
  readonly inode: Inode;
  readonly capacity: number;
  head: number;
  rungEpoch: bigint;
  /** Has a frame that cannot be read. */
  isBroken?: boolean;
}

export class RingWriter extends FramedWriter {
  protected readonly transport = 'ring';
  #ring: Ring | undefined;
  #claims = 0;
  /** Its last loss without a ring: whether the next shipper finds it, too, and whether any has heard of it. */
  #isInPage = false;
  #isTold = true;
  /** The last frame, until it is known whether its ring was retired before. */
  #unconfirmed: Buffer | undefined;

  end(): void {
    if (!this.isAlive) return;
    this.#confirm();
    if (this.#ring !== undefined) {
      this.#set(this.#ring, 'ended', 1n);
      if (!this.#isRetired(this.#ring)) this.#wake(this.#ring);
    } else {
      this.books.untold += this.lost;
      this.noteLoss();
      if (!this.#isTold) this.#excuse();
    }
    this.#leave();
  }

  kill(): void {
    if (!this.isAlive) return;
    // Its copy of the frame is lost if the ring was retired in between.
    this.#confirm();
    if (this.#ring === undefined) {
      this.books.untold += this.lost;
      if (!this.#isInPage) this.#excuse();
    }
    this.#leave();
  }

  /** Writes a frame that no shipper can read, and goes on. */
  break(how: RingBreak): void {
    this.#confirm();
    const ring = this.#ring;
    if (!this.isAlive || ring === undefined || this.#isRetired(ring)) return;
    const room = ring.capacity - (ring.head - Number(this.#get(ring, 'tail')));
    if (BROKEN[how].length > room) return;
    this.#put(ring, BROKEN[how]);
    ring.isBroken = true;
    this.books.broken(this.number);
    this.#wake(ring);
  }

  /** Its ring. */
  get file(): Inode | undefined {
    return this.#ring?.inode;
  }

  override get said(): number {
    return this.#ring === undefined && !this.#isInPage ? this.lost : 0;
  }

  #excuse(): void {
    this.books.excusedLosses += this.lost;
  }

  protected hand(frame: Buffer): boolean {
    this.#confirm();
    if (this.#ring !== undefined && this.#isRetired(this.#ring)) this.#release();
    if (this.#ring === undefined && !this.#claim()) return false;
    const ring = this.#ring!;
    const used = ring.head - Number(this.#get(ring, 'tail'));
    const room = used > ring.capacity ? 0 : ring.capacity - used;
    if (frame.length + RESERVE_BYTES > room) return false;
    this.#put(ring, frame);
    this.#unconfirmed = frame;
    const { random, scheduler } = this.machine;
    scheduler.after(random.between(LOOK_MS.least, LOOK_MS.most), undefined, () => this.#confirm());
    return true;
  }

  protected noteLoss(): void {
    const ring = this.#ring;
    if (ring === undefined) {
      if (this.lostBytes === 0n) return;
      this.#isInPage = this.#storeLoss();
      this.#isTold = this.#isInPage || this.#tellLoss();
      return;
    }
    this.#set(ring, 'lost_lines', this.lostLines);
    this.#set(ring, 'lost_bytes', this.lostBytes);
  }

  /** After a store: where the ring was retired meanwhile, the frame is written once more, into another. */
  #confirm(): void {
    const frame = this.#unconfirmed;
    const ring = this.#ring;
    if (frame === undefined || ring === undefined || !this.isAlive) return;
    this.#unconfirmed = undefined;
    if (!this.#isRetired(ring)) {
      if (this.#get(ring, 'sleep_epoch') !== ring.rungEpoch) this.#wake(ring);
      return;
    }
    this.#release();
    // Behind the broken frame it counts as well.
    if (ring.isBroken) this.books.doubts += lineEnds(frame, FRAME_HEADER_BYTES, frame.length);
    if (this.#claim()) this.#put(this.#ring!, frame);
  }

  #claim(): boolean {
    const { files } = this.machine;
    const instance = this.instance.toString(16).padStart(16, '0');
    const name = `${RING_NAMES.USED}${this.pid}-${instance}-${this.#claims}`;
    const free = files.list(RINGS).filter((each) => each.startsWith(RING_NAMES.FREE));
    if (files.find(RINGS) === undefined || (free.length === 0 && files.isMemoryFull)) return false;
    const path = `${RINGS}/${name}`;
    const meant = this.#claims > 0 && free.find((each) => each === `${RING_NAMES.FREE}${instance}`);
    if (free.length > 0) files.rename(`${RINGS}/${meant || free[this.pid % free.length]!}`, path);
    else {
      const bytes = Buffer.concat([freeHeader(RING_OWN_CAPACITY_BYTES), Buffer.alloc(RING_OWN_CAPACITY_BYTES)]);
      files.write(path, files.make(path, 'file', 0, 0o666), bytes, 0, 0);
    }
    const inode = files.find(path)!;
    inode.isLocked = true;
    this.#claims += 1;
    this.greetings += 1;
    const ring = { inode, capacity: inode.size - RING_HEADER_BYTES, head: 0, rungEpoch: 0n };
    this.#ring = ring;
    this.#set(ring, 'pid', BigInt(this.pid));
    this.#set(ring, 'locked', 1n);
    this.#set(ring, 'instance', this.instance);
    this.noteLoss();
    this.#wake(ring);
    this.#put(ring, this.greeting());
    return true;
  }

  #put(ring: Ring, bytes: Buffer): void {
    const content = ring.inode.content;
    const offset = ring.head % ring.capacity;
    const first = Math.min(bytes.length, ring.capacity - offset);
    bytes.copy(content, RING_HEADER_BYTES + offset, 0, first);
    bytes.copy(content, RING_HEADER_BYTES, first);
    ring.head += bytes.length;
    this.#set(ring, 'head', BigInt(ring.head));
  }

  #release(): void {
    if (this.#ring !== undefined) this.#ring.inode.isLocked = false;
    this.#ring = undefined;
  }

  #leave(): void {
    this.#release();
    this.isAlive = false;
  }

  #isRetired(ring: Ring): boolean {
    return this.#get(ring, 'retired') !== 0n;
  }

  #wake(ring: Ring): void {
    ring.rungEpoch = this.#get(ring, 'sleep_epoch');
    this.#bell([this.instance]);
  }

  /** Whether there is a page of losses with a slot for it. */
  #storeLoss(): boolean {
    const page = this.machine.files.find(`${RINGS}/${RING_NAMES.LOSSES}`)?.content;
    if (page === undefined || page.length < LOSS_PAGE_BYTES) return false;
    for (let at = LOSS_SLOT_BYTES; at < LOSS_PAGE_BYTES; at += LOSS_SLOT_BYTES) {
      const instance = page.readBigUInt64LE(at);
      if (instance !== 0n && instance !== this.instance) continue;
      for (const [i, word] of [this.instance, this.lostLines, this.lostBytes].entries()) {
        page.writeBigUInt64LE(word, at + i * 8);
      }
      return true;
    }
    return false;
  }

  /** Whether a shipper listens. */
  #tellLoss(): boolean {
    const isHeard = this.#bell([BELL_LOSS, this.instance, this.lostLines, this.lostBytes]);
    if (isHeard) this.greetings += 1;
    return isHeard;
  }

  #bell(words: readonly bigint[]): boolean {
    const { files } = this.machine;
    const path = `${RINGS}/${RING_NAMES.BELL}`;
    const inode = files.find(path) ?? (files.find(RINGS) && files.make(path, 'fifo', 0, 0o666));
    const bell = inode?.server as Bell | undefined;
    if (bell?.owner.isAlive !== true) return false;
    const bytes = Buffer.alloc(words.length * 8);
    for (const [i, word] of words.entries()) bytes.writeBigUInt64LE(word, i * 8);
    bell.pipe.write(bytes);
    return true;
  }

  #get(ring: Ring, word: Word): bigint {
    const at = offsets.get(word)!;
    const { content } = ring.inode;
    return isHalf(word) ? BigInt(content.readUInt32LE(at)) : content.readBigUInt64LE(at);
  }

  #set(ring: Ring, word: Word, value: bigint): void {
    const at = offsets.get(word)!;
    if (isHalf(word)) ring.inode.content.writeUInt32LE(Number(value), at);
    else ring.inode.content.writeBigUInt64LE(value, at);
  }
}

const halves = new Set<Word>(RING_HEADER.filter(({ type }) => type === 'u32').map(({ name }) => name));
const isHalf = (word: Word): boolean => halves.has(word);

/** What the reader of a ring has not acknowledged. */
export function unreadOf({ content, size }: Inode): Buffer {
  const capacity = size - RING_HEADER_BYTES;
  if (capacity <= 0) return Buffer.alloc(0);
  const [tail, head] = (['tail', 'head'] as const).map((word) => Number(content.readBigUInt64LE(offsets.get(word)!)));
  const bytes = content.subarray(RING_HEADER_BYTES, size);
  const at = tail! % capacity;
  return Buffer.concat([bytes.subarray(at), bytes.subarray(0, at)]).subarray(0, head! - tail!);
}

/** Lines of the debts in all rings: released in an outage, and acknowledged by no sink yet. */
export function debtsIn(rings: readonly Inode[]): number {
  const tail = offsets.get('tail')!;
  return rings.reduce((sum, { content, size }) => {
    return size > RING_HEADER_BYTES ? sum + Number(content.readBigUInt64LE(tail + 32)) : sum;
  }, 0);
}
