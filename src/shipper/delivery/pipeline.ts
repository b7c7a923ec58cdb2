/** The two kinds of loops: one for each source fills the buffer, one for each sink empties it. */

import type { Ledger } from '../accounting/ledger.js';
import { Tally } from '../accounting/tally.js';
import type { RecordBuffer } from '../buffer/record-buffer.js';
import type { RecordBatch, Source, Stage } from '../parts.js';
import { type DeliverOptions, deliver } from './deliver.js';
import { StageCounts } from './stage-counts.js';

export interface PipelineOptions {
  readonly sources: readonly Source[];
  /** In the order in which records pass them. @default none */
  readonly stages?: readonly Stage[];
  readonly buffer: RecordBuffer;
  readonly ledger: Ledger;
  readonly deliveries: readonly DeliverOptions[];
  /** The sources should come to their end. */
  readonly stop: AbortSignal;
  /** The sources are closed: their last batches are buffered even above the bound. */
  readonly cutOff: AbortSignal;
}

/** Resolves when the sources have ended and every cursor is empty, or its deadline has passed. */
export async function runPipeline(options: PipelineOptions): Promise<void> {
  await Promise.all([fill(options), ...options.deliveries.map(deliver)]);
}

async function fill({ sources, stages = [], buffer, ledger, stop, cutOff }: PipelineOptions): Promise<void> {
  const fillFrom = async (source: Source) => {
    for await (const batch of source.batches(stop)) {
      ledger.joined.add(batch);
      ledger.writers.add(batch);
      if (stages.length === 0) ledger.countRead(buffer.append(batch));
      else {
        const counts = new StageCounts(ledger);
        // A stage may wait with some of its records.
        batch.memory?.keep();
        const left = await pass(stages, batch, counts);
        ledger.countRead(Tally.of(batch));
        buffer.append(counts.counted(left, (isDropped) => batch.acknowledge(isDropped)));
      }
      await buffer.room(cutOff);
    }
  };
  try {
    await Promise.all(sources.map(fillFrom));
    for (const [i, stage] of stages.entries()) {
      const counts = new StageCounts(ledger);
      const last = stage.end?.(counts.withhold, counts.books);
      if (last === undefined) continue;
      const left = await pass(stages.slice(i + 1), last, counts);
      buffer.append(counts.counted(left));
    }
  } finally {
    buffer.close();
  }
}

async function pass(stages: readonly Stage[], batch: RecordBatch, counts: StageCounts): Promise<RecordBatch> {
  let left = batch;
  for (const stage of stages) {
    const result = left.count === 0 ? left : stage.apply(left, counts.withhold, counts.books);
    left = result instanceof Promise ? await result : result;
  }
  return left;
}
