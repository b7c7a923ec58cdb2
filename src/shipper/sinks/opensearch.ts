/**
 * OpenSearch and whatever else speaks `_bulk`. A record's id is made of its origin and place, and is only ever created:
 * sent again it is answered 409, which says that it is there. What is refused as a whole is halved until the record
 * that is refused by itself stands alone.
 */
import { readFileSync } from 'node:fs';
import { ConfigError, messageOf, NoAnswerError } from '../errors.js';
import type { BatchLimits, Failure, RecordBatch, SendResult, Sink } from '../parts.js';
import { HttpClient, type HttpResponse, retryAfterMs } from './http-client.js';
import { type BulkError, bulkItems, classifyItem, errorOf, hintFor, isAllDone } from './opensearch-answer.js';
import { type BulkBody, BulkEncoder } from './opensearch-encoder.js';
import { Outcome } from './outcome.js';
import { halves, indexes, type Range, sendRanges } from './ranges.js';
import type { SinkContext } from './sink-context.js';

/** Small domains of Amazon OpenSearch Service take 10 MiB; the rest is for whoever sits in between. */
export const BODY_MAX_BYTES = 9 * 1024 * 1024;
/** A service that is out of memory is not helped by yet smaller requests. */
const BODY_LEAST_BYTES = 64 * 1024;
/** Documents of one request: more bring no speed, and their answer grows. */
const LIMITS: BatchLimits = { maxRecords: 5000, maxBytes: 4 * 1024 * 1024, recordOverheadBytes: 500 };
/** What only a human can mend is not asked for five times a second. */
const CONFIGURATION_RETRY_MS = 5000;
/** Of a service's own words in our log; they may quote a document. */
const REASON_MAX = 200;
const PATH = '/_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason';

/** Asks the service. Throws a NoAnswerError when no answer came. */
export type PostBulk = (body: Buffer, signal: AbortSignal) => Promise<HttpResponse>;

export function openOpenSearch({ settings, secrets, onRequest }: SinkContext): Sink {
  const { opensearchUrl, opensearchIndex, opensearchUsername, opensearchPasswordFile, opensearchCaFile } = settings;
  const ca = opensearchCaFile === undefined ? undefined : readSetting('LOGTAP_OPENSEARCH_CA_FILE', opensearchCaFile);
  const client = new HttpClient({ url: opensearchUrl!, onRequest, ...(ca === undefined ? {} : { ca }) });
  const authorization = () => {
    if (opensearchUsername === undefined) return {};
    const password = readSetting('LOGTAP_OPENSEARCH_PASSWORD_FILE', opensearchPasswordFile!).toString();
    const credentials = `${opensearchUsername}:${password.replace(/\r?\n$/, '')}`;
    const encoded = Buffer.from(credentials).toString('base64');
    secrets.hide(credentials.slice(opensearchUsername.length + 1));
    secrets.hide(encoded);
    return { authorization: `Basic ${encoded}` };
  };
  let headers = authorization();
  const sink = new OpenSearchSink(client.target, new BulkEncoder(opensearchIndex, settings), async (body, signal) => {
    const response = await client.request(
      {
        method: 'POST',
        path: PATH,
        headers: { ...headers, 'content-type': 'application/x-ndjson' },
        body,
        operation: 'bulk request',
      },
      signal,
    );
    // A mounted Secret changes in place when the password does.
    if (response.status === 401) headers = authorization();
    return response;
  });
  sink.onClose = () => client.close();
  return sink;
}

export class OpenSearchSink implements Sink {
  readonly name = 'opensearch';
  readonly limits = LIMITS;
  readonly #target: string;
  readonly #encoder: BulkEncoder;
  readonly #post: PostBulk;
  /** Shrinks to what the service turned out to take. */
  #bodyMaxBytes = BODY_MAX_BYTES;
  /** Requests in a row that were refused as a whole for want of capacity. */
  #refusals = 0;
  onClose = () => {};

  constructor(target: string, encoder: BulkEncoder, post: PostBulk) {
    this.#target = target;
    this.#encoder = encoder;
    this.#post = post;
  }

