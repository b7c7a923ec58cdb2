/** Where the words of a ring's header are. */
import { RING_HEADER, type RingWord } from '../../../contract.js';

export type Word = (typeof RING_HEADER)[number]['name'];

export const offsetOf = (word: Word): number =>
  (RING_HEADER as readonly RingWord[]).find(({ name }) => name === word)!.offset;

/** A number that any process may have written. */
export function countAt(bytes: Buffer, at: number): number {
  return Math.min(Number(bytes.readBigUInt64LE(at)), Number.MAX_SAFE_INTEGER);
}
