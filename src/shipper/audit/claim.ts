/**
 * What the shipper claims of records that share an origin, or a log stream, and some minutes: their number and sums over them.
 * Sums need no memory per record, merge in any order, and tell which record is missing when one is. In a line of the ledger:
 *
 *     [OF, MINUTE, LAST_MINUTE, FROM, TO, COUNT, "PLACES", "DIGEST", WEIGHTED]
 *
 *     OF                     id of the origin, or name of the log stream
 *     MINUTE, LAST_MINUTE    of the stored times: whole minutes since 1970, both included
 *     FROM, TO               the least and the greatest place; in a log stream the place of an event is its time in milliseconds
 *     PLACES                 sum of the places, modulo 2^64, hexadecimal
 *     DIGEST                 sum of the hashes of the stored messages, modulo 2^64, hexadecimal
 *     WEIGHTED               sum of the lower halves of the hashes, each multiplied by its weight, modulo 2^32
 */
import { isUtf8 } from 'node:buffer';
import type { Claim, RecordBatch } from '../parts.js';
import { hashed, hashRecord } from './record-hash.js';

export type ClaimLine = readonly [string, number, number, number, number, number, string, string, number];

const HALF = 2 ** 32;
const MICROS_PER_MINUTE = 60e6;

/** The minute of a time as it is stored: rounded to microseconds. */
export const minuteOf = (timeMs: number): number => Math.floor(Math.round(timeMs * 1000) / MICROS_PER_MINUTE);

/** A multiplier that differs from place to place, and is odd. */
export const weightOf = (place: number): number =>
  ((Math.imul(place | 0, 0x9e3779b1) ^ Math.floor(place / HALF)) << 1) | 1;

/** Sums up records of one origin and minute. */
export class ClaimSums {
  #from = Number.POSITIVE_INFINITY;
  #to = 0;
  #count = 0;
  /** Halves apart: sums of places do not fit a double. */
  #placesLow = 0;
  #placesHigh = 0;
  #digestLow = 0;
  #digestHigh = 0;
  #weighted = 0;
  #digest = 0n;

  constructor(
    readonly of: string,
    readonly minute: number,
  ) {}

