/** The headers of rings as the doctor reads them. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { innerPid } from '../../../src/doctor/process-state.js';
import { hasReader, mappedRings, readRings } from '../../../src/doctor/ring.js';
import { freeRing } from '../../support/ring-receiver.js';
import { HOSTILE } from '../../support/rings.js';
import { temporaryDirectory } from '../../support/run.js';

const CAPACITY = 4096;
const NAME = 'ring-7-00000000000000aa-0';

/** Words by their documented offsets. */
interface Words {
  readonly head?: bigint;
  readonly tail?: bigint;
  readonly lostLines?: bigint;
  readonly lostBytes?: bigint;
}

function ring({ head = 0n, tail = 0n, lostLines = 0n, lostBytes = 0n }: Words): Buffer {
  const bytes = freeRing(CAPACITY);
  bytes.writeBigUInt64LE(head, 128);
  bytes.writeBigUInt64LE(lostLines, 192);
  bytes.writeBigUInt64LE(lostBytes, 200);
  bytes.writeBigUInt64LE(tail, 4096);
  return bytes;
}

function read(bytes: Buffer | string) {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, NAME), bytes);
  return readRings(directory, [NAME]);
}

test('fill and losses', () => {
  const { rings, damaged } = read(ring({ head: 5000n, tail: 2000n, lostLines: 3n, lostBytes: 300n }));
  expect(damaged).toEqual([]);
  expect(rings).toMatchObject([
    { capacity: CAPACITY, heldBytes: 3000, lostLines: 3, lostBytes: 300, isRetired: false },
  ]);
});

test('a ring that was never read has no time of a read', () => {
  expect(read(ring({ head: 10n })).rings[0]?.lastReadMs).toBeUndefined();
});

test.each([
  ['an empty file', ''],
  ['text', 'x'.repeat(50_000)],
  ['a ring that was cut off', ring({}).subarray(0, 9000)],
  ['a tail before the head', ring({ head: 10n, tail: 20n })],
  ['more than it can hold', ring({ head: 4097n })],
])('%s is damaged, and the others are read', (_, bytes) => {
  const { rings, damaged } = read(bytes);
  expect({ rings, names: damaged.map(({ name }) => name) }).toEqual({ rings: [], names: [NAME] });
});

test('hostile words give no fill outside of the ring', () => {
  for (const head of HOSTILE)
    for (const tail of HOSTILE) {
      for (const { heldBytes } of read(ring({ head, tail })).rings) {
        expect(heldBytes).toBeGreaterThanOrEqual(0);
        expect(heldBytes).toBeLessThanOrEqual(CAPACITY);
      }
    }
});

test('a link, a FIFO and a ring that is gone are not followed, waited for or an error', () => {
  const directory = temporaryDirectory();
  symlinkSync('/etc/passwd', join(directory, NAME));
  execFileSync('mkfifo', [join(directory, 'fifo')]);
  const { rings, damaged } = readRings(directory, [NAME, 'fifo', 'gone']);
  expect({ rings, names: damaged.map(({ name }) => name) }).toEqual({ rings: [], names: [NAME, 'fifo'] });
});

test('rings of other processes are not those of a process, in any namespace', () => {
  const maps = [
    '7f00-7f10 rw-s 00000000 00:1b 5 /.logtap/rings/ring-7-00000000000000aa-10',
    '7f20-7f30 rw-s 00000000 00:1b 4 /.logtap/rings/ring-7-00000000000000aa-9',
    '7f20-7f30 rw-s 00001000 00:1b 4 /.logtap/rings/ring-7-00000000000000aa-9',
    '7f40-7f50 rw-s 00000000 00:1b 6 /.logtap/rings/ring-71-00000000000000bb-0',
    '7f60-7f70 rw-s 00000000 00:1b 7 /.logtap/rings/ring-7-00000000000000aa-8 (deleted)',
  ].join('\n');
  expect(mappedRings(maps, 7)).toEqual(['ring-7-00000000000000aa-9', 'ring-7-00000000000000aa-10']);
});

test.each([
  ['Name:\tsh\nNSpid:\t4711\t7\nVmSize:\t1', 7],
  ['Name:\tsh\nNSpid:\t4711\nVmSize:\t1', 4711],
  ['Name:\tsh\n', 4711],
])('%j: the number that the process itself sees', (status, pid) => {
  expect(innerPid(status, 4711)).toBe(pid);
});

describe('a reader', () => {
  test('there is none without a bell, beside a bell that is no FIFO, and beside one that no process has open', () => {
    const directory = temporaryDirectory();
    const bell = join(directory, 'bell');
    expect(hasReader(directory)).toBe(false);
    writeFileSync(bell, '');
    expect(hasReader(directory)).toBe(false);
    const other = temporaryDirectory();
    execFileSync('mkfifo', [join(other, 'bell')]);
    expect(hasReader(other)).toBe(false);
  });

  test('there is one while a process has the bell open, and it hears nothing', () => {
    const directory = temporaryDirectory();
    execFileSync('mkfifo', [join(directory, 'bell')]);
    const fd = openSync(join(directory, 'bell'), constants.O_RDWR | constants.O_NONBLOCK);
    expect(hasReader(directory)).toBe(true);
    closeSync(fd);
    expect(hasReader(directory)).toBe(false);
  });
});
