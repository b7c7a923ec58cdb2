/** Settings to parts, parts to a running shipper, and its ordered stop. */
import { checkSinks } from './check.js';
import { DeadLetterFile } from './dead-letters/dead-letter-file.js';
import { type DeliverOptions, healthySink } from './deliver.js';
import type { ProtocolError } from './errors.js';
import { lastWriterGone } from './last-writer.js';
import { Ledger, type Totals } from './ledger.js';
import type { Log } from './log.js';
import { containerMemoryLimit, defaultMemoryMaxBytes } from './memory-limit.js';
import { type MeteredSink, Metrics } from './metrics.js';
import type { Sink } from './parts.js';
import { runPipeline } from './pipeline.js';
import type { Secrets } from './secrets.js';
import type { Settings } from './settings.js';
import { openSink } from './sinks/index.js';
import { sleep } from './sleep.js';
import type { Lost } from './source/frame-decoder.js';
import { RingSource } from './source/ring-source.js';
import { SocketSource } from './source/socket-source.js';
import { Hold } from './spool/hold.js';
import { SegmentStore } from './spool/segment-store.js';
import { startStatusServer } from './status-server.js';
import type { Tally } from './tally.js';

export interface Shipper {
  /** Resolves after `stop`, when all is delivered or the time is up. */
  readonly ended: Promise<Totals>;
  /** Reads on until every peer has closed, delivers, then ends; within the grace time. */
  stop(): void;
  totals(): Totals;
}

/** A send without an answer after this has failed. */
export const ATTEMPT_MS = 30_000;
/** A sink that failed so often in a row, or has not taken its oldest record for so long, is out. */
const OUTAGE_FAILURES = 2;
const OUTAGE_MS = 5000;
/** Part of the memory bound above which the shipper says that it is not ready. */
const NEARLY_FULL = 0.9;
/** Kept back from the grace time to say how it ended before the kubelet's SIGKILL. */
const LAST_WORDS_MS = 250;

