/**
 * A process of the pod that writes into the page of losses, or puts something else in its place: docs/decisions/0051. All lines stay as
 * they are. The page may say less of lost ones, or more, within the bounds of docs/decisions/0013.
 */
import { LOSS_PAGE_BYTES, LOSS_SLOT, LOSS_SLOT_BYTES, RING_NAMES } from '../../../src/contract.js';
import type { Books } from '../books.js';
import type { Machine } from '../world/machine.js';
import type { Random } from '../world/random.js';
import { RINGS } from './ring-writer.js';

export const LOSS_FORGERIES = ['slot', 'too high', 'name', 'words', 'first slot', 'cut', 'no page', 'gone'] as const;
export type LossForgery = (typeof LOSS_FORGERIES)[number];

const LINES = 7n;
const LINE_BYTES = 10n;
/** No machine has written so much. */
const TOO_HIGH = [2n ** 41n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
const WORDS = [0n, 1n, 4096n, 65_535n, ...TOO_HIGH];
/** More than the words that are believed, and than processes of a seed lose. */
const MOST = 100_000;
const at = (word: string): number => LOSS_SLOT.find(({ name }) => name === word)!.offset;

export class LossPageForger {
  readonly #machine: Machine;
  readonly #books: Books;
  readonly #random: Random;

  constructor(machine: Machine, books: Books, number: number) {
    this.#machine = machine;
    this.#books = books;
    this.#random = machine.random.fork(`loss page forger ${number}`);
  }

  forge(how: LossForgery): void {
    const { files } = this.#machine;
    const path = `${RINGS}/${RING_NAMES.LOSSES}`;
    const inode = files.find(path);
    const page = inode?.content;
    if (inode === undefined || page === undefined || page.length < LOSS_PAGE_BYTES) return;
    const random = this.#random;
    const own = BigInt(`0x${random.hex(8)}`);
    switch (how) {
      case 'slot':
        this.#put(page, own, LINES);
        this.#books.forgedLosses += Number(LINES);
        break;
      case 'too high':
        this.#put(page, own, random.of(TOO_HIGH));
        break;
      case 'name': {
        const used = slotsOf(page).filter((slot) => instanceOf(slot) !== 0n);
        if (used.length === 0) break;
        const slot = random.of(used);
        this.#put(page, instanceOf(slot), slot.readBigUInt64LE(at('lost_lines')) + LINES);
        this.#doubt();
        break;
      }
      case 'words':
      case 'first slot': {
        const slot = how === 'words' ? random.of(slotsOf(page)) : page.subarray(0, LOSS_SLOT_BYTES);
        slot.writeBigUInt64LE(random.of(WORDS), random.of(LOSS_SLOT).offset);
        this.#doubt();
        break;
      }
      case 'cut':
        files.truncate(inode, random.of([0, LOSS_SLOT_BYTES, LOSS_PAGE_BYTES - 1]));
        this.#doubt();
        break;
      default:
        files.unlink(path);
        if (how === 'no page') {
          const type = random.of(['fifo', 'socket', 'directory', 'device', 'symlink', 'file'] as const);
          const made = files.make(path, type, 0, 0o666);
          if (type === 'file') files.write(path, made, Buffer.from(random.hex(LOSS_PAGE_BYTES), 'hex'), 0, 0);
        }
        this.#doubt();
    }
  }

  /** Of processes that have stored their totals here, and will. */
  #doubt(): void {
    this.#books.forgedLosses += MOST;
    this.#books.excusedLosses += MOST;
  }

  #put(page: Buffer, instance: bigint, lines: bigint): void {
    const free = slotsOf(page).filter((slot) => instanceOf(slot) === 0n);
    if (free.length === 0) return;
    const slot = this.#random.of(free);
    slot.writeBigUInt64LE(instance, at('instance'));
    slot.writeBigUInt64LE(lines, at('lost_lines'));
    slot.writeBigUInt64LE(BigInt.asUintN(64, lines * LINE_BYTES), at('lost_bytes'));
  }
}

const instanceOf = (slot: Buffer): bigint => slot.readBigUInt64LE(at('instance'));

/** Those of processes. */
const slotsOf = (page: Buffer): readonly Buffer[] =>
  Array.from({ length: LOSS_PAGE_BYTES / LOSS_SLOT_BYTES - 1 }, (_, i) =>
    page.subarray((i + 1) * LOSS_SLOT_BYTES, (i + 2) * LOSS_SLOT_BYTES),
  );
