/** Log text about an answer to `_bulk`: the service's words, unless they could quote a line, and the remedy. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Symptom } from '../../../catalog/runbook.js';
import { type Hint, hintText, pageHint, pageInstead } from '../hints.js';
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

export function describeRequest(response: HttpResponse): string {
  const { status, headers, body } = response;
  const page = pageInstead(response);
  const words =
    page === undefined
      ? describe(`answered ${status}`, status, errorOf(body))
      : `answered ${status} with ${page}${hintText(pageHint(status, 'LOGTAP_OPENSEARCH_URL'))}`;
  return `${words}${requestId(headers)}`;
}

/** Of an answer with status 200 that is not understood. */
export function describeUnknown(response: HttpResponse, problem: string): string {
  return pageInstead(response) === undefined
    ? `: the answer is not that of _bulk: ${problem}${hintText(NO_OPENSEARCH)}`
    : ` ${describeRequest(response)}`;
}

export const NO_OPENSEARCH: Hint = {
  text: 'this is no OpenSearch: is LOGTAP_OPENSEARCH_URL right, with its scheme, port and path?',
  symptom: 'no-such-service',
};
export const WRONG_USER: Hint = {
  text: 'wrong user or password: check LOGTAP_OPENSEARCH_USERNAME and ..._PASSWORD_FILE',
  symptom: 'the-service-forbids-it',
};
const ABOUT_THE_INDEX: Hint = {
  text: 'it is about the index or the cluster, not about your lines',
  symptom: 'every-record-is-refused',
};

function describe(what: string, status: number, { type = '', reason }: BulkError, otherwise?: Hint): string {
  const hint = hintFor(status, type, reason ?? '') ?? otherwise;
  return [
    what,
    ...(type === '' ? [] : [` ${type.slice(0, REASON_MAX)}`]),
    ...(reason === undefined ? [] : [`: ${reason.slice(0, REASON_MAX)}`]),
    ...(hint === undefined ? [] : [hintText(hint)]),
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

function hintFor(status: number, type: string, reason: string): Hint | undefined {
  const about =
    (symptom: Symptom) =>
    (text: string): Hint => ({ text, symptom });
  const ofTheIndex = about('every-record-is-refused');
  if (status === 401) return WRONG_USER;
  if (type === 'cluster_block_exception')
    return about('the-index-is-blocked')('the index is read-only: is the disk of the cluster full?');
  if (type === 'index_closed_exception') return ofTheIndex('open the index: POST /INDEX/_open');
  if (status === 403) return forbidden(reason);
  if (type === 'index_not_found_exception')
    return about('no-such-service')(
      'the index is missing and may not be made: check action.auto_create_index, or make an index template',
    );
  if (status === 404 || status === 405 || (status >= 300 && status < 400)) return NO_OPENSEARCH;
  if (status === 503 && /not initialized/i.test(reason)) return about('the-service-fails')('the cluster is starting');
  if (type === 'validation_exception')
    return ofTheIndex('is the limit of shards reached (cluster.max_shards_per_node)?');
  if (type === 'routing_missing_exception') return ofTheIndex('let the mapping not require _routing');
  const known = HINTS.find(([words]) => words.test(reason));
  if (known !== undefined) return ofTheIndex(known[1]);
  if (/^(mapper_parsing|document_parsing|strict_dynamic_mapping)_exception$/.test(type)) return ofTheIndex(MAPPING);
  if (status === 429)
    return about('the-service-is-throttled')(
      'its queue or memory is full: it is retried; add data nodes, or send less',
    );
  return status >= 500
    ? about('the-service-fails')('the service reports a failure of its own: it is retried')
    : undefined;
}

/** By the words of AWS's signatures, and of the security plugin. */
function forbidden(reason: string): Hint {
  if (/expired/i.test(reason))
    return {
      text: 'the AWS credentials have ended, or the clock is wrong: are temporary keys renewed?',
      symptom: 'the-credentials-are-refused',
    };
  if (/signature|security token|credential/i.test(reason))
    return { text: 'are the AWS credentials and the clock right?', symptom: 'the-credentials-are-refused' };
  return {
    text: "the user lacks a right: its role needs 'indices:data/write/bulk' on the cluster, 'create_index' and 'write' on the index",
    symptom: 'the-service-forbids-it',
  };
}
