/**
 * The audit ledger: the claims of every run of a shipper. Lines of NDJSON, each an array:
 *
 *     ["run", RUN, STARTED_MS]                    the lines below, up to the next "run", are of this run
 *     ["sent", K, SINK, CLAIM...]                 request K leaves: from now on it may be stored
 *     ["again", K]                                its answer was lost, and it leaves once more
 *     ["stored", K, CLAIM...]                     acknowledged: these, or all of them without any
 *     ["none", K]                                 nothing is stored of this attempt
 *     ["lost", K, TIMES, WAITING]                 the answer is lost: it may be stored; once without TIMES. WAITING: how many records of
 *                                                 each claim no later request has stored; all without it
 *     ["kept", SINK, CLAIM...]                    acknowledged, of requests that are merged
 *     ["fate", FATE, SINK, REASON, CLAIM...]      not stored, and counted; SINK is "*" where it concerns all
 *     ["forgotten", CLAIMS, RECORDS, MINUTE]      the oldest claims were dropped for room: those up to this minute
 *     ["end", TOTALS]                             an ordered end, with the ledger of the shipper's last line
 *     ["now", TOTALS]                             at `/audit`, in no file: the same of a run that goes on
 *
 * In the shipper's log, each of them but the first and "forgotten" ends with {"run":RUN}: lines of several shippers may alternate there.
 *
 * Requests are merged into sums, so a book is as long as there are origins and minutes, not as records.
 */
import type { Claim } from '../parts.js';
import { claimOf, lineOf } from './claim.js';
import { addAll, type ClaimMap, StoredClaims } from './stored-claims.js';

export type { ClaimMap };

export type AuditEntry = readonly [kind: string, ...rest: readonly unknown[]];
export type AuditFate = 'withheld' | 'recalled' | 'dropped' | 'deadLettered';
const FATES: readonly string[] = ['withheld', 'recalled', 'dropped', 'deadLettered'] satisfies AuditFate[];

/** Whether the service of a sink, or of that of a container, knows records by their ids. */
export const hasIds = (sink: string): boolean => sink === 'opensearch' || sink.startsWith('opensearch@');

/** A request whose outcome is open. */
export interface OpenRequest {
  readonly sink: string;
  readonly claims: readonly Claim[];
  /** Attempts whose answer was lost: each may be stored. */
  lost: number;
  /** Whether an attempt has left and has no outcome: of a run that was killed, or is still running. */
  isOut: boolean;
}

export interface CountedClaims {
  readonly fate: AuditFate;
  readonly sink: string;
  readonly reason: string;
  readonly claims: ClaimMap;
}

export class RunBook {
  /** By sink. */
  readonly stored = new Map<string, StoredClaims>();
  readonly open = new Map<number, OpenRequest>();
  readonly counted = new Map<string, CountedClaims>();
  /** Of its end. Absent where it was killed, or runs. */
  totals: unknown;

  constructor(
    readonly run: string,
    public startedMs: number,
  ) {}

  storedIn(sink: string): StoredClaims {
    const known = this.stored.get(sink) ?? new StoredClaims();
    this.stored.set(sink, known);
    return known;
  }

  addCounted(fate: AuditFate, sink: string, reason: string, claims: readonly Claim[]): void {
    const key = JSON.stringify([fate, sink, reason]);
    const known = this.counted.get(key) ?? { fate, sink, reason, claims: new Map() };
    this.counted.set(key, known);
    addAll(known.claims, claims);
    if (fate === 'dropped' || fate === 'deadLettered') this.stored.get(sink)?.take(claims);
  }
}

export interface Forgotten {
  readonly claims: number;
  readonly records: number;
  /** All are of this minute or an earlier one. */
  readonly minute: number;
}

export class AuditBook {
  readonly runs = new Map<string, RunBook>();
  forgotten: Forgotten = { claims: 0, records: 0, minute: 0 };
  #current: RunBook | undefined;

  /** Anything may be in a file: what is no entry, and no claim, is ignored. Whether it was a whole one. */
  add(entry: unknown): boolean {
    if (!Array.isArray(entry)) return false;
    const [kind, ...rest] = entry;
    if (kind === 'run') return this.#run(rest);
    if (kind === 'forgotten') return this.#forgotten(rest);
    const named = runNamedBy(rest.at(-1));
    const book = named === undefined ? this.#current : this.runs.get(named);
    if (named !== undefined) rest.pop();
    return book !== undefined && addTo(book, kind, rest) && (kind === 'lost' || hasOnlyClaims(rest));
  }

  /** Each line of a text that is an entry. Returns how many there were. */
  addText(text: string): number {
    let found = 0;
    for (let from = 0, to = text.indexOf('\n'); to >= 0; from = to + 1, to = text.indexOf('\n', from)) {
      if (this.add(parsed(text.slice(from, to)))) found += 1;
    }
    return found;
  }

  forget(claim: Claim): void {
    const { claims, records, minute } = this.forgotten;
    this.forgotten = {
      claims: claims + 1,
      records: records + claim.count,
      minute: Math.max(minute, claim.lastMinute),
    };
  }

  /** The same book in as few entries. */
  *entries(): Generator<AuditEntry> {
    const { claims, records, minute } = this.forgotten;
    if (claims > 0) yield ['forgotten', claims, records, minute];
    for (const book of this.runs.values()) yield* entriesOf(book);
  }

