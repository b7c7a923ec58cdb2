/** The ledger and its neighbours as Prometheus or OpenMetrics text. Counts live where things happen; here they are read. */
import type { Registry as AnyRegistry, RegistryContentType } from 'prom-client';
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Histogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';
import type { EndedProcess } from '../accounting/ends.js';
import type { Ledger } from '../accounting/ledger.js';
import {
  CONNECTION_CLOSED,
  INVALID_FRAMES,
  LATER_VERSION,
  NOT_HANDED_OVER,
  SHIPPER_KILLED,
} from '../accounting/reasons.js';
import type { Cursor } from '../buffer/cursor.js';
import { BUFFER_REASONS } from '../buffer/record-buffer.js';
import type { SinkHealth } from '../delivery/deliver.js';

export interface MeteredSink {
  readonly name: string;
  readonly cursor: Cursor;
  readonly health: SinkHealth;
}

export interface MetricsOptions {
  readonly ledger: Ledger;
  readonly sinks: readonly MeteredSink[];
  /** The clock of the cursors. */
  readonly now: () => number;
  /** Part of the room for buffered records that is in use. */
  readonly fullness: () => number;
  /** Who writes now. */
  readonly writers: () => readonly EndedProcess[];
  /** Of each ring, the part that is in use. */
  readonly ringFills: () => readonly number[];
}

/** A ring with less free room may make its process wait, or lose lines. */
const RING_FULL = 0.9;

/** Labels and value of one time series. */
type Series = readonly [labels: Record<string, string>, value: number];

