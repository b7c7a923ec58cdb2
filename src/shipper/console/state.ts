/** The state of a shipper at one moment: `/status`, from which the console makes its figures. */

import type { ShipperParts } from '../build.js';
import type { SinkHealth } from '../delivery/deliver.js';
import type { MeteredSink } from '../status/metrics.js';
import { version, versionStatement } from '../status/versions.js';
import type { LastError, LedgerState, SettingsState, SinkState, State } from './wire.js';

export type ConsoleParts = Pick<
  ShipperParts,
  'settings' | 'secrets' | 'ledger' | 'metered' | 'heldBy' | 'buffer' | 'sources' | 'rings' | 'now' | 'live'
>;

/** Why the shipper is not ready, and what is lost. */
export interface Condition {
  readonly problems: () => readonly string[];
  readonly losses: () => readonly string[];
}

/** Processes that are listed. */
const PROCESSES_MAX = 200;

export function stateOf(parts: ConsoleParts, { problems, losses }: Condition): State {
  const { settings, ledger, metered, heldBy, buffer, rings } = parts;
  const { podName = '', podNamespace = '', nodeName = '' } = settings;
  const statement = ledger.statement(heldBy);
  const sinks = metered.map((sink) => sinkState(sink, parts));
  return {
    version,
    uptimeSeconds: process.uptime(),
    pod: { name: podName, namespace: podNamespace, node: nodeName },
    problems: problems(),
    losses: losses(),
    balanced: statement.balanced,
    read: { records: ledger.read.records, bytes: ledger.read.bytes },
    held: Math.max(...sinks.map(({ held }) => held.records)),
    oldestHeldSeconds: Math.max(...sinks.map(({ oldestHeldSeconds }) => oldestHeldSeconds)),
    bufferFullRatio: buffer.fullness,
    sinks,
    settings: settingsState(settings),
    tailing: parts.live.clients,
    rings: rings?.fills ?? [],
    ...processState(parts),
    ledger: statement as LedgerState,
  };
}

/** The processes that were read last, with those that can write now and have not yet. */
function processState({ ledger, sources, now }: ConsoleParts) {
  const writers = sources.flatMap((source) => source.writers);
  for (const writer of writers) ledger.writers.note(writer);
  const { shipper: _, libraries, processes } = versionStatement(writers);
  const open = new Map(processes.map((each) => [each.instance, each]));
  const all = ledger.writers.all.slice(0, PROCESSES_MAX).map(({ lastReadMs, ...writer }) => ({
    ...writer,
    ...(lastReadMs !== undefined && { readSecondsAgo: (now() - lastReadMs) / 1000 }),
    isOpen: open.has(writer.instance),
    ...libraryOf(open.get(writer.instance)),
  }));
  return { processesSeen: ledger.writers.seen, processes: all, libraries };
}

function sinkState({ name, cursor, health }: MeteredSink, { ledger, now, secrets }: ConsoleParts): SinkState {
  const { delivered, deadLettered, dropped } = ledger.sinks.get(name)!;
  const byReason = (tallies: ReadonlyMap<string, { readonly records: number }>) =>
    Object.fromEntries([...tallies].map(([reason, { records }]) => [reason, records]));
  return {
    name,
    delivered: { records: delivered.records, bytes: delivered.bytes },
    held: { records: cursor.held.records, bytes: cursor.held.bytes },
    oldestHeldSeconds: cursor.oldestMs === undefined ? 0 : (now() - cursor.oldestMs) / 1000,
    failures: health.failures,
    ...(health.reason !== '' && { lastError: lastError(health, now(), (text) => secrets.redact(text)) }),
    retries: Object.fromEntries(health.retries),
    deadLettered: byReason(deadLettered),
    dropped: byReason(dropped),
  };
}

function lastError(
  { reason, detail, failedMs }: SinkHealth,
  nowMs: number,
  redact: (text: string) => string,
): LastError {
  return { code: reason, detail: redact(detail), secondsAgo: (nowMs - failedMs) / 1000 };
}

const libraryOf = (process: { readonly library: string } | undefined) =>
  process === undefined ? {} : { library: process.library };

function settingsState({ onFull, deadLetterFile, spoolDir }: ConsoleParts['settings']): SettingsState {
  return {
    onFull,
    ...(deadLetterFile !== undefined && { deadLetterFile }),
    ...(spoolDir !== undefined && { spoolDir }),
  };
}
