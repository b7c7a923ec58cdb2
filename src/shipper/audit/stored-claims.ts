/**
 * Claims of what a run has stored in one service, merged as far as nothing is hidden by that. Where a request is acknowledged before an
 * earlier one, the records of the earlier one lie within its claim if both are merged. A kill leaves them so, the next run stores them,
 * and then as many missing records of the first run would not be noticed.
 */
import type { Claim } from '../parts.js';
import { merged } from './claim.js';

export type ClaimMap = Map<string, Claim>;

/** Records of a request that have left, and are not stored by it or a later one. */
interface Waiting {
  readonly request: number;
  readonly claim: Claim;
  records: number;
}

/** Claims of an origin that stay apart. More come where one record waits for long and others do not. */
const AHEAD_MAX = 64;

const keyOf = ({ of, minute, lastMinute }: Claim) => `${minute} ${lastMinute} ${of}`;

export function addAll(map: ClaimMap, claims: Iterable<Claim>): void {
  for (const claim of claims) {
    const key = keyOf(claim);
    const known = map.get(key);
    map.set(key, known === undefined ? claim : merged(known, claim));
  }
}

export class StoredClaims {
  /** Before every record that waits. */
  readonly settled: ClaimMap = new Map();
  /** By origin, behind a record that waits. */
  readonly ahead = new Map<string, Claim[]>();
  readonly #waiting = new Map<string, Waiting[]>();

  *values(): Generator<Claim> {
    yield* this.settled.values();
    for (const claims of this.ahead.values()) yield* claims;
  }

  /** They leave in a request. Those of earlier requests among them are no longer expected of these. */
  sent(request: number, claims: readonly Claim[]): void {
    this.take(claims);
    for (const claim of claims) {
      const waiting = this.#waiting.get(claim.of) ?? [];
      this.#waiting.set(claim.of, waiting);
      waiting.push({ request, claim, records: claim.count });
    }
  }

  stored(claims: readonly Claim[]): void {
    for (const claim of claims) {
      const ahead = this.ahead.get(claim.of) ?? [];
      this.ahead.set(claim.of, ahead);
      ahead.push(claim);
      this.#settle(claim.of);
    }
  }

  /** Records that wait are in another request, or counted. */
  take(claims: readonly Claim[]): void {
    for (const claim of claims) {
      let { count } = claim;
      for (const each of this.#waiting.get(claim.of) ?? []) {
        if (!overlap(each.claim, claim)) continue;
        const taken = Math.min(count, each.records);
        each.records -= taken;
        count -= taken;
      }
      this.#settle(claim.of);
    }
  }

  /** Nothing of a request waits any more: what is not stored was refused, or is in another request. */
  done(request: number, claims: readonly Claim[]): void {
    this.wait(request, claims, []);
  }

  /** How many records of each claim of a request wait. */
  waitingOf(request: number, claims: readonly Claim[]): readonly number[] {
    return claims.map(({ of, minute }) => {
      const all = this.#waiting.get(of) ?? [];
      return all.find((each) => each.request === request && each.claim.minute === minute)?.records ?? 0;
    });
  }

  /** Only so many of each claim. */
  wait(request: number, claims: readonly Claim[], records: readonly number[]): void {
    for (const [i, { of, minute }] of claims.entries()) {
      for (const each of this.#waiting.get(of) ?? []) {
        if (each.request === request && each.claim.minute === minute)
          each.records = Math.min(each.records, records[i] ?? 0);
      }
      this.#settle(of);
    }
  }

  /** Of an origin: what lies before all that waits is merged. */
  #settle(of: string): void {
    const waiting = (this.#waiting.get(of) ?? []).filter(({ records }) => records > 0);
    if (waiting.length > 0) this.#waiting.set(of, waiting);
    else this.#waiting.delete(of);
    const ahead = this.ahead.get(of);
    if (ahead === undefined) return;
    const isFull = ahead.length > AHEAD_MAX;
    const first = waiting.reduce((least, { claim: { from } }) => Math.min(least, from), Number.POSITIVE_INFINITY);
    const isBefore = ({ to }: Claim) => isFull || to < first;
    addAll(this.settled, ahead.filter(isBefore));
    const left = ahead.filter((claim) => !isBefore(claim));
    if (left.length > 0) this.ahead.set(of, left);
    else this.ahead.delete(of);
  }
}

const overlap = (one: Claim, other: Claim): boolean =>
  one.minute <= other.lastMinute && other.minute <= one.lastMinute && one.from <= other.to && other.from <= one.to;
