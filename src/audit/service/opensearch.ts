/** Documents of OpenSearch in the order of their times, from one view of the indices, with the shipper's own settings of the connection. */
import { Client } from '@opensearch-project/opensearch';
import { withNames } from '../../shipper/labels/names.js';
import type { Secrets } from '../../shipper/secrets.js';
import { parseSettings } from '../../shipper/settings.js';
import { OpenSearchConnection } from '../../shipper/sinks/opensearch/connection.js';
import type { OpenSearchSettings } from '../../shipper/sinks/opensearch/settings.js';
import { clientOptions, targetOf } from '../../shipper/sinks/opensearch/setup.js';
import type { StoredRecord, Window } from './stored.js';
import { UnreadableError, unknownAnswer, unreadable } from './unreadable.js';

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
  /** Whether no index has the name, at the last search. */
  isNothingThere = false;
  #isBegun = false;

  /** Throws a ConfigError when a setting is wrong. */
  constructor({ url, index, env, secrets, onNotice }: OpenSearchAuditOptions) {
    const given = { ...env, LOGTAP_SINK: 'opensearch', LOGTAP_OPENSEARCH_URL: url };
    const settings = withNames(parseSettings(given, () => {})) as OpenSearchSettings;
    const { identity, network } = new OpenSearchConnection({ settings, secrets, onRequest: () => {}, onNotice });
    // A second request for a page gets the next one: the page of a lost answer would look like a loss.
    this.#client = new Client({ ...clientOptions({ settings, identity, network, onNotice }), maxRetries: 0 });
    this.#onNotice = onNotice;
    this.target = url;
    this.index = index ?? targetOf(settings).pattern;
  }

  /**
   * Throws an UnreadableError when the service does not answer, or not as a whole. The view is lost with an answer: what comes after it
   * is read from another one.
   */
  async *pages({ from, to }: Window): AsyncGenerator<Page> {
    const index = this.index;
    await this.#refresh();
    const search = {
      ...{ index, scroll: KEEP_ALIVE, size: PAGE, allow_no_indices: true, ignore_unavailable: true },
      body: {
        // Indices of other programs may have a format of their own for times.
        query: { range: { '@timestamp': { gte: from * MINUTE_MS, lt: to * MINUTE_MS, format: 'epoch_millis' } } },
        sort: [{ '@timestamp': { order: 'asc', numeric_type: 'date', unmapped_type: 'date' } }],
        track_total_hits: true,
        _source: FIELDS,
      } as never,
    };
    let answer = await this.#answer('search', this.#client.search(search));
    const total = answer.hits.total?.value ?? 0;
    this.isNothingThere = answer._shards?.total === 0 && total === 0;
    let read = 0;
    try {
      for (;;) {
        const { hits } = answer.hits;
        if (hits.length === 0) break;
        read += hits.length;
        yield { records: hits.map(recordOf), total };
        const next = this.#client.scroll({ body: { scroll_id: answer._scroll_id, scroll: KEEP_ALIVE } });
        answer = await this.#answer('scroll', next);
      }
    } finally {
      await this.#client.clearScroll({ body: { scroll_id: [answer._scroll_id] } }).catch(() => {});
    }
    if (read < total)
      throw new UnreadableError(`scroll of ${this.target}: only ${read} of ${total} documents have come`, true);
  }

  /** Throws an UnreadableError where an index is closed: a search leaves its documents out, as if they were lost. */
  async mustBeOpen(): Promise<void> {
    const { indices, behind } = await this.#resolve(this.index);
    const closed = new Set(indices.filter(isClosed).map(({ name }) => name));
    for (let at = 0; at < behind.length; at += NAMES_MAX) {
      const more = await this.#resolve(behind.slice(at, at + NAMES_MAX).join(','));
      for (const { name } of more.indices.filter(isClosed)) closed.add(name);
    }
    const [first] = closed;
    if (first === undefined) return;
    const what = closed.size === 1 ? `index ${first} is closed` : `${closed.size} indices are closed, such as ${first}`;
    throw new UnreadableError(
      `${this.target}: ${what}, so its documents cannot be read. Open it (POST /${first}/_open), or name others with --index`,
      false,
    );
  }

  /** Nothing where the service does not know the names, or the user lacks the right to ask. */
  async #resolve(
    names: string,
  ): Promise<{ readonly indices: readonly Resolved[]; readonly behind: readonly string[] }> {
    const path = `/_resolve/index/${encodeURIComponent(names)}`;
    try {
      const { body } = await this.#client.transport.request({
        ...{ method: 'GET', path },
        querystring: { expand_wildcards: 'open,closed' },
      });
      const { indices = [], aliases = [], data_streams: streams = [] } = (body ?? {}) as ResolvedNames;
      const behind = [...aliases.flatMap((each) => each.indices), ...streams.flatMap((each) => each.backing_indices)];
      return { indices, behind: behind.flat() };
    } catch {
      return { indices: [], behind: [] };
    }
  }

  async #refresh(): Promise<void> {
    try {
      await this.#client.indices.refresh({ index: this.index, allow_no_indices: true, ignore_unavailable: true });
    } catch (error) {
      const { message } = unreadable(error, `refresh of ${this.target}`, false);
      this.#onNotice(`indices are not refreshed, so what was stored in the last seconds may be missing: ${message}`);
    }
  }

  async #answer(what: string, request: PromiseLike<{ readonly body: unknown }>): Promise<Answer> {
    const operation = `${what} of ${this.target}`;
    let answer: Answer;
    try {
      ({ body: answer } = (await request) as { readonly body: Answer });
    } catch (error) {
      throw unreadable(error, operation, this.#isBegun);
    }
    if (!Array.isArray(answer?.hits?.hits)) throw unknownAnswer(operation, answer);
    mustBeWhole(operation, answer);
    this.#isBegun = true;
    return answer;
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

interface Answer {
  readonly _scroll_id: string;
  readonly timed_out?: boolean;
  readonly _shards?: { readonly failed: number; readonly total: number; readonly failures?: readonly ShardFailure[] };
  readonly hits: { readonly hits: readonly Hit[]; readonly total?: { readonly value: number } };
}

interface Resolved {
  readonly name: string;
  readonly attributes?: readonly string[];
}

interface ResolvedNames {
  readonly indices?: readonly Resolved[];
  readonly aliases?: readonly { readonly indices: readonly string[] }[];
  readonly data_streams?: readonly { readonly backing_indices: readonly string[] }[];
}

/** Names of indices in one URL. */
const NAMES_MAX = 30;
const isClosed = ({ attributes = [] }: Resolved): boolean => attributes.includes('closed');

interface ShardFailure {
  readonly index?: string;
  readonly reason?: { readonly type?: string; readonly reason?: string };
}

/** A part of the documents would look like a loss. */
function mustBeWhole(operation: string, { timed_out: isLate, _shards: shards }: Answer): void {
  if (isLate === true)
    throw new UnreadableError(`${operation}: it ran out of time on the cluster, so its answer is not whole`, true);
  if (shards === undefined || shards.failed === 0) return;
  const [{ index = '', reason = {} } = {}] = shards.failures ?? [];
  const why = `${index}: ${reason.type ?? 'no reason given'}: ${(reason.reason ?? '').slice(0, 200)}`;
  throw new UnreadableError(
    `${operation}: ${shards.failed} of ${shards.total} shards did not answer, so documents would be left out: ${why}. Repair that index, or name others with --index`,
    false,
  );
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
