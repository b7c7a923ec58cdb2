/**
 * The rings of a process, read without a write: their headers as the process and its shipper left them. RING_HEADER in contract.ts
 * has the layout.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { RING_HEADER, RING_HEADER_BYTES, RING_MAGIC, RING_NAMES, RING_VERSION } from '../contract.js';
import { codeOf } from './file.js';

type Word = (typeof RING_HEADER)[number]['name'];

const at = (word: Word): number => RING_HEADER.find(({ name }) => name === word)!.offset;
/** All words, of which that of `tail` is the last. */
const WORDS_BYTES = at('tail') + 8;
const TMPFS = 0x01021994;

export interface Ring {
  readonly name: string;
  readonly capacity: number;
  /** Bytes that the shipper has not released: unread, or not acknowledged by the service. */
  readonly heldBytes: number;
  /** Since the process started, in all its rings. */
  readonly lostLines: number;
  readonly lostBytes: number;
  /** Nothing is read from it any more. */
  readonly isRetired: boolean;
  readonly hasReleased: boolean;
  /** Last write of the shipper, which marks its progress and its pauses. `undefined`: never, or not known of this file system. */
  readonly lastReadMs: number | undefined;
}

export interface DamagedRing {
  readonly name: string;
  readonly problem: string;
}

export interface Rings {
  /** Oldest first. */
  readonly rings: readonly Ring[];
  readonly damaged: readonly DamagedRing[];
}

/**
 * Names of the rings that a process has mapped, oldest first. Their directory may have rings of processes of other containers with
 * the same number, and a child has its parent's mapped until its first line.
 *
 * @param maps text of /proc/PID/maps
 * @param pid as the process knows itself
 */
export function mappedRings(maps: string, pid: number): string[] {
  const names = [...maps.matchAll(new RegExp(`/(${RING_NAMES.USED}${pid}-[0-9a-f]{16}-\\d{1,9})$`, 'gm'))];
  const numberOf = (name: string) => Number(name.slice(name.lastIndexOf('-') + 1));
  return [...new Set(names.map(([, name = '']) => name))].sort((a, b) => numberOf(a) - numberOf(b));
}

/** @param directory in our root directory */
export function readRings(directory: string, names: readonly string[]): Rings {
  const rings: Ring[] = [];
  const damaged: DamagedRing[] = [];
  for (const name of names) {
    try {
      rings.push(readRing(directory, name));
    } catch (error) {
      // Read to its end and removed meanwhile.
      if (codeOf(error) === 'ENOENT') continue;
      damaged.push({ name, problem: (error as Error).message });
    }
  }
  return { rings, damaged };
}

function readRing(directory: string, name: string): Ring {
  const fd = openSync(join(directory, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error('it is no file');
    const words = Buffer.alloc(WORDS_BYTES);
    // A header that is cut off stays zero, and has no magic.
    readSync(fd, words, 0, WORDS_BYTES, 0);
    const number = (word: Word) => Number(words.readBigUInt64LE(at(word)));
    const capacity = number('capacity');
    const isRing =
      RING_MAGIC.every((byte, i) => words[i] === byte) &&
      words.readUInt32LE(at('version')) === RING_VERSION &&
      capacity === stat.size - RING_HEADER_BYTES;
    if (!isRing) throw new Error(`it is no ring of version ${RING_VERSION}`);
    const heldBytes = number('head') - number('tail');
    if (heldBytes < 0 || heldBytes > capacity) throw new Error(`${heldBytes} bytes cannot wait in ${capacity}`);
    const wasRead = number('tail') > 0 || number('sleep_epoch') > 0;
    return {
      name,
      capacity,
      heldBytes,
      lostLines: number('lost_lines'),
      lostBytes: number('lost_bytes'),
      isRetired: words.readUInt32LE(at('retired')) !== 0,
      hasReleased: number('tail') > 0,
      // In memory, a store of the process to its mapping leaves the time as it is. Elsewhere it does not.
      lastReadMs: wasRead && statfsSync(directory).type === TMPFS ? stat.mtimeMs : undefined,
    };
  } finally {
    closeSync(fd);
  }
}

/**
 * Whether a shipper listens for wake-ups. It keeps the bell (a FIFO) open for reading, however idle it is, and processes open it for the
 * moment of a wake-up. Nothing is written to it here.
 *
 * @throws as fs does, if this user may not open it
 */
export function hasReader(directory: string): boolean {
  const bell = join(directory, RING_NAMES.BELL);
  try {
    if (!lstatSync(bell).isFIFO()) return false;
    closeSync(openSync(bell, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW));
    return true;
  } catch (error) {
    if (['ENOENT', 'ENXIO'].includes(codeOf(error))) return false;
    throw error;
  }
}
