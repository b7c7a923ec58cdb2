/** Logs of ordinary programs, which have an event in each line: nothing is joined, however the lines are written. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { shareAssembly } from '../../../../src/shipper/source/frames/assembly.js';
import { LineAssembler } from '../../../../src/shipper/source/frames/line-assembler.js';
import { AUTO } from '../../../events/trial.js';
import { stdoutOrigin } from '../../../support/batches.js';

const directory = join(__dirname, '../../../events/ordinary');
const logs = readdirSync(directory).filter((name) => name.endsWith('.log.gz'));
const linesOf = (name: string) =>
  gunzipSync(readFileSync(join(directory, name)))
    .toString('latin1')
    .replace(/\n$/, '')
    .split('\n');

/** Messages of several lines. */
function joinsOf(writes: readonly string[]): string[] {
  const shared = shareAssembly(1_000_000, Number.POSITIVE_INFINITY, AUTO);
  const assembler = new LineAssembler(stdoutOrigin, shared);
  writes.forEach((write, i) => {
    const bytes = Buffer.from(write, 'latin1');
    assembler.write(bytes, 0, bytes.length, i, i * 32_768, i);
  });
  assembler.flush();
  const { bytes, count, start, length } = shared.builder.finish();
  return Array.from({ length: count }, (_, i) =>
    Buffer.from(bytes.subarray(start[i]!, start[i]! + length[i]!)).toString('latin1'),
  ).filter((message) => message.includes('\n'));
}

const blocks = (text: string, size: number): string[] =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size));

test('are enough to tell: 100,000 lines of 30 programs', () => {
  expect(logs.length).toBeGreaterThanOrEqual(30);
  expect(logs.reduce((sum, name) => sum + linesOf(name).length, 0)).toBeGreaterThanOrEqual(100_000);
});

test.each(logs)('%s: each line is a record', (name) => {
  const lines = linesOf(name);
  expect(joinsOf(lines.map((line) => `${line}\n`))).toEqual([]);
  expect(joinsOf(blocks(`${lines.join('\n')}\n`, 4096))).toEqual([]);
  expect(joinsOf(blocks(`${lines.join('\n')}\n`, 8192))).toEqual([]);
});

const shapes = readFileSync(join(__dirname, '../../../events/shapes.txt'), 'latin1')
  .split(/^=== /m)
  .slice(1)
  .map((part): [string, string] => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]);

test.each(shapes)('%s, a few lines of it: each line is a record', (_, text) => {
  expect(joinsOf(text.match(/.*\n/g)!)).toEqual([]);
  expect(joinsOf(text.match(/[\s\S]{1,7}/g)!)).toEqual([]);
  // Full buffers.
  expect(joinsOf(blocks(text.repeat(40), 4096))).toEqual([]);
});
