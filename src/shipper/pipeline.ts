/** The two kinds of loops: one fills the hold from the source, one for each sink empties it. */
import { type DeliverOptions, deliver } from './deliver.js';
import type { Ledger } from './ledger.js';
import type { Source } from './parts.js';
import type { Hold } from './spool/hold.js';

export interface PipelineOptions {
  readonly source: Source;
  readonly hold: Hold;
  readonly ledger: Ledger;
  readonly deliveries: readonly DeliverOptions[];
  /** The source should come to its end. */
  readonly stop: AbortSignal;
  /** The source has been closed: what it still yields is held even above the bound. */
  readonly cutOff: AbortSignal;
}

/** Resolves when the source has ended and every lane is empty, or its deadline has passed. */
export async function runPipeline(options: PipelineOptions): Promise<void> {
  await Promise.all([fill(options), ...options.deliveries.map(deliver)]);
}

async function fill({ source, hold, ledger, stop, cutOff }: PipelineOptions): Promise<void> {
  try {
    for await (const batch of source.batches(stop)) {
      ledger.countRead(batch);
      hold.append(batch);
      await hold.room(cutOff);
    }
  } finally {
    hold.close();
  }
}
