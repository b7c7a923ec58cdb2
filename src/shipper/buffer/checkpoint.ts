/**
 * How far each sink is, in a file of three lines of equal length, each a whole checkpoint padded with blanks:
 *
 *     {"version":2,"number":N,"end":N,"positions":{"<sink>":N},"skipped":{"<sink>":[[N,N]]},"gone":[[N,N]],"late":[[N,N]],"crc":"…"}
 *
 * `end` is the number after the last record that was written, `positions` the first record that a sink may not have
 * acknowledged, `skipped` those beyond it that were dropped for a sink and counted, `gone` those beyond some position whose
 * segments were removed, `late` those that a segment says the disk did not take, and that it took afterwards: absent when
 * there are none.
 * `crc` is the CRC-32 of the object without it; the valid line with the highest `number` counts.
 *
 * Lines are overwritten in place, which needs no room on a disk that is full. The first two take turns and are synced:
 * so one of them survives a crash of the machine. The third one is not synced; it is written each time, for a process that is killed.
 */
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { ConfigError, messageOf } from '../errors.js';
import { type Disk, type DiskFile, isMissing } from './disk.js';

/** Numbers of records: from the first up to, not including, the second. */
export type Range = readonly [from: number, to: number];

/** By sink. */
export interface Progress {
  readonly positions: Readonly<Record<string, number>>;
  readonly skipped: Readonly<Record<string, readonly Range[]>>;
}

export interface Checkpoint extends Progress {
  readonly end: number;
  readonly removed: readonly Range[];
  readonly late?: readonly Range[];
}

const VERSION = 2;
/** The unit that a disk writes completely or not at all. */
const PAGE = 4096;
/** Digits that a line may yet gain in all its numbers. */
const GROWTH_BYTES = 1024;
const SYNCED_LINES = 2;

export function encodeCheckpoint(number: number, { end, positions, skipped, removed, late = [] }: Checkpoint): string {
  const text = JSON.stringify({
    ...{ version: VERSION, number, end, positions, skipped, gone: removed },
    ...(late.length > 0 && { late }),
  });
  return `${text.slice(0, -1)},"crc":"${crcOf(text)}"}`;
}

/** The newest of all valid ones in the text of a file. */
export function decodeCheckpoints(text: string): (Checkpoint & { readonly number: number }) | undefined {
  const found = text.split('\n').flatMap((line) => decode(line) ?? []);
  return found.sort((one, other) => other.number - one.number)[0];
}

function decode(line: string): (Checkpoint & { readonly number: number }) | undefined {
  try {
    const { crc, ...said } = JSON.parse(line);
    const { version, number, end, positions, skipped, gone, late = [] } = said;
    if (version !== VERSION || crc !== crcOf(JSON.stringify(said))) return undefined;
    const ranges = [...gone.flat(), ...late.flat(), ...Object.values<Range[]>(skipped).flat(2)];
    const all = [number, end, ...Object.values(positions), ...ranges];
    return all.every((each) => Number.isSafeInteger(each) && (each as number) >= 0)
      ? { number, end, positions, skipped, removed: gone, late }
      : undefined;
  } catch {
    return undefined;
  }
}

const crcOf = (text: string): string => crc32(text).toString(16).padStart(8, '0');

export class CheckpointFile {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #path: string;
  readonly #isSynced: boolean;
  #file: DiskFile | undefined;
  #lineBytes = 0;
  #number = 0;
  /** Which line a crash cannot take. */
  #syncedLine = 0;

  /** `isSynced`: whether a crash of the machine should leave one. */
  constructor(disk: Disk, directory: string, isSynced: boolean) {
    this.#disk = disk;
    this.#isSynced = isSynced;
    this.#directory = directory;
    this.#path = join(directory, 'checkpoint.json');
  }

  get path(): string {
    return this.#path;
  }

  /** `undefined` when there is no valid one. Throws the error for a file that is missing, a ConfigError for one that cannot be read now. */
  read(): Checkpoint | undefined {
    const found = decodeCheckpoints(this.#text());
    this.#number = found?.number ?? 0;
    return found;
  }

  #text(): string {
    try {
      return this.#disk.readFile(this.#path).content.toString('utf8');
    } catch (error) {
      if (isMissing(error)) throw error;
      throw new ConfigError([
        `${this.#path}: cannot be read now: ${messageOf(error)}. A shipper that starts without it would resend, and count, records twice. If this lasts, remove the file: then all existing records are resent.`,
      ]);
    }
  }

  /** Survives the process. */
  write(checkpoint: Checkpoint): void {
    const text = this.#next(checkpoint);
    this.#open(text).write(this.#line(text), SYNCED_LINES * this.#lineBytes);
  }

  /** Survives the machine when it returns. */
  commit(checkpoint: Checkpoint): void {
    const text = this.#next(checkpoint);
    const file = this.#open(text);
    const line = this.#writeUnsynced(file, text);
    file.sync();
    this.#syncedLine = line;
  }

  /** The same, without waiting for the disk meanwhile. */
  async commitLater(checkpoint: Checkpoint): Promise<void> {
    const text = this.#next(checkpoint);
    const file = this.#open(text);
    const line = this.#writeUnsynced(file, text);
    await file.syncLater();
    if (file === this.#file) this.#syncedLine = line;
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** Never over the line that is synced. */
  #writeUnsynced(file: DiskFile, text: string): number {
    const line = (this.#syncedLine + 1) % SYNCED_LINES;
    file.write(this.#line(text), line * this.#lineBytes);
    return line;
  }

  #next(checkpoint: Checkpoint): string {
    this.#number += 1;
    return encodeCheckpoint(this.#number, checkpoint);
  }

  #line(text: string): Buffer {
    return Buffer.from(`${text.padEnd(this.#lineBytes - 1 - (Buffer.byteLength(text) - text.length))}\n`);
  }

  /** The file; a new one at first, when it was removed, and when a line has outgrown it. */
  #open(text: string): DiskFile {
    const bytes = Buffer.byteLength(text) + 1;
    if (this.#file !== undefined && bytes <= this.#lineBytes && this.#file.isLinked) return this.#file;
    this.close();
    this.#lineBytes = Math.ceil((bytes + GROWTH_BYTES) / PAGE) * PAGE;
    const making = `${this.#path}.new`;
    this.#disk.remove(making);
    const file = this.#disk.create(making);
    try {
      for (let i = 0; i <= SYNCED_LINES; i++) file.write(this.#line(text), i * this.#lineBytes);
      if (this.#isSynced) file.sync();
      this.#disk.rename(making, this.#path);
      if (this.#isSynced) this.#disk.syncDirectory(this.#directory);
    } catch (error) {
      file.close();
      throw error;
    }
    this.#syncedLine = 0;
    this.#file = file;
    return file;
  }
}
