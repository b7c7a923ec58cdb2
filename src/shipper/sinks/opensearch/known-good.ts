/**
 * Whether OpenSearch takes a record that is known to be good. It answers 400 for the state of an index or of the cluster, too
 * (closed, without a write index, of another mapping), so that a refusal is the fault of a record only if a good record is accepted.
 */
import type { Failure, RecordBatch } from '../../parts.js';
import type { HttpResponse } from '../http/client.js';
import { bulkItems, reasonOf } from './answer.js';
import type { BulkEncoder } from './encoder.js';
import { describeKnownGood, describeRequest } from './words.js';

export class KnownGood {
  readonly #post: (body: Buffer, signal: AbortSignal) => Promise<HttpResponse>;
  readonly #encoder: BulkEncoder;
  readonly #target: string;

  constructor(options: {
    readonly target: string;
    readonly post: (body: Buffer, signal: AbortSignal) => Promise<HttpResponse>;
    readonly encoder: BulkEncoder;
  }) {
    this.#target = options.target;
    this.#post = options.post;
    this.#encoder = options.encoder;
  }

  /**
   * Why a good record is refused, by the kinds of these records; a kind of which one is taken is left out. Two requests at
   * most. Throws a NoAnswerError when no answer came.
   */
  async refusals(
    batch: RecordBatch,
    records: readonly number[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Failure>> {
    const asked = new Map(records.map((i) => [this.#encoder.kindOf(batch, i), i]));
    let refused = new Map<string, Failure>();
    // An index that takes no updates may still take records.
    for (const isStored of this.#encoder.canProbeUnstored ? [false, true] : [true]) {
      const failures = await this.#ask(batch, [...asked.values()], isStored, signal);
      refused = new Map();
      [...asked.keys()].forEach((kind, i) => {
        const failure = failures[i];
        if (failure === undefined) asked.delete(kind);
        else refused.set(kind, failure);
      });
      if (refused.size === 0) break;
    }
    return refused;
  }

  /** One entry per record; undefined where it is taken. */
  async #ask(
    batch: RecordBatch,
    records: readonly number[],
    isStored: boolean,
    signal: AbortSignal,
  ): Promise<readonly (Failure | undefined)[]> {
    const response = await this.#post(this.#encoder.probe(batch, records, isStored), signal);
    const items = response.status === 200 ? bulkItems(response.body, records.length) : undefined;
    if (items === undefined || typeof items === 'string') {
      const why = items ?? `${describeRequest(response)} to a record that is known to be good`;
      const code = items ? 'bad_answer' : String(response.status);
      return records.map((i) => ({ code, detail: `${this.#place(batch, i)} ${why}` }));
    }
    return items.map((item, i) => {
      if (item.status < 300 || item.status === 409) return undefined;
      return { code: reasonOf(item), detail: `${this.#place(batch, records[i]!)} ${describeKnownGood(item)}` };
    });
  }
  #place(batch: RecordBatch, record: number): string {
    return `${this.#target}/${this.#encoder.indexOf(batch, record)}`;
  }
}
