/** Sends a batch to a peer that takes a request as a whole, in requests as large as it was seen to take in time. */
import { codeOf, failureOf } from '../errors.js';
import type { RecordBatch, SendResult } from '../parts.js';
import { slice } from '../records/record-batch.js';
import type { BodyLimit } from './body-limit.js';
import { indexes } from './ranges.js';

/** More than a batch of lines has: at first a batch is one request. */
export const REQUEST_MAX_BYTES = 4 * 1024 * 1024;
/** Bytes of a record in addition to its message, about. */
const OVERHEAD_BYTES = 200;

/** `send` resolves when a request is delivered. Throws its error if none is. */
export async function sendParts(
  batch: RecordBatch,
  limit: BodyLimit,
  send: (part: RecordBatch) => Promise<void>,
): Promise<SendResult> {
  for (let from = 0; from < batch.count; ) {
    const { to, bytes } = partOf(batch, from, batch.count, limit.bytes, OVERHEAD_BYTES);
    try {
      await send(slice(batch, from, to));
    } catch (error) {
      limit.unanswered(bytes, codeOf(error));
      if (from === 0) throw error;
      return { retry: [...indexes(from, batch.count)], rejected: [], failure: failureOf(error) };
    }
    limit.accepted();
    from = to;
  }
  return { retry: [], rejected: [] };
}

/** As many records from `from` on, below `limit`, as fit, and at least one; with so many bytes each in addition to its message. */
export function partOf({ length }: RecordBatch, from: number, limit: number, maxBytes: number, overheadBytes: number) {
  let to = from;
  let bytes = 0;
  while (to < limit) {
    const size = length[to]! + overheadBytes;
    if (to > from && bytes + size > maxBytes) break;
    bytes += size;
    to += 1;
  }
  return { to, bytes };
}
