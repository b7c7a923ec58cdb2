/**
 * Compares documents with claims where each document bears the name of its record: its origin and its place. A claim says how many
 * records of an origin, with which places and bytes, a run has stored in some minutes; each claim is compared by itself, so claims of
 * a run and of the one that read the same bytes again may overlap.
 */
import { ClaimSums, claimOf, lineOf, merged } from '../shipper/audit/claim.js';
import type { Claim } from '../shipper/parts.js';
import { type Finding, type FindingList, Findings, minutesOf } from './findings.js';
import { compare } from './judge.js';
import { keyOf, type OpenClaim, type RunClaim, type SinkLedger } from './ledgers.js';
import { SameTime } from './same-time.js';
import type { StoredRecord } from './service/stored.js';

/** What was found for a claim. */
interface FoundSums {
  add(message: Buffer, place: number): void;
  /** Absent where there is nothing. */
  readonly claim: Claim | undefined;
}

/** A claim, and what was found for it. */
export interface Entry extends RunClaim {
  readonly found: FoundSums;
  /** Whether the claim is the same in a ledger that was read before the service. */
  readonly isSettled: boolean;
}

/** Records that may be stored without a claim, and how many were. */
interface Allowance {
  readonly claim: Claim;
  readonly kind: 'in_flight' | 'replayed';
  readonly run: string;
  found: number;
}

/** What a later part of an audit needs of the documents that were compared, as JSON. */
export interface ExactState {
  readonly others: number;
  /** Records that are stored twice. */
  readonly duplicates: { readonly records: number; readonly findings: number; readonly listed: readonly Finding[] };
  /** By the keys of claims: the sums that were found. */
  readonly found: readonly (readonly [key: string, sums: unknown])[];
  /** By the keys of claims: how many records they explain. */
  readonly allowed: readonly (readonly [key: string, records: number])[];
  readonly unclaimed: readonly (readonly [sums: unknown, ids: readonly string[]])[];
}

const NOTHING: readonly never[] = [];

export class ExactAudit {
  readonly findings = new Findings();
  /** In the order of the claims. */
  readonly entries: readonly Entry[];
  readonly #entries = new Map<string, Entry[]>();
  readonly #allowances = new Map<string, Allowance[]>();
  /** By origin: claims that are only partly in the window. */
  readonly #outside = new Map<string, Claim[]>();
  /** By origin: its claims about the minute that is read. */
  readonly #active = new Map<string, readonly Entry[]>();
  readonly #group: SameTime;
  readonly #unclaimed = new Map<string, { claim: Claim; ids: string[] }>();
  #minute = -1;

