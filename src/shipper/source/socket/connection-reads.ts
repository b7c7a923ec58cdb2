/** What was read from the connections of a socket, as their frames and batches tell. */
import type { PreviousCounts } from '../../accounting/journal-sum.js';
import type { RecordBatch, SourceBatch } from '../../parts.js';
import { sourceBatch } from '../../records/record-batch.js';
import { countByInstance } from '../count-by-instance.js';
import type { AssemblerShared } from '../frames/assembly.js';
import type { Hello } from '../frames/decoder.js';
import type { FrameStream } from '../frames/frame-stream.js';
import type { LossTotals } from '../frames/losses/loss-totals.js';
import { UnreadFrames } from '../unread-frames.js';
import { ReadTotals, type ReadTotalsOptions } from './read-totals.js';

export type ConnectionReadsOptions = Omit<ReadTotalsOptions, 'believes'>;

export class ConnectionReads {
  readonly #shared: AssemblerShared;
  readonly #losses: LossTotals;
  readonly #totals: ReadTotals;
  /** By the name of a connection, which begins the ids of its records: the process that it speaks for. */
  readonly #instances = new Map<string, string>();
  /** By the name of a connection that is open. */
  readonly #open = new Map<string, string>();
  /** Names of connections that are closed, whose last records may still be in the builder. */
  readonly #closed: string[] = [];

  constructor(shared: AssemblerShared, losses: LossTotals, options: ConnectionReadsOptions) {
    this.#shared = shared;
    this.#losses = losses;
    this.#totals = new ReadTotals({ ...options, believes: (missing, instance) => losses.believes(missing, instance) });
  }

  remember({ lost, reads }: PreviousCounts): void {
    for (const [instance, { total }] of lost) this.#losses.remember(instance, total);
    this.#totals.remember(reads);
  }

  /** A connection begins. */
  greet(name: string, { instance, handed }: Hello): void {
    const isAlone = ![...this.#open.values()].includes(instance);
    this.#open.set(name, instance);
    this.#instances.set(name, instance);
    if (handed === undefined) return;
    this.#totals.greet(instance, handed, this.#losses.totalOf(instance), isAlone);
  }

  /** The first frame of a connection. */
  hear(instance: string, seq: number): void {
    this.#totals.hear(instance, seq, this.#losses.totalOf(instance));
  }

  /**
   * An invalid frame ends a connection. Neither that one nor the rest is read: both are counted at once, as their process may never come
   * again, or have no name. Chunks are valid until the next one.
   */
  refuse(connection: FrameStream, rest: Iterable<Buffer>): void {
    const frames = new UnreadFrames({ isLater: false });
    for (const chunk of connection.unread) frames.read(chunk);
    for (const chunk of rest) frames.read(chunk);
    const { total, lineEnds } = frames;
    if (total.lines === 0) return;
    this.#totals.invalid(connection.writer?.instance, total, lineEnds);
    connection.flush();
    connection.invalidFrames(total);
  }

  /** A connection is closed. */
  close(connection: FrameStream): void {
    this.#reach(connection);
    if (connection.name === undefined) return;
    this.#open.delete(connection.name);
    this.#closed.push(connection.name);
  }

  /** All records of the builder leave. */
  leave(batch: RecordBatch, connections: Iterable<FrameStream>): SourceBatch {
    const left = [...countByInstance(batch)];
    for (const [name, lines] of left) this.#totals.read(this.#instances.get(name), lines);
    this.keep(connections);
    for (const name of this.#closed.splice(0)) this.#instances.delete(name);
    const acknowledge = () => {
      for (const [, lines] of left) this.#totals.settle(lines);
    };
    return sourceBatch(batch, acknowledge);
  }

  keep(connections: Iterable<FrameStream>): void {
    for (const connection of connections) this.#reach(connection);
    const { unfinished, openEvents } = this.#shared;
    const events = [...openEvents].reduce((sum, { isOpen, lines }) => sum + (isOpen ? lines : 0), 0);
    this.#totals.keep({ lines: unfinished.size + events, bytes: 0 });
  }

  #reach(connection: FrameStream): void {
    const { writer, lastSeq } = connection;
    if (writer === undefined) return;
    const lost = this.#losses.totalOf(writer.instance);
    this.#totals.reach(writer.instance, lastSeq, lost, connection.takeLineEnds());
  }
}
