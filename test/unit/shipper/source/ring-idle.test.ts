import { closeSync, mkdtempSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RING_HEADER, RING_HEADER_BYTES } from '../../../../src/contract.js';
import type { SourceBatch } from '../../../../src/shipper/parts.js';
import { instanceOf } from '../../../../src/shipper/source/count-by-instance.js';
import type { RingSourceOptions } from '../../../../src/shipper/source/rings/options.js';
import { AUTO } from '../../../events/trial.js';
import { recordsOf } from '../../../support/batches.js';
import { data, hello, magic } from '../../../support/frames.js';
import { openRings } from '../../../support/rings.js';

const HEAD_AT = RING_HEADER.find(({ name }) => name === 'head')!.offset;
/** More lines than a batch has. */
const MANY = '\n'.repeat(20_000);
const IDLE_MS = 200;
let path: string;
beforeEach(() => {
  path = mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

/** A process with a ring, as far as a reader sees it. */
class Writer {
  readonly #fd: number;
  readonly #instance: string;
  #head = 0;
  #seq = 0n;

  constructor(instance: bigint) {
    this.#instance = instance.toString(16).padStart(16, '0');
    const free = readdirSync(path).find((name) => name.startsWith('free-'))!;
    const name = `ring-42-${this.#instance}-0`;
    renameSync(join(path, free), join(path, name));
    this.#fd = openSync(join(path, name), 'r+');
    this.#write(Buffer.concat([magic, hello({ instance })]));
  }

  print(text: string): void {
    this.#seq += 1n;
    this.#write(data(1, this.#seq, text));
  }

  /** Its records, without empty ones. */
  linesIn(batch: SourceBatch): string[] {
    const records = recordsOf(batch).filter(({ origin }) => instanceOf(origin) === this.#instance);
    return records.flatMap(({ message }) => (message === '' ? [] : [message]));
  }

  /** Says that it has written more than a ring can hold. */
  lie(): void {
    this.#setHead(2n ** 40n);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #write(bytes: Buffer): void {
    writeSync(this.#fd, bytes, 0, bytes.length, RING_HEADER_BYTES + this.#head);
    this.#head += bytes.length;
    this.#setHead(BigInt(this.#head));
  }

  #setHead(value: bigint): void {
    const head = Buffer.alloc(8);
    head.writeBigUInt64LE(value);
    writeSync(this.#fd, head, 0, 8, HEAD_AT);
  }
}

interface Reading {
  readonly writers: readonly [Writer, Writer];
  /** The clock on which the source waits. */
  readonly clock: { ms: number };
  next(): Promise<SourceBatch>;
}

async function readTwo(options: Partial<RingSourceOptions>, run: (reading: Reading) => Promise<void>): Promise<void> {
  const clock = { ms: 0 };
  const now = () => {
    clock.ms += 1;
    return clock.ms;
  };
  const source = openRings(path, { ringBytes: 1 << 20, lineIdleMs: IDLE_MS, now, ...options });
  const writers = [new Writer(0xan), new Writer(0xbn)] as const;
  const batches: AsyncIterator<SourceBatch> = source.batches(new AbortController().signal)[Symbol.asyncIterator]();
  const next = async () => {
    const { value } = await batches.next();
    value.acknowledge();
    return value;
  };
  try {
    await run({ writers, clock, next });
  } finally {
    await batches.return?.();
    for (const writer of writers) writer.close();
  }
}

// Either ring may be the one that is read first.
const ORDERS = [
  [0, 1],
  [1, 0],
] as const;

test.each(ORDERS)('a ring that always has lines leaves room for those of another: %i before %i', (first, second) =>
  readTwo({}, async ({ writers, next }) => {
    const [busy, other] = [writers[first], writers[second]];
    for (const writer of [busy, other]) writer.print('begin\n');
    const lines: string[] = [];
    while (lines.length < 1) lines.push(...other.linesIn(await next()));
    other.print('end\n');
    for (let batch = 0; batch < 4; batch += 1) {
      busy.print(MANY);
      lines.push(...other.linesIn(await next()));
    }
    expect(lines).toEqual(['begin', 'end']);
  }),
);

test.each(ORDERS)('a line is not idle while the rest of it waits in its ring: %i before %i', (first, second) =>
  readTwo({}, async ({ writers, clock, next }) => {
    const [busy, other] = [writers[first], writers[second]];
    busy.print('begin\n');
    other.print('one\ntw');
    const lines: string[] = [];
    while (lines.length < 1) lines.push(...other.linesIn(await next()));
    busy.print(MANY);
    other.print('o\n');
    // The consumer took its time.
    clock.ms += 2 * IDLE_MS;
    while (lines.length < 2) lines.push(...other.linesIn(await next()));
    expect(lines).toEqual(['one', 'two']);
  }),
);

test.each(ORDERS)('an event is not idle while the rest of it waits in its ring: %i before %i', (first, second) =>
  readTwo({ events: { ...AUTO, idleMs: IDLE_MS } }, async ({ writers, clock, next }) => {
    const [busy, other] = [writers[first], writers[second]];
    busy.print('begin\n');
    other.print('one\nTraceback (most recent call last):\n');
    const lines: string[] = [];
    while (lines.length < 1) lines.push(...other.linesIn(await next()));
    busy.print(MANY);
    other.print('  File "a.py", line 1, in <module>\nValueError: no\n');
    clock.ms += 2 * IDLE_MS;
    while (lines.length < 2) lines.push(...other.linesIn(await next()));
    expect(lines).toEqual([
      'one',
      'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nValueError: no',
    ]);
  }),
);

test.each(ORDERS)(
  'a ring that is invalid when its idle line is looked at is read no more: %i before %i',
  (first, second) => {
    const problems: string[] = [];
    const options: Partial<RingSourceOptions> = {
      onProtocolError: ({ reason }) => problems.push(reason),
      onNoRoom: (problem) => problems.push(problem),
    };
    return readTwo(options, async ({ writers, clock, next }) => {
      const [busy, other] = [writers[first], writers[second]];
      busy.print('begin\n');
      other.print('one\ntw');
      const lines: string[] = [];
      while (lines.length < 1) lines.push(...other.linesIn(await next()));
      busy.print(MANY);
      other.lie();
      clock.ms += 2 * IDLE_MS;
      for (const line of ['more', 'end']) {
        busy.print(`${line}\n`);
        while (lines.at(-1) !== line) lines.push(...busy.linesIn(await next()));
      }
      expect(problems).toHaveLength(1);
    });
  },
);
