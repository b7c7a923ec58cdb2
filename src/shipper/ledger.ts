/** Counts what was read, delivered and dropped, so that the sum can be checked to the last record. */

import type { Origin, RecordBatch } from './parts.js';
import type { Lost } from './source/frame-decoder.js';

export interface Count {
  records: number;
  bytes: number;
}

/** What became of the records at one sink. */
export interface SinkCount {
  /** Held on disk by an earlier life. */
  readonly recovered: Count;
  readonly delivered: Count;
  /** By reason. */
  readonly dropped: Map<string, Count>;
}

/** Reason under which losses in the application are counted. */
export const NOT_HANDED_OVER = 'not_handed_over';

const zero = (): Count => ({ records: 0, bytes: 0 });

function add(count: Count, records: number, bytes: number): void {
  count.records += records;
  count.bytes += bytes;
}

export class Ledger {
  readonly read: Readonly<Record<Origin['stream'], Count>> = { stdout: zero(), stderr: zero(), file: zero() };
  /** What applications could not hand over; never read, so no part of the sum. */
  readonly lost: Count = zero();
  readonly sinks: ReadonlyMap<string, SinkCount>;
  /** Peers that broke the frame format, by reason. */
  readonly protocolErrors = new Map<string, number>();

  constructor(sinks: readonly string[]) {
    this.sinks = new Map(sinks.map((name) => [name, { recovered: zero(), delivered: zero(), dropped: new Map() }]));
  }

  get readRecords(): number {
    return this.read.stdout.records + this.read.stderr.records + this.read.file.records;
  }

  countRead(batch: RecordBatch): void {
    const counts = batch.origins.map(({ stream }) => this.read[stream]);
    for (let i = 0; i < batch.count; i++) add(counts[batch.origin[i]!]!, 1, batch.length[i]!);
  }

  countLost({ lines, bytes }: Lost): void {
    add(this.lost, lines, bytes);
  }

  countRecovered(sink: string, records: number, bytes: number): void {
    add(this.sinks.get(sink)!.recovered, records, bytes);
  }

  countDelivered(sink: string, records: number, bytes: number): void {
    add(this.sinks.get(sink)!.delivered, records, bytes);
  }

  countDropped(sink: string, reason: string, records: number, bytes: number): void {
    const { dropped } = this.sinks.get(sink)!;
    let count = dropped.get(reason);
    if (count === undefined) {
      count = zero();
      dropped.set(reason, count);
    }
    add(count, records, bytes);
  }

  countProtocolError(reason: string): void {
    this.protocolErrors.set(reason, (this.protocolErrors.get(reason) ?? 0) + 1);
  }

  /** The totals as one object. `heldBy` says how many records a sink's lane really holds. */
  totals(heldBy: (sink: string) => number): Totals {
    const held = Object.fromEntries([...this.sinks.keys()].map((name) => [name, heldBy(name)]));
    const delivered = Object.fromEntries([...this.sinks].map(([name, count]) => [name, count.delivered.records]));
    const dropped: Record<string, Record<string, number>> = {};
    if (this.lost.records > 0) dropped.application = { [NOT_HANDED_OVER]: this.lost.records };
    for (const [name, count] of this.sinks) {
      if (count.dropped.size === 0) continue;
      dropped[name] = Object.fromEntries([...count.dropped].map(([reason, { records }]) => [reason, records]));
    }
    const read = this.readRecords;
    const balanced = [...this.sinks.keys()].every((name) => this.#isBalanced(name, held[name]!));
    const some = [...this.sinks].filter(([, count]) => count.recovered.records > 0);
    const recovered = Object.fromEntries(some.map(([name, count]) => [name, count.recovered.records]));
    return {
      read,
      ...(some.length > 0 && { recovered }),
      delivered,
      dropped,
      held: Math.max(...Object.values(held)),
      balanced,
    };
  }

  /** The whole ledger, as `/ledger` answers it. `heldBy` says what a sink's lane really holds. */
  statement(heldBy: (sink: string) => Count): Statement {
    const sinks = [...this.sinks].map(([name, { recovered, delivered, dropped }]) => {
      const held = heldBy(name);
      const balanced = this.#isBalanced(name, held.records);
      return [name, { recovered, delivered, dropped: Object.fromEntries(dropped), held, balanced }] as const;
    });
    return {
      read: this.read,
      application: { dropped: { [NOT_HANDED_OVER]: this.lost } },
      sinks: Object.fromEntries(sinks),
      balanced: sinks.every(([, { balanced }]) => balanced),
    };
  }

  #isBalanced(sink: string, held: number): boolean {
    const { recovered, delivered, dropped } = this.sinks.get(sink)!;
    const droppedHere = [...dropped.values()].reduce((sum, { records }) => sum + records, 0);
    return this.readRecords + recovered.records === delivered.records + droppedHere + held;
  }
}

/** Read + recovered = delivered + dropped + held at every sink, or `balanced` is false. */
export interface Totals {
  readonly read: number;
  /** By sink: what an earlier life had left on disk. Absent when there was nothing. */
  readonly recovered?: Readonly<Record<string, number>>;
  /** By sink. */
  readonly delivered: Readonly<Record<string, number>>;
  /** By sink, or `application`, and reason. Lines lost in the application were never read. */
  readonly dropped: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Records that at least one sink still has to take. */
  readonly held: number;
  readonly balanced: boolean;
}

/** Every count of the ledger. */
export interface Statement {
  /** By stream. */
  readonly read: Readonly<Record<Origin['stream'], Count>>;
  /** Never read, so no part of the sum. */
  readonly application: { readonly dropped: Readonly<Record<string, Count>> };
  readonly sinks: Readonly<Record<string, SinkStatement>>;
  readonly balanced: boolean;
}

export interface SinkStatement {
  readonly recovered: Count;
  readonly delivered: Count;
  /** By reason. */
  readonly dropped: Readonly<Record<string, Count>>;
  readonly held: Count;
  /** Records only: bytes of damaged records on disk are not known. */
  readonly balanced: boolean;
}
