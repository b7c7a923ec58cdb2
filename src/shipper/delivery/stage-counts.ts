/**
 * What stages did to one batch: counted together with the batch, so that the ledger balances at any time, and kept in the
 * journal before the source forgets the batch, so that the counts outlive a kill as long as nothing else does.
 */
import type { Ledger } from '../accounting/ledger.js';
import { Tally } from '../accounting/tally.js';
import { AuditLog } from '../audit/audit-log.js';
import type { Claim, RecordBatch, SourceBatch, StageBooks, Withhold } from '../parts.js';
import { sourceBatch } from '../records/record-batch.js';

type Counts = [reason: string, tally: Tally, places: readonly Claim[]][];

export class StageCounts {
  readonly #ledger: Ledger;
  readonly #made = new Tally();
  readonly #withheld: Counts = [];
  readonly #recalled: Counts = [];
  readonly #redacted: ReadonlyMap<string, number>[] = [];

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  readonly withhold: Withhold = (records, reason) => {
    this.#withheld.push([reason, Tally.of(records), this.#places(records)]);
  };

  readonly books: StageBooks = {
    made: (records) => this.#made.add(Tally.of(records)),
    recalled: (records, reason) => {
      this.#recalled.push([reason, Tally.of(records), this.#places(records)]);
    },
    redacted: (counts) => {
      this.#redacted.push(counts);
    },
  };

  /** The batch that stages left, for the buffer. Counts now, and again for the journal once the batch is acknowledged. */
  counted(batch: RecordBatch, acknowledge: SourceBatch['acknowledge'] = () => {}): SourceBatch {
    const ledger = this.#ledger;
    ledger.countRead(this.#made);
    for (const [reason, tally] of this.#withheld) ledger.countWithheld(reason, tally);
    for (const [reason, tally] of this.#recalled) ledger.countRecalled(reason, tally);
    for (const counts of this.#redacted) ledger.countRedacted(counts);
    return sourceBatch(batch, (isDropped) => {
      for (const [reason, tally, places] of this.#withheld) ledger.keepWithheld(reason, tally, places);
      for (const [reason, tally, places] of this.#recalled)
        ledger.keepWithheld(reason, new Tally().minus(tally), places);
      acknowledge(isDropped);
    });
  }

  #places(records: RecordBatch): readonly Claim[] {
    return this.#ledger.audit === undefined ? [] : AuditLog.places(records);
  }
}
