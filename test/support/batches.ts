/** Makes record batches from plain values, and plain values from record batches. */

import { Tally } from '../../src/shipper/accounting/tally.js';
import type { Taken } from '../../src/shipper/buffer/cursor.js';
import type { Origin, RecordBatch, SourceBatch } from '../../src/shipper/parts.js';
import { BatchBuilder } from '../../src/shipper/records/batch-builder.js';
import { recordAt } from '../../src/shipper/records/record-batch.js';

export const stdoutOrigin: Origin = {
  id: '0000000000000abc-1',
  stream: 'stdout',
  pid: 42,
  process: 'app',
  container: 'web',
};

export interface PlainRecord {
  readonly message: string | Uint8Array;
  readonly timeMs?: number;
  readonly seq?: number;
  readonly origin?: Origin;
}

export function batchOf(records: readonly (PlainRecord | string)[]): RecordBatch {
  const builder = new BatchBuilder();
  records.forEach((record, i) => {
    const {
      message,
      timeMs = 0,
      seq = i,
      origin = stdoutOrigin,
    } = typeof record === 'string' ? { message: record } : record;
    const bytes = Buffer.from(message);
    builder.record(origin, builder.copy(bytes, 0, bytes.length), bytes.length, timeMs, seq);
  });
  return builder.finish();
}

export function sourceBatchOf(records: readonly (PlainRecord | string)[], acknowledge = () => {}): SourceBatch {
  return { ...batchOf(records), acknowledge };
}

export function messagesOf(batch: RecordBatch): string[] {
  return Array.from({ length: batch.count }, (_, i) => Buffer.from(recordAt(batch, i).message).toString());
}

export interface ReadRecord {
  readonly message: string;
  readonly timeMs: number;
  readonly seq: number;
  readonly origin: string;
}

/** All columns; messages as latin1, so that equal text means equal bytes. */
export function recordsOf(batch: RecordBatch): ReadRecord[] {
  return Array.from({ length: batch.count }, (_, i) => {
    const { message, timeMs, seq, origin } = recordAt(batch, i);
    return { message: Buffer.from(message).toString('latin1'), timeMs, seq, origin: origin.id };
  });
}

/** A shipper that was told nothing of its pod. */
export const noResource = {
  podName: undefined,
  podNamespace: undefined,
  podUid: undefined,
  nodeName: undefined,
  containerName: undefined,
};

/** Acknowledges all that was taken. */
export function acknowledgeAll({ batch, acknowledge }: Taken): void {
  acknowledge(Tally.of(batch));
}