  #run([run, startedMs]: readonly unknown[]): boolean {
    if (typeof run !== 'string' || !isNumber(startedMs)) return false;
    // A ledger may be in a text twice, as in a log: the later one is the longer one.
    this.#current = new RunBook(run, startedMs);
    this.runs.set(run, this.#current);
    return true;
  }

  #forgotten([claims, records, minute]: readonly unknown[]): boolean {
    if (!isNumber(claims) || !isNumber(records) || !isNumber(minute)) return false;
    const { forgotten } = this;
    this.forgotten = {
      claims: claims + forgotten.claims,
      records: records + forgotten.records,
      minute: Math.max(minute, forgotten.minute),
    };
    return true;
  }
}

/** Lines of entries, each of which names its run. */
export function withRuns(lines: readonly string[]): readonly string[] {
  let run = '';
  return lines.map((line) => {
    const [kind, id] = JSON.parse(line);
    if (kind === 'run') run = id;
    return kind === 'run' || kind === 'forgotten' ? line : `${line.slice(0, -1)},${JSON.stringify({ run })}]`;
  });
}

/** Where the last element of an entry names a run. */
function runNamedBy(last: unknown): string | undefined {
  if (typeof last !== 'object' || last === null || Object.keys(last).join() !== 'run') return undefined;
  const { run } = last as { readonly run: unknown };
  return typeof run === 'string' ? run : undefined;
}

/** Claims of one line: many, so that short origins do not take a line each. */
const CLAIMS_PER_LINE = 50;

function* entriesOf(book: RunBook): Generator<AuditEntry> {
  yield ['run', book.run, book.startedMs];
  for (const [sink, claims] of book.stored) yield* inLines(claims.settled.values(), ['kept', sink]);
  for (const { fate, sink, reason, claims } of book.counted.values()) {
    yield* inLines(claims.values(), ['fate', fate, sink, reason]);
  }
  // Before what is stored behind them; all at first, as a request takes records of those before it.
  for (const [k, { sink, claims }] of book.open) yield ['sent', k, sink, ...claims.map(lineOf)];
  for (const [k, { sink, claims, lost, isOut }] of book.open) {
    if (lost > 0) yield ['lost', k, lost, book.storedIn(sink).waitingOf(k, claims)];
    if (lost > 0 && isOut) yield ['again', k];
  }
  for (const [sink, stored] of book.stored) {
    yield* inLines([...stored.ahead.values()].flat(), ['kept', sink]);
  }
  if (book.totals !== undefined) yield ['end', book.totals];
}

function* inLines(claims: Iterable<Claim>, head: AuditEntry): Generator<AuditEntry> {
  let lines: unknown[] = [];
  for (const claim of claims) {
    if (lines.push(lineOf(claim)) < CLAIMS_PER_LINE) continue;
    yield [...head, ...lines];
    lines = [];
  }
  if (lines.length > 0) yield [...head, ...lines];
}

function addTo(book: RunBook, kind: unknown, rest: readonly unknown[]): boolean {
  const [first, second, third] = rest;
  if (kind === 'kept' && typeof first === 'string') {
    book.storedIn(first).stored(claimsIn(rest.slice(1)));
    return true;
  }
  if (kind === 'fate' && FATES.includes(first as string) && typeof second === 'string' && typeof third === 'string') {
    book.addCounted(first as AuditFate, second, third, claimsIn(rest.slice(3)));
    return true;
  }
  if (kind === 'end') book.totals = first;
  if (kind === 'end' || kind === 'now') return true;
  return isNumber(first) && addOutcome(book, kind, first, rest.slice(1));
}

function addOutcome(book: RunBook, kind: unknown, k: number, rest: readonly unknown[]): boolean {
  const [sink, waiting] = rest;
  if (kind === 'sent' && typeof sink === 'string') {
    const claims = claimsIn(rest.slice(1));
    book.open.set(k, { sink, claims, lost: 0, isOut: true });
    book.storedIn(sink).sent(k, claims);
    return true;
  }
  const request = book.open.get(k);
  if (request === undefined) return false;
  const stored = book.storedIn(request.sink);
  if (kind === 'stored') {
    const some = rest.length > 0 ? claimsIn(rest) : request.claims;
    stored.done(k, request.claims);
    stored.stored(some);
    // Under its id a record is stored once, however often it leaves.
    if (rest.length === 0 && hasIds(request.sink)) request.lost = 0;
  } else if (kind === 'lost') {
    request.lost += isNumber(sink) ? sink : 1;
    if (Array.isArray(waiting))
      stored.wait(
        k,
        request.claims,
        waiting.map((each) => (isNumber(each) ? each : 0)),
      );
  } else if (kind === 'none') stored.done(k, request.claims);
  else if (kind !== 'again') return false;
  request.isOut = kind === 'again';
  if (!request.isOut && request.lost === 0) book.open.delete(k);
  return true;
}

const claimsIn = (lines: readonly unknown[]): readonly Claim[] =>
  lines.map(claimOf).filter((claim) => claim !== undefined);

const hasOnlyClaims = (rest: readonly unknown[]): boolean =>
  rest.every((each) => !Array.isArray(each) || claimOf(each) !== undefined);

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
