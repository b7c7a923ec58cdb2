/** Audit ledgers of one or more shippers, as they lie in files, at `/audit`, or in the shipper's log. */
import { readFileSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';
import { AuditBook, type RunBook } from '../shipper/audit/audit-book.js';
import { ConfigError, messageOf } from '../shipper/errors.js';
import type { Claim } from '../shipper/parts.js';

/** What an audit needs of one sink. */
export interface SinkLedger {
  readonly stored: readonly RunClaim[];
  /** Of requests that may be stored, each so many times. */
  readonly open: readonly OpenClaim[];
  /** Counted, and not stored. */
  readonly counted: readonly CountedClaim[];
}

export interface RunClaim {
  readonly run: string;
  readonly claim: Claim;
}

/** Of the records that a claim is about: the same while its sums change. */
export const keyOf = ({ run, claim: { of, minute, lastMinute } }: RunClaim) => `${run} ${minute} ${lastMinute} ${of}`;

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

export class Ledgers {
  readonly #books: readonly AuditBook[];
  /** In the order of their start. A run that two ledgers have is taken from the one that has its end. */
  readonly runs: readonly RunBook[];

  constructor(texts: readonly string[]) {
    this.#books = texts.map(bookOf);
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

/** An entry per line, or a line of the shipper's log with one. */
function bookOf(text: string): AuditBook {
  const book = new AuditBook();
  for (const line of text.split('\n')) {
    const at = line.indexOf(IN_LOG);
    book.add(parsed(at < 0 ? line : line.slice(at + IN_LOG.length, line.lastIndexOf('}'))));
  }
  return book;
}

const IN_LOG = '{"audit":';

function parsed(line: string): unknown {
  try {
    return line.startsWith('[') ? JSON.parse(line) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads each ledger: a file, a URL, or `-` for standard input. `before` has their texts if they were read before. Throws a
 * ConfigError that names the one that cannot be read.
 */
export async function readLedgers(
  places: readonly string[],
  before: readonly string[] = [],
): Promise<readonly string[]> {
  return Promise.all(
    places.map(async (place, i) => {
      try {
        // Standard input can be read once.
        if (place === '-') return before[i] ?? (await textOf(process.stdin));
        if (!/^https?:\/\//.test(place)) return readFileSync(place, 'utf8');
        const response = await fetch(place);
        if (!response.ok) throw new Error(`the answer is ${response.status}: ${(await response.text()).slice(0, 200)}`);
        return await response.text();
      } catch (error) {
        throw new ConfigError([
          `--ledger ${place} cannot be read: ${messageOf(error)}. Name a file, the URL of /audit, or -.`,
        ]);
      }
    }),
  );
}
