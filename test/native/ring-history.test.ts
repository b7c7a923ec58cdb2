/**
 * Random histories of a ring, held against a model: the library writes, the shipper's source reads, batches are released
 * or not, outages come and go, the reader is killed and another one goes on. After each, every line is there under
 * one name, in order, and the lines lost with a reader are counted exactly.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceBatch } from '../../src/shipper/parts.js';
import { recordAt } from '../../src/shipper/records/record-batch.js';
import type { RingSource } from '../../src/shipper/source/rings/source.js';
import { converse } from '../support/native-tap.js';
import { openRings } from '../support/rings.js';

/** LOGTAP_TEST_RUNS=2000 plays for hours. */
const HISTORIES = Number(process.env.LOGTAP_TEST_RUNS ?? 12);
const STEPS = 120;

/** Small and quick; the seed names a history. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A line that was written, and its fate. */
interface Line {
  readonly id: string;
  readonly seq: number;
  readonly text: string;
}

class Reader {
  readonly #source: RingSource;
  readonly #stop = new AbortController();
  readonly #batches: AsyncIterator<SourceBatch>;
  #next: Promise<IteratorResult<SourceBatch>> | undefined;
  /** Taken and not released, in their order. */
  readonly #held: SourceBatch[] = [];
  isOutage = false;
  #isKilled = false;
  /** Lines that an earlier reader took with it, and of which this one has delivered the notice. */
  gone = 0;
  /** Names of all that was released. */
  readonly settled = new Set<string>();

  constructor(path: string) {
    this.#source = openRings(path, {
      totalBytes: 1024 * 1024,
      lineIdleMs: 60_000,
      lingerMs: 0,
      onNoRoom: (problem) => {
        throw new Error(problem);
      },
      // Not by what a reader tells at its start: one that is killed before its notice is delivered leaves the telling to the next.
      onNoticed: ({ lines }) => {
        this.gone += lines;
      },
      isOutage: () => this.isOutage,
      // The first call of each turn of its loop: nothing of it goes on, not even a look at the directory.
      now: () => {
        if (this.#isKilled) throw new Error('killed');
        return performance.now();
      },
      onProtocolError: (error) => {
        throw error;
      },
    });
    this.#batches = this.#source.batches(this.#stop.signal)[Symbol.asyncIterator]();
  }

  /** One batch, if there is one soon. */
  async take(): Promise<Line[]> {
    this.#next ??= this.#batches.next();
    const result = await Promise.race([this.#next, sleep(40)]);
    if (result === undefined || result.done) return [];
    this.#next = undefined;
    this.#held.push(result.value);
    return linesOf(result.value);
  }

  release(count: number): void {
    for (const batch of this.#held.splice(0, count)) {
      batch.acknowledge();
      for (const { id } of linesOf(batch)) this.settled.add(id);
    }
  }

  releaseAll(): void {
    this.release(this.#held.length);
  }

  /** What is left of a process that was killed: nothing is released any more. */
  kill(): void {
    this.#held.length = 0;
    this.#isKilled = true;
    this.#next?.catch(() => {});
    void this.#batches.return?.().catch(() => {});
  }
}

function linesOf(batch: SourceBatch): Line[] {
  return Array.from({ length: batch.count }, (_, i) => {
    const { origin, seq, message } = recordAt(batch, i);
    return { id: `${origin.id} ${seq}`, seq, text: Buffer.from(message).toString() };
  });
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync('/dev/shm/logtap-history-');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function play(seed: number): Promise<void> {
  const pick = random(seed);
  const rings = join(directory, 'rings');
  let reader = new Reader(rings);
  const readers = [reader];
  // It writes what it is told: so many lines of this length, and perhaps the last one without its end. In blocks, so
  // that lines are cut anywhere.
  const writer = converse(
    `exec perl -ne '
       my ($count, $length, $end) = split;
       for (1 .. $count) { print $n++, " ", "0" x $length, $_ == $count && $end eq "open" ? "" : "\\n" }
       END { print "\\nthe end\\n" }'`,
    { TAP_INTO: '1', SUPPRESS_STDOUT: 'true', TARGET: `ring:${rings}`, ON_FULL: 'block:60000', CONTAINER: 'app' },
  );
  const texts = new Map<string, string>();
  let said = '';
  let lines = 0;
  const collect = (taken: readonly Line[]) => {
    for (const { id, text } of taken) {
      // What the source says of its own accord.
      if (id.includes('-0')) continue;
      // Under one name there is one text, with any reader.
      if (texts.has(id) && texts.get(id) !== text) throw new Error(`${id} is '${texts.get(id)}' and '${text}'`);
      texts.set(id, text);
    }
  };
  for (let step = 0; step < STEPS; step += 1) {
    const what = pick(10);
    if (what < 4) {
      const [count, length] = [1 + pick(30), 1 + pick(200)];
      const isOpen = pick(4) === 0;
      writer.say(`${count} ${length} ${isOpen ? 'open' : 'closed'}`);
      for (let i = 0; i < count; i += 1, lines += 1) {
        said += `${lines} ${'0'.repeat(length)}${i === count - 1 && isOpen ? '' : '\n'}`;
      }
    } else if (what < 7) collect(await reader.take());
    else if (what < 9) reader.release(1 + pick(3));
    else if (pick(3) === 0) {
      reader.kill();
      reader = new Reader(rings);
      readers.push(reader);
    } else reader.isOutage = pick(2) === 0;
  }
  const ended = writer.end();
  for (let quiet = 0; quiet < 10; quiet += 1) {
    const taken = await reader.take();
    collect(taken);
    reader.releaseAll();
    if (taken.length > 0) quiet = 0;
  }
  expect(await ended).toBe(0);
  const inOrder = [...texts].sort(([one], [other]) => Number(one.split(' ')[1]) - Number(other.split(' ')[1]));
  // A line longer than 1000 bytes comes in parts.
  expect(inOrder.map(([, text]) => text).join('')).toBe(`${said}the end`.replaceAll('\n', ''));
  expect(writer.stdout()).toBe('');
  const isSettled = (id: string) => readers.some(({ settled }) => settled.has(id));
  const gone = readers.reduce((sum, each) => sum + each.gone, 0);
  expect([...texts.keys()].filter((id) => !isSettled(id))).toHaveLength(gone);
  reader.kill();
}

const seeds = Array.from({ length: HISTORIES }, (_, i) => (i % 2 === 0 ? i : Math.floor(Math.random() * 2 ** 32)));
test.each(seeds)('history %d', play);
