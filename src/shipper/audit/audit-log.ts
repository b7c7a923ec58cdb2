/**
 * Writes the audit ledger of this run: before a request leaves, and before anything forgets its records. A kill leaves at most requests
 * whose outcome is open, with the exact sums of what may be stored.
 */
import { randomBytes } from 'node:crypto';
import type { Claim, RecordBatch } from '../parts.js';
import { AuditBook, type AuditEntry, type AuditFate, withRuns } from './audit-book.js';
import type { AuditText } from './audit-file.js';
import { claimsOf, lineOf } from './claim.js';
import { shortened, wholeRuns } from './shorten.js';

/** The text is shortened at this length, to half of it. */
const MAX_BYTES = 2 * 1024 * 1024;
/** Of the entries in the shipper's log at its end. */
const PRINTED_MAX_BYTES = 512 * 1024;

/** Requests with lost answers that are known by their claims. */
const LOST_MAX = 64;

/** A request that leaves: exactly one of these is called when its outcome is known. */
export interface NotedRequest {
  /** All of it is acknowledged, or these. */
  stored(claims?: readonly Claim[]): void;
  /** The service has stored nothing of it. */
  none(): void;
  /** The service may have stored it, or a part of it. */
  lost(): void;
}

/** What a sink notes by itself, where it knows better than its caller what is stored. */
export interface SinkAudit {
  sending(claims: readonly Claim[]): NotedRequest;
}

export class AuditLog {
  readonly #text: AuditText;
  #number = 0;
  /** Requests whose answers were lost, by their sinks and claims. They are noted under the same number when they leave again. */
  readonly #lost = new Map<string, number>();

  /** @param options.now the wall clock, which stamps the run */
  constructor(text: AuditText, { now }: { readonly now: () => number }) {
    this.#text = text;
    // A kill may have cut off the last line.
    const known = text.read();
    if (known.length > 0 && !known.endsWith('\n')) text.append('\n');
    this.#append(['run', randomBytes(4).toString('hex'), now()]);
  }

  /** For the sink of this name. */
  of(sink: string): SinkAudit {
    return { sending: (claims) => this.sending(sink, claims) };
  }

  sending(sink: string, claims: readonly Claim[]): NotedRequest {
    const request = ['sent', sink, ...claims.map(lineOf)] as const;
    const key = JSON.stringify(request);
    const before = this.#lost.get(key);
    const number = before ?? this.#number++;
    if (before === undefined) this.#append(['sent', number, ...request.slice(1)]);
    else this.#append(['again', number]);
    this.#lost.delete(key);
    return {
      stored: (some) => this.#append(['stored', number, ...(some ?? []).map(lineOf)]),
      none: () => this.#append(['none', number]),
      lost: () => {
        this.#append(['lost', number]);
        if (this.#lost.size >= LOST_MAX) this.#lost.clear();
        this.#lost.set(key, number);
      },
    };
  }

  /** Records that will not be stored, and are counted under this reason. */
  counted(fate: AuditFate, sink: string, reason: string, claims: readonly Claim[]): void {
    if (claims.length > 0) this.#append(['fate', fate, sink, reason, ...claims.map(lineOf)]);
  }

  /** Places of records, without their messages. */
  static places(records: RecordBatch): readonly Claim[] {
    return claimsOf(records, { withMessages: false });
  }

  end(totals: unknown): void {
    this.#append(['end', totals]);
  }

  /** All runs that are known, as lines. */
  get text(): string {
    return this.#text.read();
  }

  /** All runs that are known, with one claim per origin: short enough for a log, in which lines of other shippers may be between them. */
  get summary(): readonly string[] {
    const book = new AuditBook();
    book.addText(this.#text.read());
    return withRuns(shortened(wholeRuns(book), PRINTED_MAX_BYTES).split('\n').slice(0, -1));
  }

  #append(entry: AuditEntry): void {
    this.#text.append(`${JSON.stringify(entry)}\n`);
    if (this.#text.bytes <= MAX_BYTES) return;
    const book = new AuditBook();
    book.addText(this.#text.read());
    this.#text.replace(shortened(book, MAX_BYTES / 2));
    // They may be forgotten: one that leaves again is noted as another request.
    this.#lost.clear();
  }
}
