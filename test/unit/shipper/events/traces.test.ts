/**
 * Traces of some 30 runtimes between ordinary lines: each is one record, and each ordinary line is one. Most were printed by
 * programs that failed; those of runtimes that were not at hand are written by their documentation.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordAt } from '../../../../src/shipper/records/record-batch.js';
import { shareAssembly } from '../../../../src/shipper/source/frames/assembly.js';
import { StreamAssembler } from '../../../../src/shipper/source/frames/stream-assembler.js';
import { AUTO } from '../../../events/trial.js';

const PLACES = 2 ** 15;
const origin = { id: 'x-1', stream: 'stdout', pid: 1, process: 'app', container: '' } as const;

const traces = readFileSync(join(__dirname, '../../../events/traces.txt'), 'latin1')
  .split(/^=== /m)
  .slice(1)
  .map((part): [string, string] => {
    const end = part.indexOf('\n');
    return [part.slice(0, end), part.slice(end + 1).trimEnd()];
  });

/** `writesTell`: whether the boundaries of writes are used. */
function recordsFrom(writes: readonly string[], writesTell = true): string[] {
  const shared = shareAssembly(1_000_000, Number.POSITIVE_INFINITY, AUTO);
  const assembler = new StreamAssembler(origin, shared, writesTell);
  writes.forEach((text, i) => {
    const bytes = Buffer.from(text, 'latin1');
    assembler.write(bytes, 0, bytes.length, i / 100, (i + 1) * PLACES, i / 100, 0, false, 0);
  });
  assembler.flush();
  const batch = shared.builder.finish();
  return Array.from({ length: batch.count }, (_, i) => Buffer.from(recordAt(batch, i).message).toString('latin1'));
}

const BEFORE = ['order 1 accepted', 'listening on port 80'];
const AFTER = ['order 2 accepted', 'order 3 accepted'];
const MANY = Array.from({ length: 60 }, (_, i) => `order ${i} accepted`);
const LOGGED = (level: string, message: string) => `2026-11-28 10:00:03,123 ${level} [main] c.a.Shop - ${message}`;

const chunks = (text: string, length: number): string[] => text.match(new RegExp(`[\\s\\S]{1,${length}}`, 'g')) ?? [];
const textOf = (records: readonly string[]) => records.map((record) => `${record}\n`).join('');
const linesOf = (records: readonly string[]) => textOf(records).match(/.*\n/g) ?? [];

test('are enough to tell: 150', () => expect(traces.length).toBeGreaterThanOrEqual(150));

/** Nothing tells where the next one begins: the lines of both are the same kind. */
const ENDLESS: ReadonlySet<string> = new Set([
  ...['python faulthandler', 'python stack', 'jvm gc heap dump deadlock', 'oracle stack', 'erlang init terminating'],
  // The rule of `#` that ends the first is not told from the one that begins the second.
  ...['jvm hs_err notice v17', 'jvm oom notice', 'jvm native memory', 'swift program crashed'],
  // The same time, to the microsecond, makes them one.
  'rabbitmq crash report',
]);

test.each(traces.filter(([name]) => !ENDLESS.has(name)))('%s, twice', (_, trace) => {
  const expected = [...BEFORE, trace, trace, ...AFTER];
  expect(recordsFrom(linesOf(expected))).toEqual(expected);
});

describe.each(traces)('%s', (_, trace) => {
  const expected = [...BEFORE, trace, ...AFTER];

  test('a write per line', () => expect(recordsFrom(linesOf(expected))).toEqual(expected));

  test('a write per event', () => expect(recordsFrom(expected.map((text) => `${text}\n`))).toEqual(expected));

  test('writes of seven bytes', () => expect(recordsFrom(chunks(textOf(expected), 7))).toEqual(expected));

  test('a file, which has no writes', () => expect(recordsFrom([textOf(expected)], false)).toEqual(expected));

  test('full buffers', () => {
    const long = [...MANY, trace, ...MANY];
    expect(recordsFrom(chunks(textOf(long), 4096))).toEqual(long);
  });

  test('between lines of a logger', () => {
    const logged = [LOGGED('INFO', 'ready'), trace, LOGGED('INFO', 'order 2')];
    expect(recordsFrom(linesOf(logged))).toEqual(logged);
    expect(recordsFrom([textOf(logged)], false)).toEqual(logged);
  });
});
