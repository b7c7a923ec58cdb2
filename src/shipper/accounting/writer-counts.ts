/** The processes that write: how many were ever seen, and what was read of each. Bounded, however many they are. */
import type { Origin, RecordBatch } from '../parts.js';
import type { EndedProcess } from './ends.js';

/** The instance of a process begins the ids of its streams. */
const INSTANCE_LENGTH = 16;
/** Of those that were read longest ago, only the number is kept. */
const KNOWN_MAX = 1000;

export interface WriterCount extends EndedProcess {
  /** Records read, by stream. */
  readonly records: Readonly<Record<Origin['stream'], number>>;
  /** When it was read last, on the clock of these counts; absent while it was not. */
  readonly lastReadMs?: number;
}

interface Known {
  readonly writer: EndedProcess;
  readonly records: Record<Origin['stream'], number>;
  lastReadMs: number | undefined;
}

export class WriterCounts {
  readonly #now: () => number;
  /** The one that was read last is the last. */
  readonly #known = new Map<string, Known>();
  #seen = 0;
  #lastReadMs: number | undefined;

  /** @param now monotonic */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Processes since the start, with those that have written nothing yet. */
  get seen(): number {
    return this.#seen;
  }

  /** When any process was read last, on the same clock. */
  get lastReadMs(): number | undefined {
    return this.#lastReadMs;
  }

  /** The one that was read last comes first. */
  get all(): readonly WriterCount[] {
    return [...this.#known.values()].reverse().map(({ writer, records, lastReadMs }) => ({
      ...{ ...writer, records },
      ...(lastReadMs !== undefined && { lastReadMs }),
    }));
  }

  /** A process is there, or was. */
  note({ instance, pid, process, container }: EndedProcess): void {
    if (!this.#known.has(instance)) this.#add({ instance, pid, process, container });
  }

  /** Records as a source hands them on. */
  add(batch: RecordBatch): void {
    const { count, origin, origins } = batch;
    if (count === 0) return;
    this.#lastReadMs = this.#now();
    const [first] = origins;
    if (origins.length === 1) {
      this.#count(first!, count);
      return;
    }
    const counts = new Uint32Array(origins.length);
    for (let i = 0; i < count; i++) counts[origin[i]!]! += 1;
    origins.forEach((each, i) => {
      if (counts[i]! > 0) this.#count(each, counts[i]!);
    });
  }

  #count({ id, pid, process, container, stream }: Origin, records: number): void {
    const instance = id.slice(0, INSTANCE_LENGTH);
    const known = this.#known.get(instance) ?? this.#add({ instance, pid, process, container });
    this.#known.delete(instance);
    this.#known.set(instance, known);
    known.records[stream] += records;
    known.lastReadMs = this.#lastReadMs;
  }

  #add(writer: EndedProcess): Known {
    const known: Known = { writer, records: { stdout: 0, stderr: 0, file: 0 }, lastReadMs: undefined };
    this.#seen += 1;
    this.#known.set(writer.instance, known);
    if (this.#known.size > KNOWN_MAX) this.#known.delete(this.#known.keys().next().value!);
    return known;
  }
}