  async send(batch: RecordBatch, signal: AbortSignal): Promise<SendResult> {
    const outcome = new Outcome();
    await sendRanges(batch.count, outcome, async ([from, to]) => {
      const body = this.#encoder.encode(batch, from, to, this.#bodyMaxBytes);
      return { to: body.to, instead: await this.#request(body, batch.count, outcome, signal) };
    });
    return outcome.result;
  }

  async close(): Promise<void> {
    this.onClose();
  }

  /** Sends one body and books its answer. Returns the ranges to try instead. */
  async #request(
    { bytes, from, to }: BulkBody,
    count: number,
    outcome: Outcome,
    signal: AbortSignal,
  ): Promise<readonly Range[]> {
    let response: HttpResponse;
    try {
      response = await this.#post(bytes, signal);
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      outcome.retry(indexes(from, count), error);
      return [];
    }
    const { status, headers } = response;
    if (status === 200) {
      this.#items(response, from, to, count, outcome);
      return [];
    }
    const error = errorOf(response.body);
    if (status === 413 && to - from > 1) {
      this.#bodyMaxBytes = Math.floor(bytes.length / 2);
      return [[from, to]];
    }
    // Only where OpenSearch itself says so: a proxy that answers 400 to everything must not cost a single record.
    if (status === 413 || (status === 400 && error.type !== undefined)) {
      if (to - from > 1) return halves([from, to]);
      outcome.reject(from, status === 413 ? 'too_large' : error.type!);
      return [];
    }
    if (status === 429) {
      this.#refusals += 1;
      // A request above the node's limit for one is refused every time, on an idle node too.
      if (this.#refusals > 1) this.#bodyMaxBytes = Math.max(BODY_LEAST_BYTES, Math.floor(bytes.length / 2));
    }
    const wait = retryAfterMs(headers) ?? (isForHumans(status) ? CONFIGURATION_RETRY_MS : undefined);
    outcome.retry(indexes(from, count), this.#failure(status, error), wait);
    return [];
  }

  /** Books the answer to each action. */
  #items({ status, body }: HttpResponse, from: number, to: number, count: number, outcome: Outcome): void {
    if (isAllDone(body)) {
      this.#refusals = 0;
      return;
    }
    const items = bulkItems(body);
    if (items?.length !== to - from) {
      const detail = `bulk request to ${this.#target}: the answer is not that of _bulk: ${items?.length ?? 'no'} items for ${to - from} actions`;
      outcome.retry(indexes(from, count), { code: 'bad_answer', detail });
      return;
    }
    this.#refusals = 0;
    items.forEach((item, i) => {
      const fate = classifyItem(item);
      if (fate === 'rejected') outcome.reject(from + i, item.error?.type ?? String(item.status));
      if (fate !== 'retry') return;
      const wait = isForHumans(item.status) ? CONFIGURATION_RETRY_MS : undefined;
      outcome.retry([from + i], this.#failure(item.status, item.error ?? {}, status), wait);
    });
    if (outcome.isFailed) outcome.retry(indexes(to, count));
  }

  #failure(status: number, error: BulkError, requestStatus = status): Failure {
    const what = status === requestStatus ? `answered ${status}` : `refused documents with ${status}`;
    const name = error.type === undefined ? '' : ` ${error.type}`;
    const reason = error.reason === undefined ? '' : `: ${error.reason.slice(0, REASON_MAX)}`;
    const hint = hintFor(status, error.type);
    return {
      code: String(status),
      detail: `bulk request to ${this.#target} ${what}${name}${reason}${hint === undefined ? '' : ` (${hint})`}`,
    };
  }
}

/** 401, 403 and 404 do not pass by themselves. */
function isForHumans(status: number): boolean {
  return status === 401 || status === 403 || status === 404;
}

function readSetting(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ConfigError(
      [
        `${name}='${path}': cannot be read: ${messageOf(error)}. Mount the file, or let user ${process.getuid?.()} read it.`,
      ],
      { cause: error },
    );
  }
}