const OPEN_METRICS = 'application/openmetrics-text';
const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export class Metrics {
  readonly #options: MetricsOptions;
  readonly #billed = new Map<string, number>();
  readonly #requests = new Map<string, Map<string, number>>();
  readonly #seconds = new Histogram({
    name: 'logtap_request_duration_seconds',
    help: 'Time from a request to its answer.',
    labelNames: ['sink'],
    buckets: REQUEST_SECONDS,
    registers: [],
  });

  constructor(options: MetricsOptions) {
    this.#options = options;
    for (const { name } of options.sinks) this.#requests.set(name, new Map());
  }

  countRequest(sink: string, code: string, seconds: number): void {
    const codes = this.#requests.get(sink)!;
    codes.set(code, (codes.get(code) ?? 0) + 1);
    this.#seconds.observe({ sink }, seconds);
  }

  countBilled(sink: string, bytes: number): void {
    this.#billed.set(sink, (this.#billed.get(sink) ?? 0) + bytes);
  }

  /** Text and its type, in the format that the Accept header asks for. */
  async render(accept: string): Promise<{ readonly contentType: string; readonly text: string }> {
    // A registry of this moment: prom-client renames counters while it writes OpenMetrics.
    const registry: AnyRegistry<RegistryContentType> = new Registry();
    if (accept.includes(OPEN_METRICS)) registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    const writer = new SeriesWriter(registry as AnyRegistry);
    for (const unit of ['records', 'bytes'] as const) this.#writeFates(writer, unit);
    this.#writeBuffer(writer);
    this.#writeSinks(writer);
    this.#writeSources(writer);
    this.#writeWriters(writer);
    registry.registerMetric(this.#seconds);
    return { contentType: registry.contentType, text: await registry.metrics() };
  }

  /** The terms of the balance. */
  #writeFates(writer: SeriesWriter, unit: 'records' | 'bytes'): void {
    const { ledger, sinks } = this.#options;
    const read = (['stdout', 'stderr', 'file'] as const).map(
      (stream): Series => [{ stream }, ledger.read.of(stream)[unit]],
    );
    writer.counter(`${unit}_read_total`, `Message ${unit} read from applications.`, ['stream'], read);
    // A counter only rises: records that are sent later are subtracted by another one.
    const withheld = [...ledger.withheld].map(([reason, tally]): Series => {
      return [{ reason }, tally[unit] + (ledger.recalled.get(reason)?.[unit] ?? 0)];
    });
    writer.counter(
      `${unit}_withheld_total`,
      `Message ${unit} kept back from every sink, by reason.`,
      ['reason'],
      withheld,
    );
    const recalled = [...ledger.recalled].map(([reason, tally]): Series => [{ reason }, tally[unit]]);
    const recalledHelp = `Message ${unit} that were kept back, and sent later.`;
    writer.counter(`${unit}_recalled_total`, recalledHelp, ['reason'], recalled);
    const delivered = [...ledger.sinks].map(([sink, count]): Series => [{ sink }, count.delivered[unit]]);
    writer.counter(`${unit}_delivered_total`, `Message ${unit} that a sink has accepted.`, ['sink'], delivered);
    const elsewhere = [...ledger.sinks]
      .filter(([, count]) => count.elsewhere.records > 0)
      .map(([sink, count]): Series => [{ sink }, count.elsewhere[unit]]);
    const elsewhereHelp = `Message ${unit} of containers whose records other sinks get.`;
    if (elsewhere.length > 0) writer.counter(`${unit}_elsewhere_total`, elsewhereHelp, ['sink'], elsewhere);
    const repeated = [...ledger.sinks].map(([sink, count]): Series => [{ sink }, count.possibleDuplicates[unit]]);
    const repeatedHelp = `Message ${unit} that were resent although they may be stored already: the answer was lost.`;
    writer.counter(`${unit}_possible_duplicates_total`, repeatedHelp, ['sink'], repeated);
    const recovered = [...ledger.sinks].map(([sink, count]): Series => [{ sink }, count.recovered[unit]]);
    const recoveredHelp = `Message ${unit} that a previous run had left on disk.`;
    writer.counter(`${unit}_recovered_total`, recoveredHelp, ['sink'], recovered);
    const deadLettered = [...ledger.sinks].flatMap(([sink, count]) =>
      [...count.deadLettered].map(([reason, tally]): Series => [{ sink, reason }, tally[unit]]),
    );
    const deadHelp = `Message ${unit} permanently rejected.`;
    writer.counter(`${unit}_dead_lettered_total`, deadHelp, ['sink', 'reason'], deadLettered);
    const dropped = this.#dropped(unit);
    writer.counter(`${unit}_dropped_total`, `Message ${unit} lost, by place and reason.`, ['where', 'reason'], dropped);
    const held = sinks.map(({ name, cursor }): Series => [{ sink: name }, cursor.held[unit]]);
    writer.gauge(`${unit}_held`, `Message ${unit} that a sink still has to take.`, ['sink'], held);
  }

  #writeBuffer(writer: SeriesWriter): void {
    const { sinks, now, fullness } = this.#options;
    const oldest = sinks.map(({ name, cursor }): Series => {
      return [{ sink: name }, cursor.oldestMs === undefined ? 0 : (now() - cursor.oldestMs) / 1000];
    });
    writer.gauge('oldest_held_seconds', 'Age of the oldest record that a sink still has to take.', ['sink'], oldest);
    writer.gauge('hold_full_ratio', 'Part of the room for held records that is in use.', [], [[{}, fullness()]]);
  }

  #writeSinks(writer: SeriesWriter): void {
    const requests = this.#requestSeries();
    writer.counter('requests_total', 'Requests by HTTP status, or by error.', ['sink', 'code'], requests);
    const billed = [...this.#billed].map(([sink, bytes]): Series => [{ sink }, bytes]);
    const billedHelp = 'Bytes of accepted requests that the service bills: CloudWatch Logs adds 26 to each event.';
    if (billed.length > 0) writer.counter('billed_bytes_total', billedHelp, ['sink'], billed);
    const retries = retrySeries(this.#options.sinks);
    writer.counter('retries_total', 'Sends that have to be repeated, by reason.', ['sink', 'reason'], retries);
  }

  #writeSources(writer: SeriesWriter): void {
    const { ledger } = this.#options;
    const errors = [...ledger.protocolErrors].map(([reason, count]): Series => [{ reason }, count]);
    const errorHelp = 'What peers sent, or claimed, that was refused; and connections beyond the bound.';
    writer.counter('protocol_errors_total', errorHelp, ['reason'], errors);
    for (const unit of ['rings', 'bytes'] as const) {
      const uncounted = [...ledger.uncountedRings].map(([reason, of]): Series => [{ reason }, of[unit]]);
      const [name, what] =
        unit === 'rings' ? ['uncounted_rings', 'Damaged rings'] : ['uncounted_ring_bytes', 'Bytes of damaged rings'];
      const help = `${what} that are gone with an unknown number of lines, by reason.`;
      if (uncounted.length > 0) writer.counter(`${name}_total`, help, ['reason'], uncounted);
    }
    const skipped = [...ledger.skipped].map(([reason, bytes]): Series => [{ reason }, bytes]);
    writer.counter('bytes_skipped_total', 'Bytes of rings that were read before, by reason.', ['reason'], skipped);
    const redacted = [...ledger.redacted].map(([kind, count]): Series => [{ kind }, count]);
    writer.counter('redactions_total', 'Secrets replaced in records, by kind.', ['kind'], redacted);
    const gapHelp = 'Jumps in the numbers of frames: what is missing was lost in the application, which reports it.';
    writer.counter('frame_gaps_total', gapHelp, [], [[{}, ledger.gaps]]);
    for (const unit of ['records', 'lines'] as const) {
      const joined = [...ledger.joined.entries()].map(
        ([stream, formed, counted]): Series => [{ stream, formed }, counted[unit]],
      );
      const joinedHelp =
        unit === 'lines'
          ? 'Lines that were joined to records of several lines.'
          : 'Records of several lines, by what joined them.';
      writer.counter(`joined_${unit}_total`, joinedHelp, ['stream', 'formed'], joined);
    }
    const timeHelp = 'Frames whose time was over 31 days ago or a day ahead: their lines bear the time of reading.';
    writer.counter('times_replaced_total', timeHelp, [], [[{}, ledger.timesReplaced]]);
  }

  #writeWriters(writer: SeriesWriter): void {
    const { ledger, writers, ringFills, now: nowMs } = this.#options;
    const { writers: known } = ledger;
    const now = writers();
    for (const each of now) known.note(each);
    const instances = new Set(now.map(({ instance }) => instance)).size;
    writer.gauge('processes', 'Tapped processes that can write now.', [], [[{}, instances]]);
    const seenHelp = 'Tapped processes since the start. 0: no program of the pod is tapped, or none has written yet.';
    writer.counter('processes_seen_total', seenHelp, [], [[{}, known.seen]]);
    if (known.lastReadMs !== undefined) {
      const age = (nowMs() - known.lastReadMs) / 1000;
      writer.gauge('last_read_age_seconds', 'Time since the last record was read.', [], [[{}, age]]);
    }
    const fills = ringFills();
    writer.gauge('rings', 'Rings that processes write to.', [], [[{}, fills.length]]);
    const full = fills.filter((fill) => fill >= RING_FULL).length;
    writer.gauge('rings_full', 'Rings with less than 10 % of their room free.', [], [[{}, full]]);
  }

  /** A series is only there once something was counted. */
  *#dropped(unit: 'records' | 'bytes'): Generator<Series> {
    const { ledger } = this.#options;
    const { lost, lostWithPreviousRun, laterVersion, connectionClosed, invalidFrames } = ledger;
    if (lost.records > 0) yield [{ where: 'application', reason: NOT_HANDED_OVER }, lost[unit]];
    if (laterVersion.records > 0) yield [{ where: 'application', reason: LATER_VERSION }, laterVersion[unit]];
    if (connectionClosed.records > 0)
      yield [{ where: 'application', reason: CONNECTION_CLOSED }, connectionClosed[unit]];
    if (invalidFrames.records > 0) yield [{ where: 'application', reason: INVALID_FRAMES }, invalidFrames[unit]];
    if (lostWithPreviousRun.records > 0) yield [{ where: 'hold', reason: SHIPPER_KILLED }, lostWithPreviousRun[unit]];
    for (const { dropped } of ledger.sinks.values()) {
      for (const [reason, count] of dropped)
        yield [{ where: BUFFER_REASONS.has(reason) ? 'hold' : 'sink', reason }, count[unit]];
    }
  }

  *#requestSeries(): Generator<Series> {
    for (const [sink, codes] of this.#requests) {
      for (const [code, count] of codes) yield [{ sink, code }, count];
    }
  }
}

/** Metrics of one registry. */
class SeriesWriter {
  readonly #registers: AnyRegistry[];

  constructor(registry: AnyRegistry) {
    this.#registers = [registry];
  }

  counter(name: string, help: string, labelNames: string[], series: Iterable<Series>): void {
    const metric = new Counter({ name: `logtap_${name}`, help, labelNames, registers: this.#registers });
    for (const [labels, value] of series) metric.inc(labels, value);
  }

  gauge(name: string, help: string, labelNames: string[], series: Iterable<Series>): void {
    const metric = new Gauge({ name: `logtap_${name}`, help, labelNames, registers: this.#registers });
    for (const [labels, value] of series) metric.set(labels, value);
  }
}

function* retrySeries(sinks: readonly MeteredSink[]): Generator<Series> {
  for (const { name, health } of sinks) {
    for (const [reason, count] of health.retries) yield [{ sink: name, reason }, count];
  }
}