  /** A record without its message. */
  place(place: number): void {
    if (place < this.#from) this.#from = place;
    if (place > this.#to) this.#to = place;
    this.#count += 1;
    // A remainder of doubles is a call of the C library.
    this.#placesLow += place >>> 0;
    this.#placesHigh += Math.floor(place / HALF);
  }

  /** A record with its message, from `start` up to, not including, `end`. */
  record(bytes: Uint8Array, view: DataView, start: number, end: number, place: number): void {
    this.place(place);
    hashRecord(bytes, view, start, end, place);
    const low = hashed[0]!;
    this.#weighted = (this.#weighted + Math.imul(low, weightOf(place))) | 0;
    this.#digestLow += low >>> 0;
    this.#digestHigh += hashed[1]! >>> 0;
    // Before a double would round.
    if (this.#digestHigh > Number.MAX_SAFE_INTEGER - HALF || this.#digestLow > Number.MAX_SAFE_INTEGER - HALF)
      this.#carry();
  }

  get count(): number {
    return this.#count;
  }

  get claim(): Claim {
    this.#carry();
    return {
      ...{
        of: this.of,
        minute: this.minute,
        lastMinute: this.minute,
        from: this.#from,
        to: this.#to,
        count: this.#count,
      },
      places: BigInt.asUintN(64, (BigInt(this.#placesHigh) << 32n) + BigInt(this.#placesLow)),
      digest: this.#digest,
      weighted: this.#weighted >>> 0,
    };
  }

  #carry(): void {
    this.#digest = BigInt.asUintN(64, this.#digest + (BigInt(this.#digestHigh) << 32n) + BigInt(this.#digestLow));
    this.#digestLow = 0;
    this.#digestHigh = 0;
  }
}

export interface ClaimOptions {
  /** Whether messages are hashed. Of records that are not stored only the places are kept. */
  readonly withMessages: boolean;
  /** The stored time of each record of the batch. @default - that of its write */
  readonly timeMs?: Float64Array;
}

/** The claims of these records of a batch, by origin and minute, as they are stored: invalid UTF-8 is U+FFFD. */
export function claimsOf(
  batch: RecordBatch,
  { withMessages, timeMs = batch.timeMs }: ClaimOptions,
  records?: readonly number[],
): readonly Claim[] {
  const { bytes, seq, origins, origin, start, length } = batch;
  const messages = withMessages ? new StoredMessages(bytes) : undefined;
  const all = new ClaimTable();
  const count = records?.length ?? batch.count;
  for (let at = 0; at < count; at++) {
    const i = records?.[at] ?? at;
    const sums = all.sums(origins[origin[i]!]!.id, minuteOf(timeMs[i]!));
    if (messages === undefined) sums.place(seq[i]!);
    else messages.addTo(sums, start[i]!, start[i]! + length[i]!, seq[i]!);
  }
  return all.claims;
}

/** Sums by origin and minute. Records of one origin come in runs. */
export class ClaimTable {
  readonly #sums = new Map<string, Map<number, ClaimSums>>();
  #last: ClaimSums | undefined;

  sums(of: string, minute: number): ClaimSums {
    if (this.#last !== undefined && this.#last.of === of && this.#last.minute === minute) return this.#last;
    let minutes = this.#sums.get(of);
    if (minutes === undefined) {
      minutes = new Map();
      this.#sums.set(of, minutes);
    }
    let sums = minutes.get(minute);
    if (sums === undefined) {
      sums = new ClaimSums(of, minute);
      minutes.set(minute, sums);
    }
    this.#last = sums;
    return sums;
  }

  get claims(): readonly Claim[] {
    return [...this.#sums.values()].flatMap((minutes) => [...minutes.values()].map(({ claim }) => claim));
  }
}

/** Messages of a slab as a sink stores them. */
export class StoredMessages {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Of the whole slab: then only a message that begins or ends inside a character can be invalid. */
  readonly #isUtf8: boolean;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#isUtf8 = isUtf8(bytes);
  }

  addTo(sums: ClaimSums, start: number, end: number, place: number): void {
    if (this.#isValid(start, end)) {
      sums.record(this.#bytes, this.#view, start, end, place);
      return;
    }
    const stored = Buffer.from(Buffer.from(this.#bytes.subarray(start, end)).toString());
    sums.record(stored, new DataView(stored.buffer, stored.byteOffset, stored.byteLength), 0, stored.length, place);
  }

  #isValid(start: number, end: number): boolean {
    if (!this.#isUtf8) return isUtf8(this.#bytes.subarray(start, end));
    return !isInside(this.#bytes, start) && !isInside(this.#bytes, end);
  }
}

/** Whether a position of a valid text is within a character. Not a closure: a bundle would name each one that is made. */
const isInside = (bytes: Uint8Array, at: number): boolean => at < bytes.length && (bytes[at]! & 0xc0) === 0x80;

/** Of the same origin: of one run, or of records that no two runs share. */
export function merged(one: Claim, other: Claim): Claim {
  return {
    of: one.of,
    minute: Math.min(one.minute, other.minute),
    lastMinute: Math.max(one.lastMinute, other.lastMinute),
    from: Math.min(one.from, other.from),
    to: Math.max(one.to, other.to),
    count: one.count + other.count,
    places: BigInt.asUintN(64, one.places + other.places),
    digest: BigInt.asUintN(64, one.digest + other.digest),
    weighted: (one.weighted + other.weighted) >>> 0,
  };
}

export const lineOf = (claim: Claim): ClaimLine => {
  const { of, minute, lastMinute, from, to, count, places, digest, weighted } = claim;
  return [of, minute, lastMinute, from, to, count, places.toString(16), digest.toString(16), weighted];
};

const HEX = /^[0-9a-f]{1,16}$/;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** `undefined` where it is no claim. */
export function claimOf(line: unknown): Claim | undefined {
  if (!Array.isArray(line)) return undefined;
  const [of, minute, lastMinute, from, to, count, places, digest, weighted] = line as unknown as ClaimLine;
  const numbers = [minute, lastMinute, from, to, count, weighted];
  if (typeof of !== 'string' || !numbers.every(isCount) || ![places, digest].every((hex) => HEX.test(hex)))
    return undefined;
  return {
    of,
    minute,
    lastMinute,
    from,
    to,
    count,
    places: BigInt(`0x${places}`),
    digest: BigInt(`0x${digest}`),
    weighted,
  };
}
