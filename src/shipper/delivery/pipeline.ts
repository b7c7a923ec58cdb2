/** The two kinds of loops: one for each source fills the buffer, one for each sink empties it. */

import type { Ledger } from '../accounting/ledger.js';
import { Tally } from '../accounting/tally.js';
import type { RecordBuffer } from '../buffer/record-buffer.js';
import type { RecordBatch, Source, Stage, Withhold } from '../parts.js';
import { type DeliverOptions, deliver } from './deliver.js';

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
      if (stages.length === 0) ledger.countRead(buffer.append(batch));
      else {
        const passed = await pass(stages, batch);
        ledger.countRead(Tally.of(batch));
        passed.withheld.count(ledger);
        buffer.append({ ...passed.batch, acknowledge: () => batch.acknowledge() });
      }
      await buffer.room(cutOff);
    }
  };
  try {
    await Promise.all(sources.map(fillFrom));
    for (const [i, stage] of stages.entries()) {
      const withheld = new Withheld();
      const last = stage.end?.(withheld.add);
      if (last === undefined) continue;
      const passed = await pass(stages.slice(i + 1), last, withheld);
      passed.withheld.count(ledger);
      buffer.append({ ...passed.batch, acknowledge() {} });
    }
  } finally {
    buffer.close();
  }
}

interface Passed {
  readonly batch: RecordBatch;
  readonly withheld: Withheld;
}

/** Counted together with the batch that was read, so that the ledger balances at any time, however long a stage takes. */
class Withheld {
  readonly #tallies: [reason: string, tally: Tally][] = [];

  readonly add: Withhold = (records, reason) => {
    this.#tallies.push([reason, Tally.of(records)]);
  };

  count(ledger: Ledger): void {
    for (const [reason, tally] of this.#tallies) ledger.countWithheld(reason, tally);
  }
}

async function pass(stages: readonly Stage[], batch: RecordBatch, withheld = new Withheld()): Promise<Passed> {
  let left = batch;
  for (const stage of stages) {
    const result = left.count === 0 ? left : stage.apply(left, withheld.add);
    left = result instanceof Promise ? await result : result;
  }
  return { batch: left, withheld };
}
