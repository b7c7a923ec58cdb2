/** The balance of the ledger: the records read against the fates of all records, for each sink and stream. */
import type { Unread } from '../source/count-unread.js';
import type { EndCounts } from './ends.js';
import type { JoinCounts } from './join-counts.js';
import type { UncountedRings } from './journal-sum.js';
import { CONNECTION_CLOSED, INVALID_FRAMES, LATER_VERSION, NOT_HANDED_OVER, SHIPPER_KILLED } from './reasons.js';
import type { SinkStatement, Statement, Totals } from './statement.js';
import { countOf, countsOf, sumOf } from './tallies.js';
import { type Count, STREAMS, type Tally } from './tally.js';

/** The fates of the records at one sink. */
export interface SinkCount {
  /** Held on disk by a previous run. */
  readonly recovered: Tally;
  readonly delivered: Tally;
  /** Of containers whose records other sinks get. */
  readonly elsewhere: Tally;
  /** By reason. */
  readonly deadLettered: Map<string, Tally>;
  readonly dropped: Map<string, Tally>;
  /** Resent although they may be stored already, each as often as that was so. No part of the sum. */
  readonly possibleDuplicates: Tally;
}

/** The counts of a ledger, from which its balance is struck. */
export interface Counts {
  readonly read: Tally;
  readonly joined: JoinCounts;
  readonly ends: EndCounts;
  readonly withheld: ReadonlyMap<string, Tally>;
  readonly redacted: ReadonlyMap<string, number>;
  readonly lost: Count;
  readonly lostWithPreviousRun: Count;
  readonly laterVersion: Count;
  readonly connectionClosed: Count;
  readonly invalidFrames: Count;
  readonly uncountedRings: ReadonlyMap<string, UncountedRings>;
  readonly sinks: ReadonlyMap<string, SinkCount>;
  readonly unread: Unread;
}

/** The real number of records at a sink's cursor. */
export type HeldBy = (sink: string) => Tally;

/** The totals in one line. */
export function totalsOf(ledger: Counts, heldBy: HeldBy): Totals {
  const { sinks, balanced } = statementOf(ledger, heldBy);
  const some = (by: ReadonlyMap<string, number>) => Object.fromEntries([...by].filter(([, records]) => records > 0));
  const bySink = (of: 'recovered' | 'possibleDuplicates' | 'elsewhere') =>
    some(new Map([...ledger.sinks].map(([name, count]) => [name, count[of].records])));
  const recovered = bySink('recovered');
  const elsewhere = bySink('elsewhere');
  const possibleDuplicates = bySink('possibleDuplicates');
  const byReason = (counts: 'deadLettered' | 'dropped'): Record<string, Record<string, number>> => {
    const sums = [...ledger.sinks].filter(([, count]) => count[counts].size > 0);
    return Object.fromEntries(
      sums.map(([name, count]) => {
        return [name, Object.fromEntries([...count[counts]].map(([reason, { records }]) => [reason, records]))];
      }),
    );
  };
  const withheld = some(new Map([...ledger.withheld].map(([reason, { records }]) => [reason, records])));
  const application = some(
    new Map([
      [NOT_HANDED_OVER, ledger.lost.records],
      [LATER_VERSION, ledger.laterVersion.records],
      [CONNECTION_CLOSED, ledger.connectionClosed.records],
      [INVALID_FRAMES, ledger.invalidFrames.records],
    ]),
  );
  const hold =
    ledger.lostWithPreviousRun.records > 0 ? { hold: { [SHIPPER_KILLED]: ledger.lostWithPreviousRun.records } } : {};
  const deadLettered = byReason('deadLettered');
  return {
    read: ledger.read.records,
    ...(Object.keys(recovered).length > 0 && { recovered }),
    ...(Object.keys(withheld).length > 0 && { withheld }),
    ...(ledger.redacted.size > 0 && { redacted: Object.fromEntries(ledger.redacted) }),
    delivered: Object.fromEntries([...ledger.sinks].map(([name, count]) => [name, count.delivered.records])),
    ...(Object.keys(elsewhere).length > 0 && { elsewhere }),
    ...(Object.keys(possibleDuplicates).length > 0 && { possibleDuplicates }),
    ...(Object.keys(deadLettered).length > 0 && { deadLettered }),
    dropped: { ...(Object.keys(application).length > 0 && { application }), ...hold, ...byReason('dropped') },
    ...(ledger.unread.records > 0 && { unread: ledger.unread.records, unreadBytes: ledger.unread.bytes }),
    ...(ledger.uncountedRings.size > 0 && { uncountedRings: Object.fromEntries(ledger.uncountedRings) }),
    ...(ledger.unread.rings > 0 && { unreadRings: ledger.unread.rings }),
    held: Math.max(...Object.values(sinks).map(({ held }) => held.records)),
    streams: Object.fromEntries(Object.entries(sinks).map(([name, { streams }]) => [name, streams])),
    balanced,
  };
}

