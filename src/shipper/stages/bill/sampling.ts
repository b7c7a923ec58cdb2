/** Which records a sample has: decided by their ids, so that a shipper that reads a record again decides alike. */
import type { Origin } from '../../parts.js';

/** From 0 up to, not including, 1; evenly spread over the records of an origin. */
export function sampleOf(originHash: number, seq: number): number {
  let hash = originHash ^ (seq >>> 0);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash ^= Math.floor(seq / 0x1_0000_0000);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16), 0x27d4eb2f);
  return ((hash ^ (hash >>> 15)) >>> 0) / 0x1_0000_0000;
}

/** FNV-1a of the id. */
export function hashOf({ id }: Origin): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return hash;
}
