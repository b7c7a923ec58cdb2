/** What becomes of each record: the shipper's stages are applied one by one, and each change is noted. */
import type { Origin, RecordBatch, Stage } from '../shipper/parts.js';

export interface Outcome {
  readonly origin: Origin;
  readonly timeMs: number;
  /** How the source formed the record: bits of FORMED. */
  readonly formed: number;
  /** The stage that made the record; `undefined` for one of the application. */
  readonly madeBy: string | undefined;
  /** The record as the sinks get it. */
  message: Buffer;
  /** Names of the stages that changed the message. */
  readonly changedBy: string[];
  /** Stage and reason; `undefined` for a record that the sinks get. */
  withheld: { readonly stage: string; readonly reason: string } | undefined;
}

/** Records that a stage adds, or sends later, are seen in its result. */
const NO_BOOKS = { made() {}, recalled() {}, redacted() {} };

export class Outcomes {
  readonly all: Outcome[] = [];
  readonly #byName = new Map<string, Outcome>();

  constructor(private readonly stages: readonly Stage[]) {}

  /** Takes a batch of the source through every stage. */
  async add(batch: RecordBatch): Promise<void> {
    this.#take(batch, undefined);
    await this.#pass(batch, 0);
  }

  /** No more batches come. */
  async end(): Promise<void> {
    for (const [i, stage] of this.stages.entries()) {
      const last = stage.end?.((records, reason) => this.#withhold(stage.name, records, reason), NO_BOOKS);
      if (last === undefined) continue;
      this.#take(last, stage.name);
      await this.#pass(last, i + 1);
    }
  }

  async #pass(batch: RecordBatch, first: number): Promise<void> {
    let current = batch;
    for (const stage of this.stages.slice(first)) {
      current = await stage.apply(current, (records, reason) => this.#withhold(stage.name, records, reason), NO_BOOKS);
      this.#take(current, stage.name);
    }
  }

  /** @param stage the stage that the batch comes from; `undefined` for the source */
  #take(batch: RecordBatch, stage: string | undefined): void {
    for (let i = 0; i < batch.count; i++) {
      const message = Buffer.from(batch.bytes.subarray(batch.start[i]!, batch.start[i]! + batch.length[i]!));
      const origin = batch.origins[batch.origin[i]!]!;
      const name = nameOf(origin, batch.seq[i]!);
      const known = this.#byName.get(name);
      if (known !== undefined) {
        if (stage !== undefined && !known.message.equals(message)) known.changedBy.push(stage);
        known.message = message;
        // A stage may send withheld records later.
        known.withheld = undefined;
        continue;
      }
      const timeMs = batch.timeMs[i]!;
      const formed = batch.formed[i]!;
      const outcome = { origin, timeMs, formed, message, madeBy: stage, changedBy: [], withheld: undefined };
      this.#byName.set(name, outcome);
      this.all.push(outcome);
    }
  }

  #withhold(stage: string, records: RecordBatch, reason: string): void {
    for (let i = 0; i < records.count; i++) {
      const outcome = this.#byName.get(nameOf(records.origins[records.origin[i]!]!, records.seq[i]!));
      if (outcome !== undefined) outcome.withheld = { stage, reason };
    }
  }
}

const nameOf = ({ id }: Origin, seq: number) => `${id} ${seq}`;
