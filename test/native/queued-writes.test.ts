/** Writes that libc queues and does in threads of its own: aio_write and lio_listio. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Libc, program } from '../support/native-programs.js';
import { runPlain, runTapped, toSocket } from '../support/native-tap.js';
import { temporaryDirectory } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

let receiver: TapReceiver;
beforeEach(async () => {
  receiver = await TapReceiver.start();
});
afterEach(() => receiver.close());

/** Where the program writes in this run, and what it is given. */
function place(way: string) {
  const directory = temporaryDirectory();
  const log = join(directory, 'log');
  const other = join(directory, 'other');
  writeFileSync(log, '');
  writeFileSync(other, 'x');
  return { log, args: [way, log, other] };
}

const WAYS = [
  'aio_write',
  'appended',
  'stdout',
  'SIGEV_THREAD',
  'SIGEV_SIGNAL',
  'lio_listio, LIO_WAIT',
  'lio_listio, LIO_NOWAIT',
  'a descriptor for reading',
];
const OF_GLIBC = ['an old lio_listio', 'lio_listio with signals'];

const TABLE = (['glibc', 'musl'] as Libc[]).flatMap((libc) =>
  [...WAYS, ...(libc === 'glibc' ? OF_GLIBC : [])].flatMap((way) =>
    [false, true].map((suppress) => [libc, way, suppress] as const),
  ),
);

test.each(TABLE)('%s: %s, suppress %s', async (libc, way, suppress) => {
  const plain = place(way);
  const expected = await runPlain(program('queued-writes', libc), plain.args);
  expect(expected.code).toBe(0);
  const written = way === 'stdout' ? expected.stdout.toString() : readFileSync(plain.log, 'utf8');

  const { log, args } = place(way);
  const of = String(suppress);
  const settings = toSocket(receiver.socket, {
    TAP_INTO: '1',
    TAP_FILE: log,
    SUPPRESS_STDOUT: of,
    SUPPRESS_TAP_FILE: of,
    ON_FULL: 'block:5000',
  });
  const tapped = await runTapped(program('queued-writes', libc), args, { settings });
  expect(tapped.stderr.toString()).toBe(expected.stderr.toString());
  expect(tapped.code).toBe(0);
  await receiver.settled();
  const original = way === 'stdout' ? tapped.stdout.toString() : readFileSync(log, 'utf8');
  expect(receiver.text(way === 'stdout' ? 'stdout' : log)).toBe(written);
  expect(original).toBe(suppress ? '' : written);
});
