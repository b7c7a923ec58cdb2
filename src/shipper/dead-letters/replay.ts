/**
 * Sends a file of dead letters again, each to the sink that refused it, under the name it had: a sink that knows records
 * by their ids stores none twice. The file stays as it is.
 */
import { closeSync, existsSync, fstatSync, openSync, realpathSync, statSync } from 'node:fs';
import { readSettings } from '../../catalog/read-settings.js';
import { namedSinks } from '../../catalog/records/container-sinks.js';
import { sinkName } from '../../catalog/sinks/index.js';
import { Ledger } from '../accounting/ledger.js';
import type { Totals } from '../accounting/statement.js';
import { RecordBuffer } from '../buffer/record-buffer.js';
import { type DeadLetters, healthySink } from '../delivery/deliver.js';
import { runPipeline } from '../delivery/pipeline.js';
import { ConfigError, messageOf } from '../errors.js';
import type { Log } from '../log.js';
import { type DeliveryContext, deliveryOf, openDeadLetters, openSinks, type SinkEvents } from '../open-deliveries.js';
import type { Origin, Sink, Source, SourceBatch } from '../parts.js';
import { BatchBuilder } from '../records/batch-builder.js';
import type { Secrets } from '../secrets.js';
import { type Environment, parseSettings } from '../settings.js';
import { decodeLetter, type Letter } from './letter.js';

export interface Replayed {
  /** By sink. */
  readonly totals: Readonly<Record<string, Totals>>;
  /** Lines that are no letters. */
  readonly unreadable: number;
  /** Whether the file was written to or replaced meanwhile: it may hold letters that were not sent. */
  readonly hasChanged: boolean;
}

const BUFFER_BYTES = 16 * 1024 * 1024;

/** Resolves when every letter is delivered or refused again, or `stop` aborts. Throws a ConfigError before it sends any. */
export async function replay(
  path: string,
  env: Environment,
  log: Log,
  secrets: Secrets,
  stop: AbortSignal,
): Promise<Replayed> {
  if (!existsSync(path)) throw new ConfigError([`'${path}': there is no such file. Name a file of dead letters.`]);
  // One file, even when its name changes.
  const fd = openSync(path, 'r');
  const before = fstatSync(fd);
  const { sinks: trusted = [], ...others } = readSettings(env).settings;
  const known = namedSinks({ ...others, sinks: trusted }).map(({ name }) => name);
  const ofContainers = known.filter((name) => !trusted.some((other) => other === name));
  const { sinks: names, unreadable } = await survey(fd, path, known, log);
  // Sinks of containers follow from those of the pod.
  const kept = ofContainers.length > 0 ? trusted : [];
  const ofPod = new Set([...kept, ...names.filter((name) => !ofContainers.includes(name))]);
  const settings = parseSettings({ ...env, LOGTAP_SINK: [...ofPod].join(',') }, log.info);
  // Each letter goes to the sink that refused it, of any container.
  const named = namedSinks(settings).flatMap(({ isFor: _, ...sink }) => (names.includes(sink.name) ? [sink] : []));
  mustBeAnother(settings.deadLetterFile, path);
  const context = { settings, log, secrets, now: () => performance.now() };
  const deadLetters = openDeadLetters(context);
  const totals: Record<string, Totals> = {};
  const ledgers = new Map(names.map((name) => [name, new Ledger([name])]));
  const onPossibleDuplicates: SinkEvents['onPossibleDuplicates'] = (name, records) =>
    ledgers.get(name)!.countPossibleDuplicates(name, records);
  for (const [i, sink] of (await openSinks(context, { onPossibleDuplicates }, named)).entries()) {
    const ledger = ledgers.get(named[i]!.name)!;
    totals[sink.name] = await replayTo(sink, ledger, new LetterSource(fd, sink.name), deadLetters, context, stop);
  }
  deadLetters?.close();
  closeSync(fd);
  const after = statSync(path, { throwIfNoEntry: false });
  const hasChanged = after?.ino !== before.ino || after.size !== before.size;
  if (hasChanged) {
    log.problem(
      'error',
      'changed',
      `'${path}': was written to, or replaced, while it was sent, and may hold letters that were not. Rename it first, then send it.`,
    );
  }
  return { totals, unreadable, hasChanged };
}

