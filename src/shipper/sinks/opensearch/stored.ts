/**
 * The documents under ids that are taken. An id that is there is ours only if its document says so: a user who can write to the
 * index could have created it beforehand.
 */
import { NoAnswerError } from '../../errors.js';
import type { RecordBatch } from '../../parts.js';
import { ANSWER_TOO_LARGE, type HttpResponse } from '../http/client.js';
import { jsonObject } from '../http/json-answer.js';
import type { BulkEncoder, BulkForm } from './encoder.js';
import { describeRequest } from './words.js';

/** `foreign`: another document, or meanwhile none. `unknown`: it may not be read. */
export type Stored = 'ours' | 'foreign' | 'unknown';

interface StoredDocument {
  readonly found?: unknown;
  readonly _source?: Readonly<Record<string, unknown>>;
}

/** A record whose id is taken. */
export interface Taken {
  /** Index into the batch. */
  readonly record: number;
  /** Where the service found it: the index behind an alias or a data stream. */
  readonly index: string;
}

/** Documents of one request: an answer has the text of each. */
const DOCUMENTS_MAX = 500;
/** As far as a service that is busy, or not whole, is concerned. */
const PASSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

export class StoredDocuments {
  readonly #get: (body: Buffer, signal: AbortSignal) => Promise<HttpResponse>;
  readonly #encoder: BulkEncoder;
  readonly #target: string;

  /** `get` sends a request to `_mget`. */
  constructor(options: {
    readonly target: string;
    readonly get: (body: Buffer, signal: AbortSignal) => Promise<HttpResponse>;
    readonly encoder: BulkEncoder;
  }) {
    this.#target = options.target;
    this.#get = options.get;
    this.#encoder = options.encoder;
  }

  /** One entry per record. Throws a NoAnswerError when the service has no answer at the moment. */
  async look(
    batch: RecordBatch,
    taken: readonly Taken[],
    form: BulkForm,
    signal: AbortSignal,
  ): Promise<readonly Stored[]> {
    const stored: Stored[] = [];
    for (let from = 0; from < taken.length; from += DOCUMENTS_MAX) {
      const some = taken.slice(from, from + DOCUMENTS_MAX);
      stored.push(...(await this.#ask(batch, some, form, signal)));
    }
    return stored;
  }

  async #ask(
    batch: RecordBatch,
    taken: readonly Taken[],
    form: BulkForm,
    signal: AbortSignal,
  ): Promise<readonly Stored[]> {
    const { telltales } = this.#encoder;
    const docs = taken.map(({ record, index }) => ({
      _index: index,
      _id: this.#encoder.idOf(batch, record, form),
      _source: telltales,
    }));
    let response: HttpResponse;
    try {
      response = await this.#get(Buffer.from(JSON.stringify({ docs })), signal);
    } catch (error) {
      if (!(error instanceof NoAnswerError) || error.code !== ANSWER_TOO_LARGE) throw error;
      // Documents of others have any size.
      if (taken.length === 1) return ['foreign'];
      const half = Math.ceil(taken.length / 2);
      const first = await this.#ask(batch, taken.slice(0, half), form, signal);
      return [...first, ...(await this.#ask(batch, taken.slice(half), form, signal))];
    }
    if (PASSES.has(response.status)) {
      const detail = `${this.#target} ${describeRequest(response)} to a look at what is stored`;
      throw new NoAnswerError({ code: String(response.status), detail });
    }
    const found = response.status === 200 ? jsonObject(response.body)?.docs : undefined;
    if (!Array.isArray(found) || found.length !== taken.length) return taken.map(() => 'unknown');
    return taken.map(({ record }, i) => {
      const { found: isFound, _source: source } = (found[i] ?? {}) as StoredDocument;
      if (isFound === false) return 'foreign';
      if (typeof source !== 'object' || source === null) return 'unknown';
      const ours = this.#encoder.documentOf(batch, record);
      return telltales.every((name) => isSame(name, ours[name], source[name])) ? 'ours' : 'foreign';
    });
  }
}

/** An index that derives its source from its fields has a time in a form of its own, and of milliseconds only. */
function isSame(name: string, ours: unknown, stored: unknown): boolean {
  if (ours === stored) return true;
  if (name !== '@timestamp' || typeof ours !== 'string' || typeof stored !== 'string') return false;
  return Date.parse(ours) === Date.parse(stored);
}