/** The whole ledger. */
export function statementOf(ledger: Counts, heldBy: HeldBy): Statement {
  const sinks = [...ledger.sinks.keys()].map((name) => [name, sinkStatement(ledger, name, heldBy(name))] as const);
  return {
    read: ledger.read.byStream,
    ...(ledger.joined.statement !== undefined && { joined: ledger.joined.statement }),
    ...(ledger.withheld.size > 0 && { withheld: countsOf(ledger.withheld) }),
    ...(ledger.redacted.size > 0 && { redacted: Object.fromEntries(ledger.redacted) }),
    ...(ledger.ends.statement !== undefined && { ended: ledger.ends.statement }),
    application: {
      dropped: {
        [NOT_HANDED_OVER]: ledger.lost,
        ...(ledger.laterVersion.bytes > 0 && { [LATER_VERSION]: ledger.laterVersion }),
        ...(ledger.connectionClosed.bytes > 0 && { [CONNECTION_CLOSED]: ledger.connectionClosed }),
        ...(ledger.invalidFrames.bytes > 0 && { [INVALID_FRAMES]: ledger.invalidFrames }),
      },
      ...(ledger.uncountedRings.size > 0 && { uncountedRings: Object.fromEntries(ledger.uncountedRings) }),
    },
    hold: { dropped: { [SHIPPER_KILLED]: ledger.lostWithPreviousRun } },
    sinks: Object.fromEntries(sinks),
    balanced: sinks.every(([, { balanced }]) => balanced),
  };
}

function sinkStatement(ledger: Counts, sink: string, held: Tally): SinkStatement {
  const { recovered, delivered, elsewhere, deadLettered, dropped, possibleDuplicates } = ledger.sinks.get(sink)!;
  const expected = ledger.read.plus(recovered);
  const allDeadLettered = sumOf(deadLettered);
  const allDropped = sumOf(dropped);
  const withheld = sumOf(ledger.withheld);
  const found = withheld.plus(delivered).plus(elsewhere).plus(allDeadLettered).plus(allDropped).plus(held);
  const streams = STREAMS.filter((stream) => expected.of(stream).records !== 0 || found.of(stream).records !== 0);
  return {
    recovered: countOf(recovered),
    delivered: countOf(delivered),
    ...(elsewhere.records > 0 && { elsewhere: countOf(elsewhere) }),
    deadLettered: countsOf(deadLettered),
    dropped: countsOf(dropped),
    held: countOf(held),
    ...(possibleDuplicates.records > 0 && { possibleDuplicates: countOf(possibleDuplicates) }),
    streams: Object.fromEntries(
      streams.map((stream) => [
        stream,
        {
          read: expected.of(stream).records,
          ...(ledger.withheld.size > 0 && { withheld: withheld.of(stream).records }),
          delivered: delivered.of(stream).records,
          ...(elsewhere.records > 0 && { elsewhere: elsewhere.of(stream).records }),
          deadLettered: allDeadLettered.of(stream).records,
          dropped: allDropped.of(stream).records,
          held: held.of(stream).records,
        },
      ]),
    ),
    balanced: streams.every((stream) => expected.of(stream).records === found.of(stream).records),
  };
}