/** Letters refused again would be appended to the file that is read. */
function mustBeAnother(deadLetterFile: string | undefined, path: string): void {
  if (deadLetterFile === undefined || !existsSync(deadLetterFile)) return;
  if (realpathSync(deadLetterFile) !== realpathSync(path)) return;
  throw new ConfigError([
    `LOGTAP_DEAD_LETTER_FILE='${deadLetterFile}': must not be the file that is sent, which would grow meanwhile. Rename one of them.`,
  ]);
}

/** Sends all letters for one sink. */
async function replayTo(
  sink: Sink,
  ledger: Ledger,
  source: Source,
  deadLetters: DeadLetters | undefined,
  context: DeliveryContext,
  stop: AbortSignal,
): Promise<Totals> {
  const { name } = sink;
  const buffer = new RecordBuffer({ maxBytes: BUFFER_BYTES, sinks: [name], now: context.now });
  const cursor = buffer.cursor(name);
  const parts = { sink, cursor, health: healthySink(), ledger, deadLetters, hurry: stop, deadline: stop };
  const deliveries = [deliveryOf(parts, context)];
  await runPipeline({ sources: [source], buffer, ledger, deliveries, stop, cutOff: stop });
  await sink.close();
  return ledger.totals(() => cursor.held);
}

/** Which sinks the letters are for. Modules only where they are `trusted`. */
async function survey(
  fd: number,
  path: string,
  trusted: readonly string[],
  log: Log,
): Promise<{ sinks: readonly string[]; unreadable: number }> {
  const sinks = new Set<string>();
  let [lines, unreadable] = [0, 0];
  for await (const line of await letterLines(fd)) {
    lines += 1;
    try {
      const { sink } = decodeLetter(line);
      const name = trusted.includes(sink) ? sink : sinkName(sink);
      if (name.startsWith('module:') && !trusted.includes(name)) {
        throw new Error(`it is for '${name}', and a file of letters starts no program: name it in LOGTAP_SINK, too`);
      }
      sinks.add(name);
    } catch (error) {
      unreadable += 1;
      log.problem('warn', 'unreadable letter', `${path}, line ${lines}, is left out: ${messageOf(error)}`);
    }
  }
  if (sinks.size === 0)
    throw new ConfigError([`'${path}': there is no dead letter in it. Name a file of dead letters.`]);
  return { sinks: [...sinks], unreadable };
}

class LetterSource implements Source {
  readonly #fd: number;
  readonly #sink: string;

  constructor(fd: number, sink: string) {
    this.#fd = fd;
    this.#sink = sink;
  }

  async *batches(signal: AbortSignal): AsyncGenerator<SourceBatch> {
    const builder = new BatchBuilder();
    const origins = new Map<string, Origin>();
    const batch = (): SourceBatch => ({ ...builder.finish(), acknowledge() {} });
    for await (const line of await letterLines(this.#fd)) {
      if (signal.aborted) return;
      const letter = letterFor(this.#sink, line);
      if (letter === undefined) continue;
      const { message, timeMs, seq, origin } = letter.record;
      const key = JSON.stringify(origin);
      const known = origins.get(key) ?? origin;
      origins.set(key, known);
      builder.record(known, builder.copy(message, 0, message.length), message.length, timeMs, seq);
      if (!builder.isFull) continue;
      origins.clear();
      yield batch();
    }
    if (builder.count > 0) yield batch();
  }
}

function letterFor(sink: string, line: string): Letter | undefined {
  try {
    const letter = decodeLetter(line);
    return letter.sink === sink ? letter : undefined;
  } catch {
    return undefined;
  }
}

/** Loaded with a replay: the start of a shipper does not need it. */
const letterLines = async (fd: number) => (await import('./letter-lines.js')).letterLines(fd);
