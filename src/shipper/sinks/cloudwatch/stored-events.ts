/** Reads back what a log stream holds of certain events, newest first, within bounds. */

import { errorNameOf, THROTTLING } from '../aws/error-names.js';
import { jsonObject } from '../http/json-answer.js';
import type { CloudWatchApi } from './api.js';
import { eventKey, type SentEvent } from './sent-event.js';

export interface StoredEvents {
  /** How often each of the wanted events is there, by `eventKey`. */
  readonly counts: ReadonlyMap<string, number>;
  /** Times at which there are events of other texts with asterisks: a policy of data protection may have masked one. */
  readonly maskedMs: ReadonlySet<number>;
  /** Whether everything of these times was read. */
  readonly isComplete: boolean;
  readonly isAllFound: boolean;
}

export type Reading =
  | { readonly kind: 'read'; readonly stored: StoredEvents }
  /** It may not be read, or not by this operation. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** Not now. */
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string };

/** A request is one page, or two, of its own; others may have written between. */
const PAGES_MAX = 16;
const BYTES_MAX = 16 * 1024 * 1024;
const DETAIL_MAX = 300;

/** `beside` has as many more events like the wanted ones to look for, by `eventKey`. Throws a NoAnswerError when no answer came. */
export async function readStored(
  api: CloudWatchApi,
  logStreamName: string,
  wanted: readonly SentEvent[],
  beside: ReadonlyMap<string, number>,
  signal: AbortSignal,
  onProgress: () => void,
): Promise<Reading> {
  const times = wanted.map(({ timeMs }) => timeMs);
  const range = { startTime: minOf(times), endTime: maxOf(times) + 1 };
  const search = new Search(wanted, beside);
  let nextToken: string | undefined;
  let bytes = 0;
  for (let page = 0; page < PAGES_MAX && bytes < BYTES_MAX; page++) {
    const asked = { logStreamName, ...range, ...(nextToken !== undefined && { nextToken }) };
    const response = await api.getLogEvents(asked, signal);
    onProgress();
    bytes += response.body.length;
    const name = errorNameOf(response);
    // Nothing was ever stored in a log stream that is not there.
    if (name === 'ResourceNotFoundException') return { kind: 'read', stored: search.result(true) };
    const answer = jsonObject(response.body);
    const detail = `${response.status} ${name ?? ''} ${String(answer?.message ?? '').slice(0, DETAIL_MAX)}`.trim();
    if (response.status !== 200 || name !== undefined) {
      const isLater = response.status >= 500 || response.status === 429 || THROTTLING.has(name ?? '');
      if (isLater) return { kind: 'failed', code: name ?? String(response.status), detail };
      return { kind: 'refused', detail };
    }
    const { events, nextBackwardToken } = answer ?? {};
    if (!Array.isArray(events) || typeof nextBackwardToken !== 'string') {
      return { kind: 'failed', code: 'bad_answer', detail: 'the answer is not that of GetLogEvents' };
    }
    for (const event of events) search.add(event);
    // An empty page is not the last one; the one that names itself is.
    if (nextBackwardToken === nextToken || search.isAllFound) return { kind: 'read', stored: search.result(true) };
    nextToken = nextBackwardToken;
  }
  return { kind: 'read', stored: search.result(false) };
}

class Search {
  readonly #wanted = new Map<string, number>();
  readonly #times = new Set<number>();
  readonly #counts = new Map<string, number>();
  readonly #maskedMs = new Set<number>();
  #missing: number;

  constructor(wanted: readonly SentEvent[], beside: ReadonlyMap<string, number>) {
    for (const { timeMs, message } of wanted) {
      const key = eventKey(timeMs, message);
      this.#wanted.set(key, (this.#wanted.get(key) ?? 0) + 1);
      this.#times.add(timeMs);
    }
    this.#missing = wanted.length;
    for (const [key, count] of beside) {
      this.#wanted.set(key, (this.#wanted.get(key) ?? 0) + count);
      this.#missing += count;
    }
  }

  get isAllFound(): boolean {
    return this.#missing === 0;
  }

  /** An event, as the service says. */
  add(event: unknown): void {
    const { timestamp, message } = (event ?? {}) as { readonly timestamp?: unknown; readonly message?: unknown };
    if (typeof timestamp !== 'number' || typeof message !== 'string') return;
    const key = eventKey(timestamp, message);
    const wanted = this.#wanted.get(key);
    if (wanted === undefined) {
      if (this.#times.has(timestamp) && message.includes('*')) this.#maskedMs.add(timestamp);
      return;
    }
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    if (count <= wanted) this.#missing -= 1;
  }

  result(isComplete: boolean): StoredEvents {
    return { counts: this.#counts, maskedMs: this.#maskedMs, isComplete, isAllFound: this.isAllFound };
  }
}

const minOf = (values: readonly number[]): number => values.reduce((least, value) => Math.min(least, value));
const maxOf = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value));
