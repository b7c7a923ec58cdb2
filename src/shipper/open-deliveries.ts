/** Settings to the way out: sinks, the file of dead letters, and the options of each delivery. For `ship`, `--check` and `replay`. */
import type { SinkName } from '../catalog/sinks/index.js';
import type { Ledger } from './accounting/ledger.js';
import type { AuditLog } from './audit/audit-log.js';
import type { Cursor } from './buffer/cursor.js';
import { DeadLetterFile } from './dead-letters/dead-letter-file.js';
import type { DeadLetters, DeliverOptions, SinkHealth } from './delivery/deliver.js';
import type { Log } from './log.js';
import type { Sink } from './parts.js';
import type { Secrets } from './secrets.js';
import type { Settings } from './settings.js';
import { openSink } from './sinks/index.js';
import { sleep } from './sleep.js';

/** A send without progress for this long has failed. */
const ATTEMPT_MS = 30_000;

/** Context of every part of the way out. */
export interface DeliveryContext {
  readonly settings: Settings;
  readonly log: Log;
  readonly secrets: Secrets;
  /** Monotonic. */
  readonly now: () => number;
}

/** The sinks of the settings, in their order. Throws a ConfigError when one cannot work. */
export async function openSinks(
  { settings, log, secrets, audit }: Omit<DeliveryContext, 'now'> & { readonly audit?: AuditLog | undefined },
  countRequest: (sink: SinkName, code: string, seconds: number) => void = () => {},
): Promise<readonly Sink[]> {
  const sinks: Sink[] = [];
  for (const name of settings.sinks) {
    const onRequest = (code: string, seconds: number) => countRequest(name, code, seconds);
    const onNotice = (notice: string) => log.problem('warn', `${name} ${notice}`, `${name}: ${notice}`);
    sinks.push(await openSink(name, { settings, secrets, onRequest, onNotice, audit: audit?.of(name) }));
  }
  return sinks;
}

/** `undefined` when no file is set: permanently rejected records are then only counted. Throws a ConfigError when it cannot be written. */
export function openDeadLetters({ settings, log, secrets, now }: DeliveryContext): DeadLetterFile | undefined {
  const { deadLetterFile: path, deadLetterMaxBytes: maxBytes } = settings;
  if (path === undefined) return undefined;
  return new DeadLetterFile({ path, maxBytes, now: Date.now, monotonicMs: now, log, secrets });
}

/** The parts that differ between deliveries. */
export interface DeliveryParts extends Pick<DeliverOptions, 'hurry' | 'deadline' | 'remainingMs' | 'blockedMaxBytes'> {
  readonly sink: Sink;
  readonly cursor: Cursor;
  readonly health: SinkHealth;
  readonly ledger: Ledger;
  readonly deadLetters: DeadLetters | undefined;
}

export function deliveryOf(parts: DeliveryParts, { log, now }: Pick<DeliveryContext, 'log' | 'now'>): DeliverOptions {
  return { ...parts, log, now, sleep, random: Math.random, attemptMs: ATTEMPT_MS };
}
