/** The state of a shipper at one moment: `/status`, from which the console makes its figures. */

import type { ShipperParts } from '../build.js';
import type { SinkHealth } from '../delivery/deliver.js';
import type { MeteredSink } from '../status/metrics.js';
import { version, versionStatement } from '../status/versions.js';

export type ConsoleParts = Pick<
  ShipperParts,
  'settings' | 'secrets' | 'ledger' | 'metered' | 'heldBy' | 'buffer' | 'sources' | 'now' | 'live'
>;

export interface LastError {
  readonly code: string;
  /** The operation, the answer and the remedy. */
  readonly detail: string;
  readonly secondsAgo: number;
}

export function stateOf(parts: ConsoleParts, problems: readonly string[]) {
  const { settings, ledger, metered, heldBy, buffer, sources, now } = parts;
  const { podName = '', podNamespace = '', nodeName = '' } = settings;
  const statement = ledger.statement(heldBy);
  const sinks = metered.map((sink) => sinkState(sink, parts));
  return {
    version,
    /** Monotonic, of this process. */
    uptimeSeconds: process.uptime(),
    pod: { name: podName, namespace: podNamespace, node: nodeName },
    problems,
    balanced: statement.balanced,
    read: { records: ledger.read.records, bytes: ledger.read.bytes },
    held: Math.max(...sinks.map(({ held }) => held.records)),
    oldestHeldSeconds: Math.max(...sinks.map(({ oldestHeldSeconds }) => oldestHeldSeconds)),
    bufferFullRatio: buffer.fullness,
    sinks,
    settings: { onFull: settings.onFull, deadLetterFile: settings.deadLetterFile, spoolDir: settings.spoolDir },
    tailing: parts.live.clients,
    now: now(),
    ledger: { ...versionStatement(sources.flatMap(({ writers }) => writers)), ...statement },
  };
}

export type State = ReturnType<typeof stateOf>;

function sinkState({ name, cursor, health }: MeteredSink, { ledger, now, secrets }: ConsoleParts) {
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
