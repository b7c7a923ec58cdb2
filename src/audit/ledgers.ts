/** Audit ledgers of one or more shippers, as they lie in files, at `/audit`, or in the shipper's log. */
import type { AuditRequest } from '../cli/audit/audit-module.js';
import { AuditBook, hasIds, type RunBook } from '../shipper/audit/audit-book.js';
import type { Claim } from '../shipper/parts.js';
import { ledgerText } from './ledger-text.js';

/** What an audit needs of one sink. */
export interface SinkLedger {
  readonly stored: readonly RunClaim[];
  /** Of requests that may be stored, each so many times. */
  readonly open: readonly OpenClaim[];
  /** Counted, and not stored. */
  readonly counted: readonly CountedClaim[];
  /** Stored, and only partly in the window: what is there of them is not judged. */
  readonly outside?: readonly RunClaim[];
}

export interface RunClaim {
  readonly run: string;
  readonly claim: Claim;
}

/** Of the records that a claim is about: the same while its sums change. */
export const keyOf = ({ run, claim: { of, minute, lastMinute, from } }: RunClaim) =>
  `${run} ${minute} ${lastMinute} ${from} ${of}`;

export interface OpenClaim extends RunClaim {
  /** How often at most. */
  readonly times: number;
  /** Whether that is because answers were lost, and not only because the run was killed, or is running. */
  readonly isLost: boolean;
}

export interface CountedClaim extends RunClaim {
  readonly fate: string;
  readonly reason: string;
}

/** What was read, as JSON. */
export interface LedgerTexts {
  readonly texts: readonly string[];
  readonly missing?: readonly MissingLedger[];
}

export interface MissingLedger {
  /** With its namespace. */
  readonly pod: string;
  readonly reason: string;
}

export class Ledgers {
  readonly #books: readonly AuditBook[];
  /** Lines of the ledgers that are damaged, or of a later release. */
  readonly unreadable: number;
  /** In the order of their start. A run that two ledgers have is taken from the one that has its end. */
  readonly runs: readonly RunBook[];

  /** Pods whose ledger is not there. */
  readonly missing: readonly MissingLedger[];

  constructor({ texts, missing = [] }: LedgerTexts) {
    this.missing = missing;
    const read = texts.map(bookOf);
    this.#books = read.map(({ book }) => book);
    this.unreadable = read.reduce((sum, { unreadable }) => sum + unreadable, 0);
    const runs = new Map<string, RunBook>();
    for (const book of this.#books) {
      for (const [id, run] of book.runs) {
        if (runs.get(id)?.totals === undefined) runs.set(id, run);
      }
    }
    this.runs = [...runs.values()].sort((one, other) => one.startedMs - other.startedMs);
  }

  get forgotten() {
    return this.#books.map(({ forgotten }) => forgotten).filter(({ claims }) => claims > 0);
  }

  /** Whether every run has ended: then nothing changes any more. */
  get isFinal(): boolean {
    return this.runs.every((run) => this.stateOf(run) !== 'open');
  }

  /** A run without an end was killed if another one comes after it in its ledger. */
  stateOf({ run, totals }: RunBook): 'ended' | 'killed' | 'open' {
    if (totals !== undefined) return 'ended';
    return this.#books.some((book) => [...book.runs.keys()].at(-1) === run) ? 'open' : 'killed';
  }

  /** Of runs that have ended and forgot nothing: how many records they delivered beyond those that their claims are about. */
  *unclaimed(sink: string): Generator<{ readonly run: string; readonly records: number }> {
    // Elsewhere a long record is several events.
    if (!hasIds(sink) || this.forgotten.length > 0) return;
    for (const { run, totals, stored } of this.runs) {
      const delivered = (totals as { readonly delivered?: Readonly<Record<string, unknown>> } | undefined)?.delivered;
      const claimed = [...(stored.get(sink)?.values() ?? [])].reduce((sum, { count }) => sum + count, 0);
      const records = Number(delivered?.[sink] ?? 0) - claimed;
      if (records > 0) yield { run, records };
    }
  }

  /** Sinks of containers that are of this kind, and have claims. */
  ofContainers(kind: string): readonly string[] {
    const names = this.runs.flatMap(({ stored }) => [...stored.keys()]);
    return [...new Set(names.filter((name) => name.startsWith(`${kind}@`)))].sort();
  }

  of(sink: string): SinkLedger {
    const stored: RunClaim[] = [];
    const open: OpenClaim[] = [];
    const counted: CountedClaim[] = [];
    for (const book of this.runs) {
      const { run } = book;
      for (const claim of book.stored.get(sink)?.values() ?? []) stored.push({ run, claim });
      for (const request of book.open.values()) {
        const times = request.lost + Number(request.isOut);
        if (request.sink === sink)
          open.push(...request.claims.map((claim) => ({ run, claim, times, isLost: request.lost > 0 })));
      }
      for (const { fate, sink: of, reason, claims } of book.counted.values()) {
        if (of !== '*' && of !== sink) continue;
        for (const claim of claims.values()) counted.push({ run, fate, reason, claim });
      }
    }
    return { stored, open, counted };
  }
}

/**
 * An entry per line, or lines of the shipper's log among which some have one. A kill may cut off the last line of a run: it was not
 * noted.
 */
function bookOf(text: string): { readonly book: AuditBook; readonly unreadable: number } {
  const book = new AuditBook();
  const isLog = text.includes(IN_LOG);
  const lines = text.split('\n').map((line) => entryOf(line, isLog));
  let unreadable = 0;
  for (const [i, line] of lines.entries()) {
    if (line === undefined || book.add(parsed(line))) continue;
    const isCut = i === lines.length - 1 || lines[i + 1]?.startsWith('["run",') === true;
    if (!isCut) unreadable += 1;
  }
  return { book, unreadable };
}

const IN_LOG = '{"audit":[';

/** `undefined` where a line has none. */
function entryOf(line: string, isLog: boolean): string | undefined {
  const at = line.indexOf(IN_LOG);
  if (at >= 0) return line.slice(at + IN_LOG.length - 1, line.lastIndexOf('}'));
  return isLog || line.trim() === '' ? undefined : line;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/**
 * Reads each ledger: a file, a URL, or `-` for standard input, and then those of pods. `before` has what was read before. Throws a
 * ConfigError that names the one that cannot be read.
 */
export async function readLedgers(
  { ledgers: places, pods }: Pick<AuditRequest, 'ledgers' | 'pods'>,
  before?: LedgerTexts,
): Promise<LedgerTexts> {
  // Standard input can be read once.
  const named = await Promise.all(
    places.map(async (place, i) => (place === '-' ? (before?.texts[i] ?? ledgerText(place)) : ledgerText(place))),
  );
  const texts = [...named];
  // One that comes later says nothing of what was stored before.
  const missing = new Map((before?.missing ?? []).map(({ pod, reason }) => [pod, reason]));
  for (const { namespace, pod, text, problem = 'it has none' } of (await pods?.read()) ?? []) {
    if (text === undefined) missing.set(`${namespace}/${pod}`, problem);
    else texts.push(text);
  }
  return { texts, missing: [...missing].map(([pod, reason]) => ({ pod, reason })) };
}