/** Listens on the socket when it resolves. Throws a ConfigError when the settings cannot work. */
export async function startShipper(settings: Settings, log: Log, secrets: Secrets): Promise<Shipper> {
  const now = () => performance.now();
  const maxBytes =
    settings.memoryMaxBytes ??
    defaultMemoryMaxBytes(containerMemoryLimit(), settings.ringDir === undefined ? 0 : settings.ringTotalBytes);
  const ledger = new Ledger(settings.sinks);
  const hold = openHold(settings, { maxBytes, now, ledger, log });
  const metered: MeteredSink[] = settings.sinks.map((name) => ({ name, lane: hold.lane(name), health: healthySink() }));
  const metrics = new Metrics({ ledger, sinks: metered, now });
  const heldBy = (name: string) => hold.lane(name).held;
  let isListening = false;

  const problems = (): string[] => [
    ...(hold.fullness > NEARLY_FULL
      ? [`${Math.round(hold.fullness * 100)} % of the room for held records are in use`]
      : []),
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
      metrics: (accept) => metrics.render(accept),
    });
  }

  const sinks: Sink[] = [];
  for (const name of settings.sinks) {
    const onRequest = (code: string, seconds: number) => metrics.countRequest(name, code, seconds);
    const onNotice = (notice: string) => log.problem('warn', `${name} ${notice}`, `${name}: ${notice}`);
    sinks.push(await openSink(name, { settings, secrets, onRequest, onNotice }));
  }

  const isOutage = () =>
    metered.some(({ health, lane: { oldestMs } }) => {
      return health.failures >= OUTAGE_FAILURES || (oldestMs !== undefined && now() - oldestMs > OUTAGE_MS);
    });
  const { deadLetterFile: path } = settings;
  const letters = { maxBytes: settings.deadLetterMaxBytes, now: Date.now, log, secrets };
  const deadLetters = path === undefined ? undefined : new DeadLetterFile({ path, ...letters });

  const lines = {
    lineMaxBytes: settings.lineMaxBytes,
    lineIdleMs: settings.lineIdleMs,
    lingerMs: settings.batchLingerMs,
    onLost(lost: Lost) {
      ledger.countLost(lost);
      log.problem('warn', 'application loss', 'an application could not hand over all it wrote', { ...lost });
    },
    onProtocolError({ reason, message }: ProtocolError) {
      ledger.countProtocolError(reason);
      log.problem('warn', `protocol ${reason}`, `connection closed: ${message}`, { reason });
    },
  };
  const socket = new SocketSource({ ...lines, path: settings.socket });
  const sources: (SocketSource | RingSource)[] = [socket];
  if (settings.ringDir !== undefined) {
    const rings = new RingSource({
      ...lines,
      path: settings.ringDir,
      ringBytes: settings.ringBytes,
      pool: settings.ringPool,
      totalBytes: settings.ringTotalBytes,
      isOutage,
      onGone(gone) {
        ledger.countGone(gone);
        log.problem('warn', 'gone', 'a shipper was killed that held records of rings in memory', { ...gone });
      },
      onNoRoom: (problem) => log.problem('warn', 'rings', problem),
    });
    sources.push(rings);
  }
  await socket.listen();
  isListening = true;
  log.info('listening', {
    socket: settings.socket,
    rings: settings.ringDir,
    sinks: settings.sinks,
    memoryMaxBytes: maxBytes,
  });

  // Nobody waits for it: records that come meanwhile are held.
  void checkSinks(sinks).then((findings) => {
    for (const { sink, isRight, text } of findings) {
      if (isRight) log.info(`${sink}: ${text}`);
      else log.problem('error', `check ${sink}`, `${sink}: ${text}`, { sink });
    }
  });

  const stop = new AbortController();
  const cutOff = new AbortController();
  const deadline = new AbortController();
  const deliveries = sinks.map((sink, i): DeliverOptions => {
    const { lane, health } = metered[i]!;
    const common = { ledger, log, deadLetters, sleep, random: Math.random, attemptMs: ATTEMPT_MS };
    return { sink, lane, health, ...common, hurry: stop.signal, deadline: deadline.signal };
  });
  const totals = () => ledger.totals(heldBy);

  const run = async (): Promise<Totals> => {
    await runPipeline({ sources, hold, ledger, deliveries, stop: stop.signal, cutOff: cutOff.signal });
    await Promise.all(sinks.map((sink) => sink.close()));
    hold.end();
    deadLetters?.close();
    return totals();
  };
  const ended = run();
  const begin = () => {
    if (stop.signal.aborted) return;
    const graceMs = settings.graceSeconds * 1000;
    log.info('stopping', { graceSeconds: settings.graceSeconds });
    stop.abort();
    const timers = [
      setTimeout(() => {
        cutOff.abort();
        for (const source of sources) source.close();
      }, graceMs / 2),
      setTimeout(() => deadline.abort(), Math.max(0, graceMs - LAST_WORDS_MS)),
    ];
    const cancel = () => timers.forEach(clearTimeout);
    ended.then(cancel, cancel);
  };
  if (settings.exitWithoutWritersSeconds !== undefined) {
    const isDelivered = () => ledger.read.records > 0 && settings.sinks.every((name) => heldBy(name).records === 0);
    const hasWriters = () => sources.some((source) => source.hasWriters);
    const ms = settings.exitWithoutWritersSeconds * 1000;
    void lastWriterGone({ hasWriters, isDelivered, ms, now, sleep }, stop.signal).then(begin);
  }
  return { ended, totals, stop: begin };
}

/** In memory, or on disk with half of the memory for what lanes read and the other for what the disk does not take. */
function openHold(
  { sinks, onFull, spoolDir, spoolMaxBytes }: Settings,
  { maxBytes, now, ledger, log }: { maxBytes: number; now: () => number; ledger: Ledger; log: Log },
): Hold {
  const common = {
    sinks,
    now,
    onFull,
    onDropped(sink: string, reason: string, dropped: Tally) {
      ledger.countDropped(sink, reason, dropped);
      log.problem('warn', `${sink} ${reason}`, 'records dropped', { sink, reason, records: dropped.records });
    },
    onRecovered: (sink: string, recovered: Tally) => ledger.countRecovered(sink, recovered),
  };
  if (spoolDir === undefined) return new Hold({ ...common, maxBytes });
  const store = new SegmentStore({
    directory: spoolDir,
    maxBytes: spoolMaxBytes,
    cacheBytes: maxBytes / 2,
    onProblem: (code, message) => log.problem('error', `spool ${code}`, message, { code }),
  });
  const hold = new Hold({ ...common, maxBytes: maxBytes / 2, store });
  const recovered = Object.fromEntries([...ledger.sinks].map(([name, count]) => [name, count.recovered.records]));
  log.info('spool', { directory: spoolDir, maxBytes: spoolMaxBytes, recovered });
  return hold;
}
