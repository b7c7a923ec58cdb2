/** The shape of answers to `_bulk`, and their meanings. An answer that is not wholly understood says nothing about any record. */
import type { HttpResponse } from '../http/client.js';
import { jsonObject } from '../http/json-answer.js';

export interface BulkError {
  readonly type?: string;
  readonly reason?: string;
  /** The index behind an alias or a data stream. */
  readonly index?: string;
}

export interface BulkItem {
  readonly status: number;
  readonly error: BulkError;
  /** Elasticsearch refused the document, and keeps it in the failure store of its data stream. */
  readonly isInFailureStore?: true;
}

/**
 * One entry per action, in their order; or the problem of the answer in words: another number of items than actions,
 * an item without a status, errors where `errors` is false.
 */
export function bulkItems(body: Buffer, actions: number): readonly BulkItem[] | string {
  if (areAllCreated(body, actions)) return new Array<BulkItem>(actions).fill(CREATED);
  const { errors, items } = jsonObject(body) ?? {};
  if (typeof errors !== 'boolean' || !Array.isArray(items)) return 'it has no items';
  if (items.length !== actions) return `it has ${items.length} items for ${actions} actions`;
  const known = items.map(itemOf);
  if (!known.every((item) => item !== undefined)) return 'an item has no status';
  if (!errors && known.some(({ status }) => !isDone(status))) return 'an item is refused where errors is false';
  if (known.some(({ status, error }) => isDone(status) && error !== NO_ERROR))
    return 'an item is done and has an error';
  return known;
}

const NO_ERROR: BulkError = {};
const CREATED: BulkItem = { status: 201, error: NO_ERROR };

/** The answer to most requests, as the filter of ours leaves it: it is compared, and not parsed. */
const ALL_CREATED_HEAD = Buffer.from('{"errors":false,"items":[');
const ALL_CREATED_ITEM = '{"create":{"status":201}},';
const ALL_CREATED_END = Buffer.from(']}');
/** As many items as an answer had so far. */
let createdItems = Buffer.alloc(0);

function areAllCreated(body: Buffer, actions: number): boolean {
  // The last item has no comma.
  const itemsEnd = ALL_CREATED_HEAD.length + actions * ALL_CREATED_ITEM.length - 1;
  if (actions === 0 || body.length !== itemsEnd + ALL_CREATED_END.length) return false;
  if (createdItems.length < actions * ALL_CREATED_ITEM.length)
    createdItems = Buffer.from(ALL_CREATED_ITEM.repeat(actions));
  const items = createdItems.subarray(0, itemsEnd - ALL_CREATED_HEAD.length);
  return (
    body.subarray(0, ALL_CREATED_HEAD.length).equals(ALL_CREATED_HEAD) &&
    body.subarray(itemsEnd).equals(ALL_CREATED_END) &&
    body.subarray(ALL_CREATED_HEAD.length, itemsEnd).equals(items)
  );
}

const isDone = (status: number): boolean => status === 200 || status === 201;

/** The item of an action, which has the name of the action. */
function itemOf(item: unknown): BulkItem | undefined {
  const results = Object.values(typeof item === 'object' && item !== null ? item : {}) as readonly unknown[];
  const {
    status,
    error,
    failure_store: failureStore,
  } = (results.length === 1 ? (results[0] ?? {}) : {}) as Readonly<Record<string, unknown>>;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 100 || status > 599) return undefined;
  return {
    status,
    error: error === undefined || error === null ? NO_ERROR : bulkError(error),
    ...(failureStore === 'used' && { isInFailureStore: true }),
  };
}

function bulkError(error: unknown): BulkError {
  const { type, reason, index } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  return {
    ...(typeof type === 'string' && { type }),
    ...(typeof reason === 'string' && { reason }),
    ...(typeof index === 'string' && { index }),
  };
}

/** Of a service's words that are not JSON. */
const WORDS_MAX = 200;

/** The error that a request as a whole was refused with; without a type when the body is not OpenSearch's. */
export function errorOf(body: Buffer): BulkError {
  const parsed = jsonObject(body);
  if (parsed === undefined) {
    // The security plugin's words have no JSON around them. A page of a proxy says nothing.
    const text = body.toString().trim();
    return text !== '' && text.length <= WORDS_MAX && !text.includes('<') ? { reason: text } : {};
  }
  const { error, message, Message } = parsed;
  // AWS answers with fields of its own, outside of the engine.
  const reason = [error, message, Message].find((words) => typeof words === 'string');
  return reason === undefined ? bulkError(error) : { reason: reason as string };
}

/** Answers with status 400 that are about the cluster, not about the document: full of shards, a bad index name. */
const NOT_THE_DOCUMENT: ReadonlySet<string> = new Set([
  'validation_exception',
  'invalid_index_name_exception',
  'index_closed_exception',
]);

/** Time-series collections of OpenSearch Serverless make their ids themselves. */
const isAboutIds = ({ reason = '' }: BulkError): boolean => /Document ID is not supported/i.test(reason);

/** `refused`: permanently, once it is shown that a record that is known to be good is taken. */
export type Fate = 'delivered' | 'there' | 'retry' | 'refused' | 'without_id';

/** Only errors that the service blames on the document are refusals. All others may pass. */
export function classifyItem({ status, error }: BulkItem, hadId: boolean): Fate {
  if (isDone(status)) return 'delivered';
  if (status === 409 && hadId) return 'there';
  if (status === 400 && hadId && isAboutIds(error)) return 'without_id';
  if (status === 400 && !NOT_THE_DOCUMENT.has(error.type ?? '')) return 'refused';
  return 'retry';
}

/** The fate of a request that was refused as a whole. */
export function classifyRequest({ status, body }: HttpResponse, hadId: boolean): Exclude<Fate, 'there'> | 'too_large' {
  if (status === 413) return 'too_large';
  // Only where OpenSearch itself says so: a proxy that answers 400 to everything must not cost a single record.
  const error = errorOf(body);
  if (status !== 400) return 'retry';
  if (hadId && isAboutIds(error)) return 'without_id';
  return error.type === undefined ? 'retry' : 'refused';
}

/** Errors that do not pass by themselves: a missing permission, an index or a URL. */
export function isForHumans(status: number): boolean {
  return (status >= 300 && status < 400) || status === 401 || status === 403 || status === 404 || status === 405;
}

/** The name of an error as a reason, for metrics: a service that makes up names must not make up time series. */
export function reasonOf({ status, error: { type = '' } }: BulkItem): string {
  return /^[a-z][a-z_]{2,63}$/.test(type) ? type : String(status);
}
