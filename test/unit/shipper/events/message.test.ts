/**
 * Messages of several lines: Python before version 3.13 writes the name of the exception, the message and the line end each by itself,
 * and the message ends within a line.
 */
import { recordAt } from '../../../../src/shipper/records/record-batch.js';
import { shareAssembly } from '../../../../src/shipper/source/frames/assembly.js';
import { StreamAssembler } from '../../../../src/shipper/source/frames/stream-assembler.js';
import { AUTO } from '../../../events/trial.js';

const PLACES = 2 ** 15;

function recordsFrom(writes: readonly string[], writesTell = true): string[] {
  const shared = shareAssembly(1_000_000, Number.POSITIVE_INFINITY, AUTO);
  const origin = { id: 'x-1', stream: 'stderr', pid: 1, process: 'app', container: '' } as const;
  const assembler = new StreamAssembler(origin, shared, writesTell);
  writes.forEach((text, i) => {
    const bytes = Buffer.from(text);
    assembler.write(bytes, 0, bytes.length, i / 100, (i + 1) * PLACES, i / 100);
  });
  assembler.flush();
  const batch = shared.builder.finish();
  return Array.from({ length: batch.count }, (_, i) => Buffer.from(recordAt(batch, i).message).toString());
}

const HEAD = 'Traceback (most recent call last):\n  File "/srv/a.py", line 3, in <module>\n    f()\n';
const WRITES = [...HEAD.match(/.*\n/g)!, 'ApiException', ': '];
const LINES = ['(404)\nReason: Not Found', 'a\n\nb', '(404)\nReason: Not Found\nbody: {"kind":"Status"}\n'];

test.each(LINES)('a message that is written by itself: %j', (message) => {
  const after = ['order 2 accepted\n', 'order 3', '\n'];
  const expected = [`${HEAD}ApiException: ${message}`, 'order 2 accepted', 'order 3'];
  expect(recordsFrom([...WRITES, message, '\n', ...after])).toEqual(expected);
});

test('a message of one line, and lines that are written behind it', () => {
  const expected = [`${HEAD}ApiException: gone`, 'order 2 accepted', 'order 3 accepted'];
  expect(recordsFrom([...WRITES, 'gone', '\n', 'order 2 accepted', '\n', 'order 3 accepted\n'])).toEqual(expected);
  expect(recordsFrom([...WRITES, 'gone', '\n', 'order 2 accepted\norder 3 accepted\n'])).toEqual(expected);
});

test('writes that were cut anywhere say nothing', () => {
  const writes = [...WRITES, 'gone\norder 2 acc', 'epted', '\n', 'order 3 accepted\n'];
  expect(recordsFrom(writes)).toEqual([`${HEAD}ApiException: gone`, 'order 2 accepted', 'order 3 accepted']);
});

test('neither do those of a program that copies', () => {
  const writes = [...WRITES, 'gone\norder 2 accepted', '\n', 'order 3 accepted\n'];
  expect(recordsFrom(writes, false)).toEqual([`${HEAD}ApiException: gone`, 'order 2 accepted', 'order 3 accepted']);
});

test('a log event ends the message', () => {
  const writes = [...WRITES, 'gone\n2026-11-28 10:00:03 INFO ready', '\n'];
  expect(recordsFrom(writes)).toEqual([`${HEAD}ApiException: gone`, '2026-11-28 10:00:03 INFO ready']);
});
