/** Documents of OpenSearch in the order of their times, from one view of the indices, with the shipper's own settings of the connection. */
import { Client } from '@opensearch-project/opensearch';
import { messageOf } from '../shipper/errors.js';
import { withNames } from '../shipper/labels/names.js';
import type { Secrets } from '../shipper/secrets.js';
import { parseSettings } from '../shipper/settings.js';
import { OpenSearchConnection } from '../shipper/sinks/opensearch/connection.js';
import type { OpenSearchSettings } from '../shipper/sinks/opensearch/settings.js';
import { clientOptions, targetOf } from '../shipper/sinks/opensearch/setup.js';
import type { StoredRecord, Window } from './stored.js';

export interface OpenSearchAuditOptions {
  readonly url: string;
  /** A name or pattern. @default - of LOGTAP_OPENSEARCH_DATA_STREAM or LOGTAP_OPENSEARCH_INDEX */
  readonly index: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly secrets: Secrets;
  readonly onNotice: (message: string) => void;
}

export interface Page {
  readonly records: readonly StoredRecord[];
  /** Of the whole window. */
  readonly total: number;
}

const KEEP_ALIVE = '5m';
/** Documents of one answer: a long text may have megabytes. */
const PAGE = 1000;
const MINUTE_MS = 60_000;
/** The id of a record: its origin, its place, and perhaps a hash of its text. */
const ID = /^([0-9a-f]{16}-.*?)-(\d{1,16})(?:-[0-9a-f]{20})?$/;
const FIELDS = ['@timestamp', 'body', 'message', 'attributes', 'event', 'seq'];

interface Hit {
  readonly _id: string;
  readonly _index: string;
  readonly _source?: Readonly<Record<string, unknown>>;
}

export class OpenSearchReader {
  readonly target: string;
  readonly index: string;
  readonly #client: Client;
  readonly #onNotice: (message: string) => void;

  /** Throws a ConfigError when a setting is wrong. */
  constructor({ url, index, env, secrets, onNotice }: OpenSearchAuditOptions) {
    const given = { ...env, LOGTAP_SINK: 'opensearch', LOGTAP_OPENSEARCH_URL: url };
    const settings = withNames(parseSettings(given, () => {})) as OpenSearchSettings;
    const { identity, network } = new OpenSearchConnection({ settings, secrets, onRequest: () => {}, onNotice });
    this.#client = new Client({ ...clientOptions({ settings, identity, network, onNotice }), maxRetries: RETRIES });
    this.#onNotice = onNotice;
    this.target = url;
    this.index = index ?? targetOf(settings).pattern;
  }

  /** Throws when the service does not answer, or not as a whole. */
  async *pages({ from, to }: Window): AsyncGenerator<Page> {
    const index = this.index;
    try {
      await this.#client.indices.refresh({ index, allow_no_indices: true, ignore_unavailable: true });
    } catch (error) {
      this.#onNotice(
        `indices are not refreshed, so what was stored in the last seconds may be missing: ${messageOf(error)}`,
      );
    }
    const { body } = await this.#client.search({
      ...{ index, scroll: KEEP_ALIVE, size: PAGE, allow_no_indices: true, ignore_unavailable: true },
      body: {
        query: { range: { '@timestamp': { gte: timeOf(from), lt: timeOf(to) } } },
        sort: [{ '@timestamp': { order: 'asc', numeric_type: 'date', unmapped_type: 'date' } }],
        track_total_hits: true,
        _source: FIELDS,
      } as never,
    });
    let answer: Answer = body as never;
    const { total } = answer.hits;
    try {
      for (;;) {
        mustBeWhole(answer);
        const { hits } = answer.hits;
        if (hits.length === 0) return;
        yield { records: hits.map(recordOf), total: total?.value ?? 0 };
        const next = await this.#client.scroll({ body: { scroll_id: answer._scroll_id, scroll: KEEP_ALIVE } });
        answer = next.body as never;
      }
    } finally {
      await this.#client.clearScroll({ body: { scroll_id: [answer._scroll_id] } }).catch(() => {});
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

/** Of the client, for each request. */
const RETRIES = 5;

interface Answer {
  readonly _scroll_id: string;
  readonly timed_out?: boolean;
  readonly _shards?: { readonly failed: number; readonly total: number };
  readonly hits: { readonly hits: readonly Hit[]; readonly total?: { readonly value: number } };
}

const timeOf = (minute: number) => new Date(minute * MINUTE_MS).toISOString();

/** A part of the documents would look like a loss. */
function mustBeWhole({ timed_out: isLate, _shards: shards }: Answer): void {
  if (isLate === true) throw new Error('the search ran out of time on the cluster, so its answer is not whole');
  if (shards !== undefined && shards.failed > 0)
    throw new Error(`${shards.failed} of ${shards.total} shards did not answer, so documents are left out`);
}

function recordOf({ _id, _index, _source = {} }: Hit): StoredRecord {
  const { '@timestamp': timestamp, body, message, attributes, event, seq } = _source as Source;
  const [, of, place] = ID.exec(_id) ?? [];
  return {
    of,
    place: place === undefined ? Number(attributes?.['log.record.seq'] ?? event?.sequence ?? seq ?? 0) : Number(place),
    timeMs: typeof timestamp === 'number' ? timestamp : Date.parse(String(timestamp)),
    message: Buffer.from(textOf(body ?? message)),
    id: `${_index}/${_id}`,
  };
}

/** A shipper stores a string: any other value was changed, though it may look alike. */
const textOf = (text: unknown): string => (typeof text === 'string' ? text : `${JSON.stringify(text)} is no string`);

interface Source {
  readonly '@timestamp'?: unknown;
  readonly body?: unknown;
  readonly message?: unknown;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly event?: { readonly sequence?: unknown };
  readonly seq?: unknown;
}
