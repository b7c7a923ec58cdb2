/** Notes for an audit what leaves, and what of it is acknowledged. */
import type { Ledger } from '../accounting/ledger.js';
import type { RecordBatch, SendResult, Sink } from '../parts.js';

/** Call it before the batch leaves, and its result with the answer. Without an audit both do nothing. */
export function noteSending(
  { sink, ledger }: { readonly sink: Sink; readonly ledger: Ledger },
  batch: RecordBatch,
): (result: SendResult) => void {
  const claims = ledger.audit === undefined ? undefined : sink.claims?.(batch);
  if (claims === undefined || claims.length === 0) return () => {};
  const request = ledger.audit!.sending(sink.name, claims);
  return ({ retry, rejected, elsewhere = [] }) => {
    if (retry.length === 0 && rejected.length === 0) {
      request.stored();
      return;
    }
    const others = new Set([...retry, ...rejected.map(({ index }) => index), ...elsewhere]);
    const stored = [...batch.length.keys()].filter((i) => !others.has(i));
    // A record that is retried may be stored: its answer may be the one that was lost.
    if (stored.length === 0) {
      if (retry.length > 0) request.lost();
      else request.none();
      return;
    }
    // Noted first, as the acknowledgement of a part ends the request.
    if (retry.length > 0) ledger.audit!.sending(sink.name, sink.claims!(batch, retry)).lost();
    request.stored(sink.claims!(batch, stored));
  };
}
