/** Settings to parts, parts to a running shipper, and its ordered stop. */

import { CountJournal } from './accounting/count-journal.js';
import { Ledger, type Totals } from './accounting/ledger.js';
import { checkSinks } from './check.js';
import { DeadLetterFile } from './dead-letters/dead-letter-file.js';
import { type DeliverOptions, healthySink } from './delivery/deliver.js';
import { runPipeline } from './delivery/pipeline.js';
import type { Log } from './log.js';
import { openBuffer } from './open-buffer.js';
import { isOutage, lockRings, openSources } from './open-sources.js';
import type { Sink } from './parts.js';
import { descriptorShares } from './process/descriptor-limit.js';
import { lastWriterEnded } from './process/last-writer.js';
import { containerMemoryLimit, defaultMemoryMaxBytes } from './process/memory-limit.js';
import { Termination } from './process/termination.js';
import type { Secrets } from './secrets.js';
import type { Settings } from './settings.js';
import { openSink } from './sinks/index.js';
import { sleep } from './sleep.js';
import { type MeteredSink, Metrics } from './status/metrics.js';
import { startStatusServer } from './status/status-server.js';

export interface Shipper {
  /** Resolves after `stop`, when all is delivered or the time is up. */
  readonly ended: Promise<Totals>;
  /** Reads on until every peer has closed, delivers, then ends; within the grace time. */
  stop(): void;
  /** The pod's termination has begun: the application ends first, and nothing must wait for long any more. */
  terminating(): void;
  /** A last line has said the totals: the next shipper does not count them again. */
  reported(): void;
  /** Opens the files that it writes to anew, by their paths. */
  reopen(): void;
  /** What became of every line, and how many are unread. Nothing is read after this. */
  lastTotals(): Totals;
}

/** A send that makes no progress for so long has failed. */
export const ATTEMPT_MS = 30_000;
/** Part of the memory bound above which the shipper says that it is not ready. */
const NEARLY_FULL = 0.9;
/** Part of the memory bound that may wait for one place of a sink while the others go on. */
const BLOCKED_PART = 1 / 8;
/** After so long a stop says its counts for the first time. */
const ACCOUNT_MS = 1500;
/** Kept back from the grace time to say how it ended before the kubelet's SIGKILL. */
const LAST_WORDS_MS = 250;

