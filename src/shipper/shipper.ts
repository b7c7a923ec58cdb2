/** A running shipper: its start, its answers about itself, and its ordered stop. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { lossTexts } from './accounting/losses.js';
import type { Totals } from './accounting/statement.js';
import { buildShipper, type ShipperParts } from './build.js';
import { checkSinks } from './check.js';
import type { Console } from './console/console.js';
import { runPipeline } from './delivery/pipeline.js';
import type { Log } from './log.js';
import { deliveryOf } from './open-deliveries.js';
import { Deadlines } from './process/deadlines.js';
import { descriptorShares } from './process/descriptor-limit.js';
import { lastWriterEnded } from './process/last-writer.js';
import { Termination } from './process/termination.js';
import type { Secrets } from './secrets.js';
import type { Settings } from './settings.js';
import { sleep } from './sleep.js';
import { startStatusServer } from './status/status-server.js';
import { laterStatement, laterText, version, versionStatement } from './status/versions.js';

/** For `logtap run`. */
export interface Account {
  readonly totals: Totals;
  readonly losses: readonly string[];
  /** Why it is not ready. */
  readonly problems: readonly string[];
  /** Lines that are in records of several: above one per record. */
  readonly joinedLines: number;
}

/** Part of the memory bound above which the shipper reports that it is not ready. */
const NEARLY_FULL = 0.9;
/** Part of the memory bound that may wait for one place of a sink while the others go on. */
const BLOCKED_PART = 1 / 8;
/** A stop that lasts longer logs its counts. */
const ACCOUNT_MS = 1500;

/** Listens on the socket when it resolves. Throws a ConfigError when the settings cannot work. */
export async function startShipper(settings: Settings, log: Log, secrets: Secrets): Promise<Shipper> {
  const shipper = new Shipper(await buildShipper(settings, log, secrets));
  await shipper.start();
  return shipper;
}

export class Shipper {
  readonly #parts: ShipperParts;
  readonly #deadlines: Deadlines;
  readonly #termination: Termination;
  #isListening = false;
  #isUnreadCounted = false;
  #ended: Promise<void> | undefined;
  #console: Promise<Console> | undefined;
  #isStopping = false;
  #noWriters: AbortController | undefined;

