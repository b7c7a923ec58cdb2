/** What the answer to a `_bulk` request means for each record. */

/** `took` and `errors` come before the items. */
const HEAD_BYTES = 64;

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

/** The error that a request as a whole was refused with; empty when the body is not OpenSearch's. */
export function errorOf(body: Buffer): BulkError {
  const { error } = (parse(body) ?? {}) as { error?: unknown };
  if (typeof error === 'string') return { reason: error };
  return (error as BulkError | undefined | null) ?? {};
}

/** Answers with status 400 that are about the cluster, not about the document: full of shards, a bad index name. */
const NOT_THE_DOCUMENT: ReadonlySet<string> = new Set(['validation_exception', 'invalid_index_name_exception']);

/** Refused for good is only what the service blames on the document; everything else may pass. */
export function classifyItem({ status, error }: BulkItem): 'delivered' | 'retry' | 'rejected' {
  // 409: this id is there, so an earlier attempt arrived whose answer did not.
  if (status === 200 || status === 201 || status === 409) return 'delivered';
  if (status === 400 && !NOT_THE_DOCUMENT.has(error?.type ?? '')) return 'rejected';
  return 'retry';
}

export function hintFor(status: number, type: string | undefined): string | undefined {
  if (status === 401) return 'wrong user or password: check LOGTAP_OPENSEARCH_USERNAME and ..._PASSWORD_FILE';
  if (type === 'cluster_block_exception') return 'the index is read-only: is the disk of the cluster full?';
  if (status === 403) return "the user lacks a right: its role needs 'create_index' and 'write' on the index";
  if (status === 404) return 'the index is missing and may not be made: check action.auto_create_index';
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
