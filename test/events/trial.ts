/** Assembles the frames of a recording, and compares the records with what its program wrote as one event each. */
import type { EventSettings } from '../../src/shipper/events/room.js';
import { recordAt } from '../../src/shipper/records/record-batch.js';
import { shareAssembly } from '../../src/shipper/source/frames/assembly.js';
import { StreamAssembler } from '../../src/shipper/source/frames/stream-assembler.js';
import type { Recording, Write } from './recording.js';

export interface Trial {
  readonly stream: string;
  readonly events: number;
  /** Events that share a record with others, less one a record. */
  readonly merges: number;
  /** Records that an event has beyond its first. */
  readonly splits: number;
  readonly lines: number;
  /** Lines that the program wrote. */
  readonly written: number;
  /** What went wrong, for a reader. */
  readonly faults: readonly string[];
  readonly records: readonly { readonly text: string; readonly formed: number }[];
}

const PLACES = 2 ** 15;
export const AUTO: EventSettings = { maxLines: 10_000, maxBytes: 1_000_000, idleMs: 1000 };

interface Place {
  readonly at: number;
  readonly text: string;
  readonly thread: number;
}

/** How far apart a thread writes the lines of an event. */
const NEAR = 40;

/** The next line that reads so: of the same thread, or else, as several threads may take part in an event, of any. */
function nextIndex(places: readonly Place[], index: number, text: string | undefined): number {
  const { thread } = places[index]!;
  const isNext = (place: Place, i: number) => i > index && place.text === text;
  const own = places.findIndex((place, i) => isNext(place, i) && i <= index + NEAR && place.thread === thread);
  if (own >= 0) return own;
  const other = places.findIndex(isNext);
  return other < 0 ? places.length : other;
}

/** Where each line of a stream begins, as its threads wrote it. */
function placesOf(writes: readonly Write[]): Place[] {
  const places: { at: number; text: string; thread: number }[] = [];
  let line: (typeof places)[number] | undefined;
  for (const { n, h, d } of writes) {
    let from = 0;
    while (from < d.length) {
      const newline = d.indexOf('\n', from);
      const end = newline < 0 ? d.length : newline;
      if (line === undefined) {
        line = { at: n * PLACES + from, text: '', thread: h };
        places.push(line);
      }
      line.text += d.slice(from, end);
      from = end + 1;
      if (newline >= 0) line = undefined;
    }
  }
  return places;
}

/** `writesTell`: whether the boundaries of writes are used, but for what went through `cat`. */
export function trialsOf({ name, header, writes }: Recording, settings = AUTO, writesTell = true): Trial[] {
  return Object.entries(header.truth).map(([stream, runs]) => {
    const own = writes.filter(({ p, s }) => `${p}/${s}` === stream);
    const shared = shareAssembly(1_000_000, Number.POSITIVE_INFINITY, settings);
    const origin = { id: 'x-1', stream: 'stdout', pid: 1, process: 'app', container: '' } as const;
    const assembler = new StreamAssembler(origin, shared, writesTell && header.load !== 'pipe');
    for (const { t, n, h, c, d } of own) {
      const bytes = Buffer.from(d, 'latin1');
      assembler.write(bytes, 0, bytes.length, t, n * PLACES, t, 0, c === 1, h);
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
      const texts = text.split('\n');
      const count = texts.length;
      lines += count;
      let index = indexOf.get(seq) ?? -1;
      const found = new Set<number>();
      for (let line = 0; line < count && index >= 0 && index < places.length; line++) {
        if (index < events.length) found.add(events[index]!);
        index = nextIndex(places, index, texts[line + 1]);
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
    return {
      stream: `${name} ${stream}`,
      events: recordsOf.size,
      merges,
      splits,
      lines,
      written: places.length,
      faults,
      records,
    };
  });
}
