/** The OpenSearch sink in this process, and the engine that it writes to, asked directly. */

import { NoAnswerError } from '../../src/shipper/errors.js';
import { withNames } from '../../src/shipper/labels/names.js';
import type { RecordBatch, SendResult, Sink } from '../../src/shipper/parts.js';
import { select } from '../../src/shipper/records/record-batch.js';
import { Secrets } from '../../src/shipper/secrets.js';
import { parseSettings } from '../../src/shipper/settings.js';
import { openOpenSearch } from '../../src/shipper/sinks/opensearch/index.js';
import type { OpenSearchSettings } from '../../src/shipper/sinks/opensearch/settings.js';

export interface OpenedSink extends Sink {
  /** HTTP status or error code of every request so far. */
  readonly codes: string[];
  readonly notices: string[];
}

/** As the shipper opens it from these settings. */
export function openSinkAt(url: string, settings: Readonly<Record<string, string>> = {}): OpenedSink {
  const codes: string[] = [];
  const notices: string[] = [];
  const given = { LOGTAP_SINK: 'opensearch', LOGTAP_OPENSEARCH_URL: url, ...settings };
  const all = withNames(parseSettings(given, () => {}));
  const sink = openOpenSearch({
    settings: all as OpenSearchSettings,
    secrets: new Secrets(),
    onRequest: (code) => codes.push(code),
    onNotice: (notice) => notices.push(notice),
  });
  return Object.assign(sink, { codes, notices });
}

export const never = new AbortController().signal;

/** Sends what must be retried until nothing is left, as `deliver` does but without waiting. Returns all answers. */
export async function sendAll(sink: Sink, batch: RecordBatch, attempts = 50): Promise<SendResult[]> {
  const results: SendResult[] = [];
  for (let left = batch; ; ) {
    const result = await sink.send(left, never);
    results.push(result);
    if (result.retry.length === 0) return results;
    if (results.length === attempts) throw new Error(`still refused: ${JSON.stringify(result.failure)}`);
    left = select(left, result.retry);
  }
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: any answer of the engine
  readonly json: any;
}

/** Asks the engine as its operator would. */
export async function ask(url: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, json: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text };
}

/** The same, for what has to work. */
export async function tell(url: string, method: string, path: string, body?: unknown): Promise<Answer['json']> {
  const { status, json } = await ask(url, method, path, body);
  if (status >= 300) throw new NoAnswerError({ code: String(status), detail: `${path}: ${JSON.stringify(json)}` });
  return json;
}

export interface StoredDocument {
  readonly index: string;
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what tests are about
  readonly document: any;
}

/** All documents of an index pattern in the order of their places in the origin. */
export async function documentsOf(
  url: string,
  index: string,
  sortBy = 'attributes.log.record.seq',
): Promise<StoredDocument[]> {
  await tell(url, 'POST', `/${index}/_refresh`);
  const stored: StoredDocument[] = [];
  for (let after: unknown; ; ) {
    const { hits } = await tell(url, 'POST', `/${index}/_search`, {
      size: 5000,
      sort: [{ [sortBy]: 'asc' }, { _index: 'asc' }],
      ...(after === undefined ? {} : { search_after: after }),
    });
    if (hits.hits.length === 0) return stored;
    after = hits.hits.at(-1).sort;
    for (const { _index, _id, _source } of hits.hits) stored.push({ index: _index, id: _id, document: _source });
  }
}