  /**
   * @param isSettled whether a claim had the same sums before the service was read
   * @param before of an earlier part of this audit; the claims may have changed since
   */
  constructor(ledger: SinkLedger, isSettled: (claim: RunClaim) => boolean, before?: ExactState) {
    const found = new Map(before?.found);
    this.entries = ledger.stored.map((each) => {
      const { of, minute } = each.claim;
      return { ...each, found: new FoundOf(of, minute, claimOf(found.get(keyOf(each)))), isSettled: isSettled(each) };
    });
    for (const entry of this.entries) listAt(this.#entries, entry.claim.of).push(entry);
    for (const { claim } of ledger.outside ?? []) listAt(this.#outside, claim.of).push(claim);
    for (const { claim, run } of ledger.open)
      listAt(this.#allowances, claim.of).push({ claim, run, kind: 'in_flight', found: 0 });
    for (const { claim, run, fate } of ledger.counted) {
      if (fate === 'deadLettered' || fate === 'dropped')
        listAt(this.#allowances, claim.of).push({ claim, run, kind: 'replayed', found: 0 });
    }
    this.#group = new SameTime((same, id) => this.#duplicate(same, id));
    if (before !== undefined) this.#continue(before);
  }

  /** Of all documents so far. The next one must be of a later time. */
  get state(): ExactState {
    this.#group.end();
    const { others, unexplained } = this.findings;
    const { records, findings, listed } = unexplained;
    return {
      others,
      duplicates: { records, findings, listed },
      found: this.entries.flatMap((each) => (each.found.claim ? [[keyOf(each), lineOf(each.found.claim)]] : [])),
      allowed: [...this.#allowances.values()].flat().map((each) => [`${each.kind} ${keyOf(each)}`, each.found]),
      unclaimed: [...this.#unclaimed.values()].map(({ claim, ids }) => [lineOf(claim), ids]),
    };
  }

  #continue({ others, duplicates, allowed, unclaimed }: ExactState): void {
    this.findings.others = others;
    this.findings.unexplained.addList(duplicates as FindingList<'duplicate'>);
    for (const [sums, ids] of unclaimed) {
      const claim = claimOf(sums);
      if (claim !== undefined) this.#unclaimed.set(`${claim.of} ${claim.minute}`, { claim, ids: [...ids] });
    }
    // Several requests may have one key.
    const left = new Map<string, number>();
    for (const [key, records] of allowed) left.set(key, (left.get(key) ?? 0) + records);
    for (const each of [...this.#allowances.values()].flat()) {
      const key = `${each.kind} ${keyOf(each)}`;
      each.found = Math.min(each.claim.count, left.get(key) ?? 0);
      left.set(key, (left.get(key) ?? 0) - each.found);
    }
  }

  /** Documents come in the order of their times. */
  record(stored: StoredRecord): void {
    const minute = Math.floor(stored.timeMs / 60_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#active.clear();
    }
    const isKnown = stored.of !== undefined && this.#isKnown(stored.of);
    if (!this.#group.isNew(stored, isKnown)) return;
    if (!isKnown) this.findings.others += 1;
    else this.#place(stored, stored.of!, minute);
  }

  /** All documents were read. */
  end(): Findings {
    this.#group.end();
    const { findings } = this;
    for (const entry of this.entries) {
      if (!entry.isSettled) {
        findings.explained.add({
          kind: 'unsettled',
          run: entry.run,
          records: entry.claim.count,
          of: entry.claim.of,
          ...minutesOf(entry.claim),
        });
        continue;
      }
      findings.claimed += entry.claim.count;
      findings.found += entry.found.claim?.count ?? 0;
      this.#judge(entry);
    }
    for (const { claim, ids } of this.#unclaimed.values()) {
      const { of, from, to, count } = claim;
      findings.unexplained.add({ kind: 'unclaimed', of, from, to, records: count, ...minutesOf(claim), ids });
    }
    for (const { kind, claim, run, found } of [...this.#allowances.values()].flat()) {
      if (found > 0)
        findings.explained.add({
          kind,
          run,
          of: claim.of,
          from: claim.from,
          to: claim.to,
          records: found,
          ...minutesOf(claim),
        });
    }
    return findings;
  }

  #isKnown(of: string): boolean {
    return this.#entries.has(of) || this.#allowances.has(of) || this.#outside.has(of);
  }

  #place({ message, place, id }: StoredRecord, of: string, minute: number): void {
    let isClaimed = false;
    for (const { claim, found } of this.#activeOf(of, minute)) {
      if (place < claim.from || place > claim.to) continue;
      found.add(message, place);
      isClaimed = true;
    }
    if (isClaimed || this.#outside.get(of)?.some((claim) => covers(claim, minute, place))) return;
    const allowance = this.#allowances
      .get(of)
      ?.find((each) => each.found < each.claim.count && covers(each.claim, minute, place));
    if (allowance !== undefined) {
      allowance.found += 1;
      return;
    }
    const sums = new ClaimSums(of, minute);
    sums.place(place);
    const key = `${of} ${minute}`;
    const known = this.#unclaimed.get(key);
    const ids = known?.ids ?? [];
    if (ids.length < IDS_MAX) ids.push(id);
    this.#unclaimed.set(key, { claim: known === undefined ? sums.claim : merged(known.claim, sums.claim), ids });
  }

  #activeOf(of: string, minute: number): readonly Entry[] {
    const known = this.#active.get(of);
    if (known !== undefined) return known;
    const entries = this.#entries.get(of) ?? NOTHING;
    const active = entries.filter(({ claim }) => claim.minute <= minute && minute <= claim.lastMinute);
    this.#active.set(of, active);
    return active;
  }

  #judge(entry: Entry): void {
    const { claim, run } = entry;
    const difference = compare(claim, entry.found.claim);
    if (difference === undefined) return;
    const { of } = claim;
    const where = { of, run, from: claim.from, to: claim.to, ...minutesOf(claim) };
    if (difference.kind === 'extra') {
      const explained = this.#extra(entry, difference.records);
      if (explained !== undefined) {
        this.findings.explained.add({ ...where, ...difference, kind: explained });
        return;
      }
    }
    this.findings.unexplained.add({ ...where, ...difference });
  }

  /** Why there may be so many more records among those of a claim. */
  #extra({ claim, run }: Entry, records: number): 'read_again' | 'in_flight' | 'replayed' | undefined {
    const others = (this.#entries.get(claim.of) ?? NOTHING).filter(
      (each) => each.run !== run && overlap(each.claim, claim),
    );
    const allowances = (this.#allowances.get(claim.of) ?? NOTHING).filter((each) => overlap(each.claim, claim));
    const outside = (this.#outside.get(claim.of) ?? NOTHING).filter((each) => overlap(each, claim));
    const again = sumOf(others) + outside.reduce((sum, { count }) => sum + count, 0);
    const room = again + sumOf(allowances);
    if (records > room) return undefined;
    return again >= records ? 'read_again' : (allowances[0]?.kind ?? 'read_again');
  }

  #duplicate({ of, place, timeMs }: StoredRecord, ids: readonly string[]): void {
    const minute = Math.floor(timeMs / 60_000);
    this.findings.unexplained.add({
      kind: 'duplicate',
      ...(of !== undefined && { of }),
      ...{ records: 1, from: place, to: place, places: [place], ids },
      ...minutesOf({ minute, lastMinute: minute }),
    });
  }
}

/** Ids of unclaimed documents that are named, for each origin and minute. */
const IDS_MAX = 10;

/** What was found for a claim, in this part of an audit and those before. */
class FoundOf implements FoundSums {
  readonly #sums: ClaimSums;
  readonly #before: Claim | undefined;

  constructor(of: string, minute: number, before: Claim | undefined) {
    this.#sums = new ClaimSums(of, minute);
    this.#before = before;
  }

  add(message: Buffer, place: number): void {
    this.#sums.record(
      message,
      new DataView(message.buffer, message.byteOffset, message.length),
      0,
      message.length,
      place,
    );
  }

  get claim(): Claim | undefined {
    const now = this.#sums.count === 0 ? undefined : this.#sums.claim;
    if (now === undefined || this.#before === undefined) return now ?? this.#before;
    return merged(this.#before, now);
  }
}

const covers = ({ minute: first, lastMinute, from, to }: Claim, minute: number, place: number): boolean =>
  first <= minute && minute <= lastMinute && from <= place && place <= to;

const overlap = (one: Claim, other: Claim): boolean =>
  one.minute <= other.lastMinute && other.minute <= one.lastMinute && one.from <= other.to && other.from <= one.to;

const sumOf = (claims: readonly (RunClaim | OpenClaim | Allowance)[]): number =>
  claims.reduce((sum, { claim }) => sum + claim.count, 0);

function listAt<T>(map: Map<string, T[]>, key: string): T[] {
  const known = map.get(key) ?? [];
  map.set(key, known);
  return known;
}
