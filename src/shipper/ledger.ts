/** Counts what was read, delivered and dropped, so that the sum can be checked to the last record, stream by stream. */
import type { RecordBatch } from './parts.js';
import type { Lost } from './source/frame-decoder.js';
import { type Count, STREAMS, type StreamName, Tally } from './tally.js';

/** What became of the records at one sink. */
export interface SinkCount {
  /** Held on disk by an earlier life. */
  readonly recovered: Tally;
  readonly delivered: Tally;
  /** By reason. */
  readonly dropped: Map<string, Tally>;
}

/** Reason under which losses in the application are counted. */
export const NOT_HANDED_OVER = 'not_handed_over';

export class Ledger {
  readonly read = new Tally();
  /** What applications could not hand over; never read, so no part of the sum. */
  readonly lost = { records: 0, bytes: 0 };
  readonly sinks: ReadonlyMap<string, SinkCount>;
  /** Peers that broke the frame format, by reason. */
  readonly protocolErrors = new Map<string, number>();

  constructor(sinks: readonly string[]) {
    this.sinks = new Map(
      sinks.map((name) => [name, { recovered: new Tally(), delivered: new Tally(), dropped: new Map() }]),
    );
  }

  countRead(batch: RecordBatch): void {
    this.read.add(Tally.of(batch));
  }

  countLost({ lines, bytes }: Lost): void {
    this.lost.records += lines;
    this.lost.bytes += bytes;
  }

  countRecovered(sink: string, recovered: Tally): void {
    this.sinks.get(sink)!.recovered.add(recovered);
  }

  countDelivered(sink: string, delivered: Tally): void {
    this.sinks.get(sink)!.delivered.add(delivered);
  }

  countDropped(sink: string, reason: string, dropped: Tally): void {
    const counts = this.sinks.get(sink)!.dropped;
    const count = counts.get(reason);
    if (count === undefined) counts.set(reason, new Tally().plus(dropped));
    else count.add(dropped);
  }

  countProtocolError(reason: string): void {
    this.protocolErrors.set(reason, (this.protocolErrors.get(reason) ?? 0) + 1);
  }

  /** The totals in one line. `heldBy` says what a sink's lane really holds. */
  totals(heldBy: (sink: string) => Tally): Totals {
    const { sinks, balanced } = this.statement(heldBy);
    const some = (by: ReadonlyMap<string, number>) => Object.fromEntries([...by].filter(([, records]) => records > 0));
    const recovered = some(new Map([...this.sinks].map(([name, count]) => [name, count.recovered.records])));
    const dropped: Record<string, Record<string, number>> = {};
    if (this.lost.records > 0) dropped.application = { [NOT_HANDED_OVER]: this.lost.records };
    for (const [name, count] of this.sinks) {
      if (count.dropped.size === 0) continue;
      dropped[name] = Object.fromEntries([...count.dropped].map(([reason, { records }]) => [reason, records]));
    }
    return {
      read: this.read.records,
      ...(Object.keys(recovered).length > 0 && { recovered }),
      delivered: Object.fromEntries([...this.sinks].map(([name, count]) => [name, count.delivered.records])),
      dropped,
      held: Math.max(...Object.values(sinks).map(({ held }) => held.records)),
      streams: Object.fromEntries(Object.entries(sinks).map(([name, { streams }]) => [name, streams])),
      balanced,
    };
  }

  /** The whole ledger, as `/ledger` answers it. `heldBy` says what a sink's lane really holds. */
  statement(heldBy: (sink: string) => Tally): Statement {
    const sinks = [...this.sinks.keys()].map((name) => [name, this.#sinkStatement(name, heldBy(name))] as const);
    return {
      read: this.read.byStream,
      application: { dropped: { [NOT_HANDED_OVER]: this.lost } },
      sinks: Object.fromEntries(sinks),
      balanced: sinks.every(([, { balanced }]) => balanced),
    };
  }

  #sinkStatement(sink: string, held: Tally): SinkStatement {
    const { recovered, delivered, dropped } = this.sinks.get(sink)!;
    const expected = this.read.plus(recovered);
    const found = [...dropped.values()].reduce((sum, count) => sum.plus(count), delivered.plus(held));
    const streams = STREAMS.filter((stream) => expected.of(stream).records !== 0 || found.of(stream).records !== 0);
    const sums = [...dropped].map(([reason, { records, bytes }]) => [reason, { records, bytes }] as const);
    return {
      recovered: countOf(recovered),
      delivered: countOf(delivered),
      dropped: Object.fromEntries(sums),
      held: countOf(held),
      streams: Object.fromEntries(
        streams.map((stream) => {
          const droppedHere = [...dropped.values()].reduce((sum, count) => sum + count.of(stream).records, 0);
          return [
            stream,
            {
              read: expected.of(stream).records,
              delivered: delivered.of(stream).records,
              dropped: droppedHere,
              held: held.of(stream).records,
            },
          ];
        }),
      ),
      balanced: streams.every((stream) => expected.of(stream).records === found.of(stream).records),
    };
  }
}

const countOf = ({ records, bytes }: Tally): Count => ({ records, bytes });

/** Read + recovered = delivered + dropped + held at every sink and for every stream, or `balanced` is false. */
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
  /** By sink and stream. */
  readonly streams: Readonly<Record<string, SinkStatement['streams']>>;
  readonly balanced: boolean;
}

/** Every count of the ledger. */
export interface Statement {
  /** By stream. */
  readonly read: Readonly<Partial<Record<StreamName, Count>>>;
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
  /** Records of each stream: read, or recovered, = delivered + dropped + held. */
  readonly streams: Readonly<Partial<Record<StreamName, StreamStatement>>>;
  /** Records only: bytes of damaged records on disk are not known. */
  readonly balanced: boolean;
}

export interface StreamStatement {
  readonly read: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly held: number;
}