  constructor(parts: ShipperParts) {
    const { settings, now } = parts;
    this.#parts = parts;
    this.#deadlines = new Deadlines(now);
    this.#termination = new Termination({
      graceMs: settings.graceSeconds * 1000,
      podGraceMs: settings.terminationGraceSeconds * 1000,
      now,
    });
  }

  /** Listens when it resolves. */
  async start(): Promise<void> {
    const { settings, log, memoryMaxBytes, socket, sources, carryOn } = this.#parts;
    // First: a port that is taken must be known before a process connects to the socket.
    await this.#startStatusServer();
    await socket.listen();
    carryOn();
    socket.watchLosses();
    this.#isListening = true;
    log.info('listening', {
      version,
      socket: settings.socket,
      rings: settings.ringDir,
      sinks: this.#parts.metered.map(({ name }) => name),
      memoryMaxBytes,
    });
    void this.#checkSinks();
    this.#deadlines.cutOff.addEventListener('abort', () => {
      for (const source of sources) source.close();
    });
    this.#ended = this.#run();
    const cancel = () => this.#deadlines.cancel();
    this.#ended.then(cancel, cancel);
    this.#stopWithLastWriter();
  }

  /** Resolves after `stop`, when all is delivered or the time is up. */
  get ended(): Promise<void> {
    return this.#ended ?? Promise.reject(new Error('the shipper was not started'));
  }

  /** Reads on until every peer has closed, delivers, then ends, within the grace time. */
  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    const { log } = this.#parts;
    const graceMs = this.#termination.leftMs;
    log.info('stopping', { graceSeconds: graceMs / 1000 });
    for (const lock of this.#locks) lock.stopping();
    this.#deadlines.beginStop(graceMs, this.#noWriters?.signal);
    // The last line may never be written: a pod may be given less time than its specification grants.
    this.#deadlines.after(ACCOUNT_MS, () => log.info('still stopping', { ...this.totals() }));
  }

  /** The pod's termination has begun: the application ends first, and no wait may be long any more. */
  terminating(): void {
    if (!this.#termination.begin()) return;
    const { log, settings } = this.#parts;
    log.info('the termination of the pod begins', { graceSeconds: settings.terminationGraceSeconds });
    this.#deadlines.beginHurry();
    // A shipper that was told to end by another process has no more time than its pod.
    if (this.#isStopping) this.#deadlines.endWithin(this.#termination.leftMs);
  }

  /** Reopens the files that it writes to, by their paths. */
  reopen(): void {
    const { sinks, deadLetters } = this.#parts;
    for (const sink of sinks) sink.reopen?.();
    deadLetters?.reopen();
  }

  /** Sends the records in the flight recorder. Whether there is one. */
  recall(): boolean {
    const { settings, log, recall } = this.#parts;
    if (settings.recorderMinutes === undefined) return false;
    log.info('the flight recorder is sent', { records: recall() });
    return true;
  }

  /** The fates of all lines so far. */
  totals(): Totals {
    const { ledger, heldBy, buffer } = this.#parts;
    const totals = ledger.totals(heldBy);
    return buffer.refusedRecords > 0 ? { ...totals, heldInMemory: buffer.refusedRecords } : totals;
  }

  /** What is lost so far, with reasons and remedies; empty when nothing is. */
  losses(): readonly string[] {
    return lossTexts(this.totals(), this.#parts.settings);
  }

  /** The counts, with the words of an operator. */
  account(): Account {
    const { ledger, heldBy } = this.#parts;
    const joined = Object.values(ledger.statement(heldBy).joined ?? {}).flatMap((forms) => Object.values(forms));
    return {
      totals: this.totals(),
      losses: this.losses(),
      problems: this.#problems(),
      joinedLines: joined.reduce((above, { lines, records }) => above + lines - records, 0),
    };
  }

  /** Another process will tell when no writer is left: `stop` then reads on until `noWriters`, within the grace time. */
  awaitWriters(): void {
    this.#noWriters ??= new AbortController();
  }

  /** No process is left that could write: the sources read the rest and end. */
  noWriters(): void {
    for (const source of this.#parts.sources) source.close();
    this.#noWriters?.abort();
  }

  /** It is not known whether a process is left that could write. */
  forgetWriters(): void {
    this.#noWriters?.abort();
  }

  /** Adds the unread lines to the totals. No line is read afterwards. */
  countUnread(): void {
    if (this.#isUnreadCounted) return;
    this.#isUnreadCounted = true;
    const { sources, ledger } = this.#parts;
    for (const source of sources) ledger.countUnread(source.unread());
  }

  /** The last line has reported the totals: the next shipper does not count them again. */
  reported(): void {
    this.#parts.ledger.reported();
  }

  /** Ends the audit ledger of this run. Returns the ledger in short, as lines. */
  endAudit(): readonly string[] {
    const { audit } = this.#parts.ledger;
    audit?.end(this.totals());
    return audit?.summary ?? [];
  }

  get #locks() {
    const { bufferLock, ringLock, socketLock } = this.#parts;
    return [bufferLock, ringLock, socketLock].filter((lock) => lock !== undefined);
  }

  async #run(): Promise<void> {
    const { sources, stages, buffer, ledger, sinks, metered, deadLetters, memoryMaxBytes } = this.#parts;
    const { stop, cutOff, hurry, delivery: deadline, remainingMs } = this.#deadlines;
    const common = {
      ledger,
      deadLetters,
      hurry,
      deadline,
      remainingMs,
      blockedMaxBytes: memoryMaxBytes * BLOCKED_PART,
    };
    const deliveries = sinks.map((sink, i) => {
      const { cursor, health } = metered[i]!;
      return deliveryOf({ sink, cursor, health, ...common }, this.#parts);
    });
    await runPipeline({ sources, stages, buffer, ledger, deliveries, stop, cutOff });
    await Promise.all(sinks.map((sink) => sink.close()));
    buffer.end();
    this.countUnread();
    for (const lock of this.#locks) lock.release();
    deadLetters?.close();
  }

  async #startStatusServer(): Promise<void> {
    const { settings, log, ledger, metrics, heldBy, sources } = this.#parts;
    if (settings.statusPort === 'off') return;
    await startStatusServer({
      port: settings.statusPort,
      host: settings.statusHost,
      isListening: () => this.#isListening,
      problems: () => this.#problems(),
      losses: () => this.losses(),
      ledger: () => ({
        ...versionStatement(sources.flatMap(({ writers }) => writers)),
        ...laterStatement(this.#parts),
        ...ledger.statement(heldBy),
      }),
      audit: ledger.audit && (() => `${ledger.audit!.text}${JSON.stringify(['now', ledger.totals(heldBy)])}\n`),
      maxConnections: descriptorShares().statusConnections,
      onProblem: (problem) => log.problem('warn', 'status port', problem),
      metrics: (accept) => metrics.render(accept),
      console: settings.console === 'off' ? undefined : (...exchange) => this.#serveConsole(...exchange),
    });
  }

  /** Loaded with the first request. */
  async #serveConsole(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#console ??= import('./console/console.js').then(
      ({ Console }) => new Console(this.#parts, { problems: () => this.#problems(), losses: () => this.losses() }),
    );
    (await this.#console).serve(request, response);
  }

  /** Why it is not ready; empty when it is. */
  #problems(): string[] {
    const { bufferLock, ringLock, socketLock, buffer, metered } = this.#parts;
    const problems: string[] = [];
    if (bufferLock?.isOurs === false) problems.push('another shipper has taken the directory of LOGTAP_SPOOL_DIR');
    if (ringLock?.isOurs === false) problems.push('another shipper has taken the directory of LOGTAP_RING_DIR');
    if (socketLock?.isOurs === false) problems.push('another shipper has taken the path of LOGTAP_SOCKET');
    if (buffer.fullness > NEARLY_FULL) {
      problems.push(`${Math.round(buffer.fullness * 100)} % of the room for held records are in use`);
    }
    problems.push(...laterText(this.#parts));
    for (const { name, cursor } of metered) {
      if (cursor.isUnreadable) problems.push(`${name}: waits for a file in LOGTAP_SPOOL_DIR that cannot be read`);
    }
    for (const { name, health } of metered) {
      const { failures, reason } = health;
      if (failures > 0) problems.push(`${name}: ${failures} failures in a row, the last one ${reason}`);
    }
    return problems;
  }

  /** Not awaited: records that arrive meanwhile are buffered. */
  async #checkSinks(): Promise<void> {
    const { sinks, log } = this.#parts;
    for (const { sink, isRight, text } of await checkSinks(sinks)) {
      if (isRight) log.info(`${sink}: ${text}`);
      else log.problem('error', `check ${sink}`, `${sink}: ${text}`, { sink });
    }
  }

  /** For a sidecar that no signal stops: it stops some time after its last writer. */
  #stopWithLastWriter(): void {
    const { settings, metered, sources, ledger, heldBy, now } = this.#parts;
    if (settings.exitWithoutWritersSeconds === undefined) return;
    const isDelivered = () => ledger.read.records > 0 && metered.every(({ name }) => heldBy(name).records === 0);
    const hasWriters = () => sources.some((source) => source.hasWriters);
    const ms = settings.exitWithoutWritersSeconds * 1000;
    void lastWriterEnded({ hasWriters, isDelivered, ms, now, sleep }, this.#deadlines.stop).then(() => this.stop());
  }
}
