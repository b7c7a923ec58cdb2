/** Lines of connections whose process writes a later version of the frames. */
import { FRAME_VERSION, STREAMS } from '../../../../src/contract.js';
import type { Lost } from '../../../../src/shipper/source/frames/decoder.js';
import { LaterVersions } from '../../../../src/shipper/source/socket/later-versions.js';
import { data, hello, lost } from '../../../support/frames.js';

const GREETING = hello({ version: FRAME_VERSION + 1, process: 'a\nb' });

function counted(chunk: Buffer, rest: readonly Buffer[] = []): Lost[] {
  const told: Lost[] = [];
  new LaterVersions({ onLater: (more) => told.push(more) }).refuse([chunk], rest, 0);
  return told;
}

/** Headers whose length, time and number have the byte of a line end. */
const FRAMES = Buffer.concat([
  data(STREAMS.STDOUT, 10n, 'one\ntwo\n\n', 10n),
  lost(10n, 10n),
  data(STREAMS.STDERR, 0x0a0an, 'unfinished', 0x0a0a0an),
]);
const OF_FRAMES = { lines: 4, bytes: 19 };

test('lines of DATA frames count, and no byte of other frames', () => {
  expect(counted(Buffer.concat([GREETING, FRAMES]))).toEqual([OF_FRAMES]);
});

test('wherever the bytes are cut', () => {
  for (let at = 0; at <= FRAMES.length; at++) {
    const one = Buffer.concat([GREETING, FRAMES.subarray(0, at)]);
    const [first = 0, second = 0] = [at % 7, at % 29].sort((a, b) => a - b);
    const rest = FRAMES.subarray(at);
    const parts = [rest.subarray(0, first), rest.subarray(first, second), rest.subarray(second)];
    expect(counted(one, parts)).toEqual([OF_FRAMES]);
  }
});

test.each([
  ['an unknown type', Buffer.from([3, 0, 0, 0, 99, 0, 0, 0])],
  ['a length beyond the limit', Buffer.from([255, 255, 255, 255, 3, 0, 0, 0])],
])('%s is another layout: every line end from there on counts', (_, header) => {
  const other = Buffer.concat([header, Buffer.alloc(16), Buffer.from('a\nb\nc')]);
  expect(counted(Buffer.concat([GREETING, FRAMES, other]), [Buffer.from('d\n')])).toEqual([
    { lines: 3 + 3, bytes: OF_FRAMES.bytes + other.length + 2 },
  ]);
});

test('a greeting alone has no lines', () => {
  expect(counted(GREETING)).toEqual([]);
});

test('refusals are remembered for a minute', () => {
  const later = new LaterVersions({});
  later.refuse([GREETING], [], 1000);
  later.refuse([GREETING], [], 2000);
  expect([later.recent(2000), later.recent(60_999), later.recent(61_000), later.recent(62_000)]).toEqual([2, 2, 1, 0]);
});
