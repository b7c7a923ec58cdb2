/** The two kinds of loops: one for each source fills the buffer, one for each sink empties it. */

import type { Ledger } from '../accounting/ledger.js';
import type { RecordBuffer } from '../buffer/record-buffer.js';
import type { Source } from '../parts.js';
import { type DeliverOptions, deliver } from './deliver.js';

export interface PipelineOptions {
  readonly sources: readonly Source[];
  readonly buffer: RecordBuffer;
  readonly ledger: Ledger;
  readonly deliveries: readonly DeliverOptions[];
  /** The sources should come to their end. */
  readonly stop: AbortSignal;
  /** The sources have been closed: what they still yield is buffered even above the bound. */
  readonly cutOff: AbortSignal;
}

/** Resolves when the sources have ended and every cursor is empty, or its deadline has passed. */
export async function runPipeline(options: PipelineOptions): Promise<void> {
  await Promise.all([fill(options), ...options.deliveries.map(deliver)]);
}

async function fill({ sources, buffer, ledger, stop, cutOff }: PipelineOptions): Promise<void> {
  const fillFrom = async (source: Source) => {
    for await (const batch of source.batches(stop)) {
      ledger.countRead(buffer.append(batch));
      await buffer.room(cutOff);
    }
  };
  try {
    await Promise.all(sources.map(fillFrom));
  } finally {
    buffer.close();
  }
}
