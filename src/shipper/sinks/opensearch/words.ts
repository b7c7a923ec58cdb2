/** Log text about an answer to `_bulk`: the service's words, unless they could quote a line, and the remedy. */
import type { IncomingHttpHeaders } from 'node:http';
import type { HttpResponse } from '../http/client.js';
import { type BulkError, type BulkItem, errorOf } from './answer.js';

/** Of a service's own words in our log. */
const REASON_MAX = 200;

/** Errors of one item whose words are about the cluster. Those of others may quote the document. */
const QUOTABLE: ReadonlySet<string> = new Set([
  'security_exception',
  'cluster_block_exception',
  'index_not_found_exception',
  'index_closed_exception',
  'invalid_index_name_exception',
  'unavailable_shards_exception',
  'validation_exception',
  'circuit_breaking_exception',
]);

export function describeItem({ status, error }: BulkItem): string {
  const { type = '', reason } = error;
  const quoted = QUOTABLE.has(type) && reason !== undefined ? { reason } : {};
  return describe(`refused documents with ${status}`, status, { type, ...quoted });
}

/** About a document of our own, so that the words quote nothing of an application's. */
export function describeKnownGood({ status, error }: BulkItem): string {
  return `${describe(`refuses even a record that is known to be good with ${status}`, status, error, ABOUT_THE_INDEX)}. Nothing is dropped`;
}

export function describeRequest({ status, headers, body }: HttpResponse): string {
  return `${describe(`answered ${status}`, status, errorOf(body))}${requestId(headers)}`;
}

const ABOUT_THE_INDEX = 'it is about the index or the cluster, not about your lines';

function describe(what: string, status: number, { type = '', reason }: BulkError, otherwise?: string): string {
  const hint = hintFor(status, type, reason ?? '') ?? otherwise;
  return [
    what,
    ...(type === '' ? [] : [` ${type.slice(0, REASON_MAX)}`]),
    ...(reason === undefined ? [] : [`: ${reason.slice(0, REASON_MAX)}`]),
    ...(hint === undefined ? [] : [` (${hint})`]),
  ].join('');
}

function requestId(headers: IncomingHttpHeaders): string {
  const id = headers['x-amzn-requestid'] ?? headers['x-request-id'] ?? headers['x-opaque-id'];
  return id === undefined ? '' : ` [request ${id}]`;
}

const MAPPING =
  'the mapping does not fit our documents: correct it in a new index (LOGTAP_OPENSEARCH_INDEX), or choose another LOGTAP_OPENSEARCH_SCHEMA';

/** By the words of the engine, with any status. */
const HINTS: readonly (readonly [words: RegExp, hint: string])[] = [
  [
    /explicit index in bulk is not allowed/,
    'set rest.action.multi.allow_explicit_index to true, an advanced option of the domain at AWS',
  ],
  [/no write index is defined/, 'give the alias one index with is_write_index'],
  [/pipeline with id \[.*?\] does not exist/, "make the ingest pipeline, or clear the index's default_pipeline"],
  [/Limit of total fields/, 'raise index.mapping.total_fields.limit, or let the mapping be "dynamic": false'],
  [/dynamic introduction of/, 'the mapping is strict: add the field to it, or let it be "dynamic": false'],
  [/only write ops with an op_type of create/, 'this is a data stream: set LOGTAP_OPENSEARCH_DATA_STREAM'],
];

function hintFor(status: number, type: string, reason: string): string | undefined {
  if (status === 401) return 'wrong user or password: check LOGTAP_OPENSEARCH_USERNAME and ..._PASSWORD_FILE';
  if (type === 'cluster_block_exception') return 'the index is read-only: is the disk of the cluster full?';
  if (type === 'index_closed_exception') return 'open the index: POST /INDEX/_open';
  if (status === 403 && /expired|signature/i.test(reason)) return 'are the AWS credentials and the clock right?';
  if (status === 403)
    return "the user lacks a right: its role needs 'indices:data/write/bulk' on the cluster, 'create_index' and 'write' on the index";
  if (type === 'index_not_found_exception')
    return 'the index is missing and may not be made: check action.auto_create_index, or make an index template';
  if (status === 404 || status === 405 || (status >= 300 && status < 400))
    return 'this is no OpenSearch: is LOGTAP_OPENSEARCH_URL right, with its scheme, port and path?';
  if (status === 503 && /not initialized/i.test(reason)) return 'the cluster is starting';
  if (type === 'validation_exception') return 'is the limit of shards reached (cluster.max_shards_per_node)?';
  if (type === 'routing_missing_exception') return 'let the mapping not require _routing';
  const known = HINTS.find(([words]) => words.test(reason));
  if (known !== undefined) return known[1];
  return /^(mapper_parsing|document_parsing|strict_dynamic_mapping)_exception$/.test(type) ? MAPPING : undefined;
}