/** Listens on the socket when it resolves. Throws a ConfigError when the settings cannot work. */
export async function startShipper(settings: Settings, log: Log, secrets: Secrets): Promise<Shipper> {
  const now = () => performance.now();
  const maxBytes =
    settings.memoryMaxBytes ??
    defaultMemoryMaxBytes(containerMemoryLimit(), settings.ringDir === undefined ? 0 : settings.ringTotalBytes);
  const ledger = new Ledger(settings.sinks);
  const { buffer, lock } = await openBuffer(settings, { maxBytes, now, ledger, log });
  const ringLock = await lockRings(settings, log);
  const locks = [lock, ringLock].filter((each) => each !== undefined);
  const journal = openJournal(settings, log);
  if (journal !== undefined) ledger.carryOn(journal);
  const metered: MeteredSink[] = settings.sinks.map((name) => ({
    name,
    cursor: buffer.cursor(name),
    health: healthySink(),
  }));
  const metrics = new Metrics({ ledger, sinks: metered, now, fullness: () => buffer.fullness });
  const heldBy = (name: string) => buffer.cursor(name).held;
  let isListening = false;

  const problems = (): string[] => [
    ...(lock?.isOurs === false ? ['another shipper has taken the directory of LOGTAP_SPOOL_DIR'] : []),
    ...(ringLock?.isOurs === false ? ['another shipper has taken the directory of LOGTAP_RING_DIR'] : []),
    ...(buffer.fullness > NEARLY_FULL
      ? [`${Math.round(buffer.fullness * 100)} % of the room for held records are in use`]
      : []),
    ...metered
      .filter(({ cursor }) => cursor.isUnreadable)
      .map(({ name }) => `${name}: waits for a file in LOGTAP_SPOOL_DIR that cannot be read`),
    ...metered
      .filter(({ health }) => health.failures > 0)
      .map(({ name, health }) => `${name}: ${health.failures} failures in a row, the last one ${health.reason}`),
  ];
  // First of all: a port that is taken must be known before anybody connects to the socket.
  if (settings.statusPort !== 'off') {
    await startStatusServer({
      port: settings.statusPort,
      host: settings.statusHost,
      isListening: () => isListening,
      problems,
      ledger: () => ledger.statement(heldBy),
      maxConnections: descriptorShares().statusConnections,
      onProblem: (problem) => log.problem('warn', 'status port', problem),
      metrics: (accept) => metrics.render(accept),
    });
  }

  const sinks: Sink[] = [];
  for (const name of settings.sinks) {
    const onRequest = (code: string, seconds: number) => metrics.countRequest(name, code, seconds);
    const onNotice = (notice: string) => log.problem('warn', `${name} ${notice}`, `${name}: ${notice}`);
    sinks.push(await openSink(name, { settings, secrets, onRequest, onNotice }));
  }

  const { deadLetterFile: path } = settings;
  const letters = { maxBytes: settings.deadLetterMaxBytes, now: Date.now, monotonicMs: now, log, secrets };
  const deadLetters = path === undefined ? undefined : new DeadLetterFile({ path, ...letters });

  const common = { ledger, log, isOutage: () => isOutage(metered, now()), journal };
  const { socket, sources } = openSources(settings, common);
  await socket.listen();
  isListening = true;
  log.info('listening', {
    socket: settings.socket,
    rings: settings.ringDir,
    sinks: settings.sinks,
    memoryMaxBytes: maxBytes,
  });

  // It is not waited for: records that come meanwhile are buffered.
  void checkSinks(sinks).then((results) => {
    for (const { sink, isRight, text } of results) {
      if (isRight) log.info(`${sink}: ${text}`);
      else log.problem('error', `check ${sink}`, `${sink}: ${text}`, { sink });
    }
  });

  const termination = new Termination({
    graceMs: settings.graceSeconds * 1000,
    podGraceMs: settings.terminationGraceSeconds * 1000,
    now,
  });
  const stop = new AbortController();
  const hurry = new AbortController();
  const cutOff = new AbortController();
  const deadline = new AbortController();
  let deadlineMs = Number.POSITIVE_INFINITY;
  const remainingMs = () => deadlineMs - now();
  const deliveries = sinks.map((sink, i): DeliverOptions => {
    const { cursor, health } = metered[i]!;
    const common = { ledger, log, deadLetters, now, sleep, random: Math.random, attemptMs: ATTEMPT_MS };
    const blockedMaxBytes = maxBytes * BLOCKED_PART;
    return {
      sink,
      cursor,
      health,
      ...common,
      hurry: hurry.signal,
      deadline: deadline.signal,
      remainingMs,
      blockedMaxBytes,
    };
  });
  const totals = () => ledger.totals(heldBy);
  let last: Totals | undefined;
  const lastTotals = () => {
    if (last === undefined) for (const source of sources) ledger.countUnread(source.unread());
    last ??= totals();
    return last;
  };

  const run = async (): Promise<Totals> => {
    await runPipeline({ sources, buffer, ledger, deliveries, stop: stop.signal, cutOff: cutOff.signal });
    await Promise.all(sinks.map((sink) => sink.close()));
    buffer.end();
    lastTotals();
    for (const each of locks) each.release();
    deadLetters?.close();
    return lastTotals();
  };
  const ended = run();
  const timers: NodeJS.Timeout[] = [];
  /** Of two ends the earlier one counts. */
  const endWithin = (graceMs: number) => {
    const deliverMs = Math.max(0, graceMs - LAST_WORDS_MS);
    deadlineMs = Math.min(deadlineMs, now() + deliverMs);
    const close = () => {
      cutOff.abort();
      for (const source of sources) source.close();
    };
    timers.push(
      setTimeout(close, graceMs / 2),
      setTimeout(() => deadline.abort(), deliverMs),
    );
  };
  const beginStop = () => {
    if (stop.signal.aborted) return;
    const graceMs = termination.leftMs;
    log.info('stopping', { graceSeconds: graceMs / 1000 });
    for (const each of locks) each.stopping();
    stop.abort();
    // Before requests hurry: their share is one of what remains.
    endWithin(graceMs);
    hurry.abort();
    // A last word may not be heard: a pod may be given less time than its specification says.
    timers.push(setTimeout(() => log.info('still stopping', { ...totals() }), ACCOUNT_MS));
    const cancel = () => timers.forEach(clearTimeout);
    ended.then(cancel, cancel);
  };
  if (settings.exitWithoutWritersSeconds !== undefined) {
    const isDelivered = () => ledger.read.records > 0 && settings.sinks.every((name) => heldBy(name).records === 0);
    const hasWriters = () => sources.some((source) => source.hasWriters);
    const ms = settings.exitWithoutWritersSeconds * 1000;
    void lastWriterEnded({ hasWriters, isDelivered, ms, now, sleep }, stop.signal).then(beginStop);
  }
  const reopen = () => {
    for (const sink of sinks) sink.reopen?.();
    deadLetters?.reopen();
  };
  const terminating = () => {
    if (!termination.begin()) return;
    log.info('the termination of the pod begins', { graceSeconds: settings.terminationGraceSeconds });
    hurry.abort();
    // A shipper that was told to end by others has no more time than its pod.
    if (stop.signal.aborted) endWithin(termination.leftMs);
  };
  return { ended, lastTotals, reopen, terminating, stop: beginStop, reported: () => ledger.reported() };
}

/** With the disk buffer, which no application writes to, or else with the rings. */
function openJournal({ spoolDir, ringDir }: Settings, log: Log): CountJournal | undefined {
  const directory = spoolDir ?? ringDir;
  if (directory === undefined) return undefined;
  return new CountJournal(directory, (message) => log.problem('warn', 'journal', message));
}
