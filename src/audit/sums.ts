/**
 * Compares events with claims where events have no names: of each log stream, the number of the events of some minutes and the sums
 * over them. What a run stored twice after a lost answer is there twice.
 */
import { ClaimSums, merged } from '../shipper/audit/claim.js';
import type { Claim } from '../shipper/parts.js';
import { Findings, minutesOf } from './findings.js';
import { compare, type Difference } from './judge.js';
import type { OpenClaim, RunClaim, SinkLedger } from './ledgers.js';
import type { StoredEvent } from './service/stored.js';

/** Requests with lost answers that are tried in all combinations. */
const TRIED_MAX = 12;

export class SumAudit {
  readonly #found = new Map<string, Map<number, { before: Claim | undefined; sums: ClaimSums }>>();

  /** @param found what an earlier part of this audit has found */
  constructor(found: readonly Claim[] = []) {
    for (const claim of found) this.#at(claim.of, claim.minute).before = claim;
  }

  event(stream: string, { timeMs, message }: StoredEvent): void {
    const { sums } = this.#at(stream, Math.floor(timeMs / 60_000));
    sums.record(message, new DataView(message.buffer, message.byteOffset, message.length), 0, message.length, timeMs);
  }

  /** By stream and minute. */
  get found(): readonly Claim[] {
    return [...this.#found.values()].flatMap((minutes) =>
      [...minutes.values()].map(sumsOf).filter((sums) => sums !== undefined),
    );
  }

  /** All events were read. `isSettled` says of a claim that its sums were the same before. */
  end({ stored, open, outside = [] }: SinkLedger, isSettled: (claim: RunClaim) => boolean): Findings {
    const findings = new Findings();
    const found = this.found;
    for (const of of new Set([...stored, ...open].map(({ claim }) => claim.of))) {
      const isOf = ({ claim }: RunClaim) => claim.of === of;
      for (const part of connected(
        stored.filter(isOf),
        open.filter(isOf),
        found.filter((claim) => claim.of === of),
        outside.filter(isOf),
      )) {
        // Nothing can be said about minutes of which a claim has others, too.
        if (part.outside.length === 0) judge(part, findings, isSettled);
      }
    }
    return findings;
  }

  #at(of: string, minute: number) {
    let minutes = this.#found.get(of);
    if (minutes === undefined) {
      minutes = new Map();
      this.#found.set(of, minutes);
    }
    let at = minutes.get(minute);
    if (at === undefined) {
      at = { before: undefined, sums: new ClaimSums(of, minute) };
      minutes.set(minute, at);
    }
    return at;
  }
}

function sumsOf({ before, sums }: { readonly before: Claim | undefined; readonly sums: ClaimSums }): Claim | undefined {
  const now = sums.count === 0 ? undefined : sums.claim;
  return now === undefined || before === undefined ? (now ?? before) : merged(before, now);
}

/** Claims and events of minutes that overlap: they can only be compared together. */
interface Part {
  readonly stored: RunClaim[];
  readonly open: OpenClaim[];
  readonly found: Claim[];
  readonly outside: RunClaim[];
  first: number;
  last: number;
}

function connected(
  stored: readonly RunClaim[],
  open: readonly OpenClaim[],
  found: readonly Claim[],
  outside: readonly RunClaim[],
): readonly Part[] {
  const all = [
    ...stored.map((each) => ({ claim: each.claim, add: (part: Part) => part.stored.push(each) })),
    ...open.map((each) => ({ claim: each.claim, add: (part: Part) => part.open.push(each) })),
    ...found.map((claim) => ({ claim, add: (part: Part) => part.found.push(claim) })),
    ...outside.map((each) => ({ claim: each.claim, add: (part: Part) => part.outside.push(each) })),
  ].sort((one, other) => one.claim.minute - other.claim.minute);
  const parts: Part[] = [];
  for (const { claim, add } of all) {
    let part = parts.at(-1);
    if (part === undefined || claim.minute > part.last) {
      part = { stored: [], open: [], found: [], outside: [], first: claim.minute, last: claim.lastMinute };
      parts.push(part);
    }
    part.last = Math.max(part.last, claim.lastMinute);
    add(part);
  }
  return parts;
}

const total = (claims: readonly Claim[]): Claim | undefined =>
  claims.length === 0 ? undefined : claims.reduce((sum, claim) => merged(sum, claim));

function judge(
  { stored, open, found, first, last }: Part,
  findings: Findings,
  isSettled: (claim: RunClaim) => boolean,
): void {
  const claims = stored.map(({ claim }) => claim);
  const claim = total(claims);
  const there = total(found);
  const of = (claim ?? there ?? open[0]!.claim).of;
  const where = { of, ...minutesOf({ minute: first, lastMinute: last }) };
  const count = claim?.count ?? 0;
  if (!stored.every(isSettled)) {
    findings.explained.add({ kind: 'unsettled', records: count, ...where });
    return;
  }
  findings.claimed += count;
  findings.found += there?.count ?? 0;
  const { difference, repeated } = closest(claim ?? nothing(of, first), there, repeatable(open));
  if (repeated > 0) {
    const kind = open.some(({ isLost: each }) => each) ? 'possible_duplicate' : 'in_flight';
    findings.explained.add({ ...where, kind, records: repeated });
  }
  if (difference === undefined) return;
  const { isAltered: _, ...said } = difference;
  findings.unexplained.add({ ...where, ...said });
}

const nothing = (of: string, minute: number): Claim => {
  return { of, minute, lastMinute: minute, from: 0, to: 0, count: 0, places: 0n, digest: 0n, weighted: 0 };
};

/** Each request that may be stored, as often as it may. */
const repeatable = (open: readonly OpenClaim[]): readonly Claim[] =>
  open
    .flatMap(({ claim, times }) => Array.from({ length: Math.min(times, TRIED_MAX) }, () => claim))
    .slice(0, TRIED_MAX);

interface Closest {
  /** Absent where the events are exactly the claim and some of the requests. */
  readonly difference: Difference | undefined;
  /** Records of those requests. */
  readonly repeated: number;
}

/** Compares with the claim and those of the requests that leave the least difference. */
function closest(claim: Claim, there: Claim | undefined, may: readonly Claim[]): Closest {
  let best: Closest = { difference: compare(claim, there), repeated: 0 };
  for (let chosen = 1; chosen < 2 ** may.length && best.difference !== undefined; chosen++) {
    const some = may.filter((_, i) => (chosen >> i) % 2 === 1);
    const repeated = some.reduce((sum, { count }) => sum + count, 0);
    // A sum is only built where it can be closer.
    const off = Math.abs(claim.count + repeated - (there?.count ?? 0));
    if (off > best.difference.records) continue;
    const difference = compare(some.reduce(merged, claim), there);
    if (difference === undefined || difference.records < best.difference.records) best = { difference, repeated };
  }
  return best;
}
