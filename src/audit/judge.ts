/** What a difference between the sums of a claim and those of the service says. */
import { weightOf } from '../shipper/audit/claim.js';
import type { Claim } from '../shipper/parts.js';

export interface Difference {
  readonly kind: 'missing' | 'altered' | 'extra' | 'different';
  readonly records: number;
  /** The place of a single record that differs. */
  readonly places?: readonly number[];
  /** Of an altered record: tells whether it is the one with this place. */
  readonly isAltered?: (place: number) => boolean;
}

/** `undefined` where they are equal. */
export function compare(claim: Claim, found: Claim | undefined): Difference | undefined {
  const count = found?.count ?? 0;
  const places = BigInt.asUintN(64, claim.places - (found?.places ?? 0n));
  const digest = BigInt.asUintN(64, claim.digest - (found?.digest ?? 0n));
  if (count < claim.count) {
    const records = claim.count - count;
    return { kind: 'missing', records, ...single(records, places) };
  }
  if (count > claim.count) {
    const records = count - claim.count;
    return { kind: 'extra', records, ...single(records, BigInt.asUintN(64, -places)) };
  }
  if (places === 0n && digest === 0n) return undefined;
  if (places !== 0n) return { kind: 'different', records: 1 };
  const delta = Number(BigInt.asUintN(32, digest)) | 0;
  const weighted = (claim.weighted - found!.weighted) | 0;
  return {
    kind: 'altered',
    records: 1,
    isAltered: (place) => (Math.imul(delta, weightOf(place)) | 0) === weighted,
  };
}

/** The difference of the places of all records but one is the place of that one. */
function single(records: number, places: bigint): { readonly places?: readonly number[] } {
  if (records !== 1 || places > BigInt(Number.MAX_SAFE_INTEGER)) return {};
  return { places: [Number(places)] };
}
