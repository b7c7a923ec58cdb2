/** Assembles the frames of a recording, and compares the records with what its program wrote as one event each. */
import type { EventSettings } from '../../src/shipper/events/assembler.js';
import { recordAt } from '../../src/shipper/records/record-batch.js';
import { LineAssembler, shareAssembly } from '../../src/shipper/source/frames/line-assembler.js';
import type { Recording, Write } from './recording.js';

export interface Trial {
  readonly stream: string;
  readonly events: number;
  /** Events that share a record with others, less one a record. */
  readonly merges: number;
  /** Records that an event has beyond its first. */
  readonly splits: number;
  readonly lines: number;
  /** What went wrong, for a reader. */
  readonly faults: readonly string[];
  readonly records: readonly { readonly text: string; readonly formed: number }[];
}

const PLACES = 2 ** 15;
export const AUTO: EventSettings = { maxLines: 10_000, maxBytes: 1_000_000, idleMs: 1000 };

interface Place {
  readonly at: number;
  readonly thread: number;
}

/** Where each line of a stream begins. */
function placesOf(writes: readonly Write[]): Place[] {
  const places: Place[] = [];
  let isBegin = true;
  for (const { n, h, d } of writes) {
    for (let i = 0; i < d.length; i++) {
      if (isBegin) places.push({ at: n * PLACES + i, thread: h });
      isBegin = d[i] === '\n';
    }
  }
  return places;
}

export function trialsOf({ name, header, writes }: Recording, settings = AUTO): Trial[] {
  return Object.entries(header.truth).map(([stream, runs]) => {
    const own = writes.filter(({ p, s }) => `${p}/${s}` === stream);
    const shared = shareAssembly(1_000_000, Number.POSITIVE_INFINITY, settings);
    const origin = { id: 'x-1', stream: 'stdout', pid: 1, process: 'app', container: '' } as const;
    const assembler = new LineAssembler(origin, shared, header.load !== 'pipe');
    for (const { t, n, c, d } of own) {
      const bytes = Buffer.from(d, 'latin1');
      assembler.write(bytes, 0, bytes.length, t, n * PLACES, t, 0, c === 1);
    }
    assembler.flush();
    const batch = shared.builder.finish();
    const places = placesOf(own);
    const events = runs.flatMap(([event, lines]) => new Array<number>(lines).fill(event));
    const indexOf = new Map(places.map(({ at }, i) => [at, i]));
    const faults: string[] = [];
    const recordsOf = new Map<number, number>();
    let merges = 0;
    let lines = 0;
    const records: { text: string; formed: number }[] = [];
    for (let i = 0; i < batch.count; i++) {
      const { message, seq } = recordAt(batch, i);
      const text = Buffer.from(message).toString('latin1');
      records.push({ text, formed: batch.formed[i]! });
      const count = text.split('\n').length;
      lines += count;
      let index = indexOf.get(seq) ?? -1;
      const found = new Set<number>();
      for (let line = 0; line < count && index >= 0 && index < places.length; line++) {
        if (index < events.length) found.add(events[index]!);
        const { thread } = places[index]!;
        do index++;
        while (isApart && index < places.length && places[index]!.thread !== thread);
      }
      for (const event of found) recordsOf.set(event, (recordsOf.get(event) ?? 0) + 1);
      if (found.size > 1) {
        merges += found.size - 1;
        faults.push(`${name} ${stream}: merged ${[...found]}: ${JSON.stringify(text.slice(0, 600))}`);
      }
    }
    let splits = 0;
    for (const [event, count] of recordsOf) {
      splits += count - 1;
      if (count > 1) faults.push(`${name} ${stream}: event ${event} in ${count} records`);
    }
    return { stream: `${name} ${stream}`, events: recordsOf.size, merges, splits, lines, faults, records };
  });
}

/** Threads are assembled apart. */
const isApart = false;
