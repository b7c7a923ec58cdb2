/** What the answer to a `_bulk` request means for each record. */
import type { IncomingHttpHeaders } from 'node:http';
import type { HttpResponse } from './http-client.js';

/** `took` and `errors` come before the items. */
const HEAD_BYTES = 64;
/** Of a service's own words in our log. */
const REASON_MAX = 200;

export interface BulkError {
  readonly type?: string;
  readonly reason?: string;
}

export interface BulkItem {
  readonly status: number;
  readonly error?: BulkError;
}

/** Whether all actions were done: every item of such an answer is a 200 or 201, so that it need not be parsed. */
export function isAllDone(body: Buffer): boolean {
  return body.toString('latin1', 0, HEAD_BYTES).includes('"errors":false');
}

/** One entry an action, in their order; `undefined` when this is no answer to `_bulk`. */
export function bulkItems(body: Buffer): readonly BulkItem[] | undefined {
  const answer = parse(body) as { items?: unknown } | undefined;
  if (!Array.isArray(answer?.items)) return undefined;
  const items = answer.items.map((item) => Object.values(item ?? {})[0] as BulkItem | undefined);
  return items.every((item): item is BulkItem => typeof item?.status === 'number') ? items : undefined;
}

/** The error that a request as a whole was refused with; without a type when the body is not OpenSearch's. */
export function errorOf(body: Buffer): BulkError {
  const parsed = parse(body) as { error?: unknown; message?: unknown; Message?: unknown } | undefined;
  if (parsed === undefined) {
    // The security plugin's words have no JSON around them. A page of a proxy says nothing.
    const text = body.toString().trim();
    return text !== '' && text.length <= REASON_MAX && !text.includes('<') ? { reason: text } : {};
  }
  const { error, message, Message } = parsed;
  // AWS says what it has to say outside of the engine.
  const reason = [error, message, Message].find((words) => typeof words === 'string');
  if (reason !== undefined) return { reason: reason as string };
  return (error as BulkError | undefined | null) ?? {};
}

/** Answers with status 400 that are about the cluster, not about the document: full of shards, a bad index name. */
const NOT_THE_DOCUMENT: ReadonlySet<string> = new Set(['validation_exception', 'invalid_index_name_exception']);

/** Time-series collections of OpenSearch Serverless make their ids themselves. */
const isAboutIds = ({ reason = '' }: BulkError): boolean => /Document ID is not supported/i.test(reason);

export type Fate = 'delivered' | 'retry' | 'rejected' | 'without_id';

/** Refused for good is only what the service blames on the document; everything else may pass. */
export function classifyItem({ status, error = {} }: BulkItem, hadId: boolean): Fate {
  if (status === 200 || status === 201) return 'delivered';
  // This id is there, so an earlier attempt arrived whose answer did not.
  if (status === 409 && hadId) return 'delivered';
  if (status === 400 && hadId && isAboutIds(error)) return 'without_id';
  if (status === 400 && !NOT_THE_DOCUMENT.has(error.type ?? '')) return 'rejected';
  return 'retry';
}

/** What is to be done with a request that was refused as a whole. */
export function classifyRequest({ status, body }: HttpResponse, hadId: boolean): Fate | 'too_large' {
  if (status === 413) return 'too_large';
  // Only where OpenSearch itself says so: a proxy that answers 400 to everything must not cost a single record.
  const error = errorOf(body);
  if (status !== 400) return 'retry';
  if (hadId && isAboutIds(error)) return 'without_id';
  return error.type === undefined ? 'retry' : 'rejected';
}

/** What does not pass by itself: a right, an index or a URL. */
export function isForHumans(status: number): boolean {
  return (status >= 300 && status < 400) || status === 401 || status === 403 || status === 404 || status === 405;
}

/** Errors of one item whose words are about the cluster. Those of others may quote the document. */
const QUOTABLE: ReadonlySet<string> = new Set([
  'security_exception',
  'cluster_block_exception',
  'index_not_found_exception',
  'invalid_index_name_exception',
  'unavailable_shards_exception',
  'validation_exception',
  'circuit_breaking_exception',
]);

export function describeItem({ status, error = {} }: BulkItem): string {
  const { type = '', reason } = error;
  return describe(`refused documents with ${status}`, status, { type, ...(QUOTABLE.has(type) ? { reason } : {}) });
}

export function describeRequest({ status, headers, body }: HttpResponse): string {
  return `${describe(`answered ${status}`, status, errorOf(body))}${requestId(headers)}`;
}

function describe(what: string, status: number, { type = '', reason }: { type?: string; reason?: string | undefined }) {
  const hint = hintFor(status, type, reason ?? '');
  return [
    what,
    ...(type === '' ? [] : [` ${type}`]),
    ...(reason === undefined ? [] : [`: ${reason.slice(0, REASON_MAX)}`]),
    ...(hint === undefined ? [] : [` (${hint})`]),
  ].join('');
}

function requestId(headers: IncomingHttpHeaders): string {
  const id = headers['x-amzn-requestid'] ?? headers['x-request-id'] ?? headers['x-opaque-id'];
  return id === undefined ? '' : ` [request ${id}]`;
}

function hintFor(status: number, type: string, reason: string): string | undefined {
  if (status === 401) return 'wrong user or password: check LOGTAP_OPENSEARCH_USERNAME and ..._PASSWORD_FILE';
  if (type === 'cluster_block_exception') return 'the index is read-only: is the disk of the cluster full?';
  if (status === 403 && /expired|signature/i.test(reason)) return 'are the AWS credentials and the clock right?';
  if (status === 403)
    return "the user lacks a right: its role needs 'indices:data/write/bulk' on the cluster, 'create_index' and 'write' on the index";
  if (type === 'index_not_found_exception')
    return 'the index is missing and may not be made: check action.auto_create_index, or make an index template';
  if (status === 404 || status === 405 || (status >= 300 && status < 400))
    return 'this is no OpenSearch: is LOGTAP_OPENSEARCH_URL right, with its scheme, port and path?';
  if (status === 503 && /not initialized/i.test(reason)) return 'the cluster is starting';
  if (type === 'validation_exception') return 'is the limit of shards reached (cluster.max_shards_per_node)?';
  return undefined;
}

function parse(body: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
