/** Rings: what a process hands over in shared memory, and that nothing in their directory can hurt it. */
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RING_NAMES, RING_OWN_CAPACITY_BYTES } from '../../src/contract.js';
import { program } from '../support/native-programs.js';
import { converse, runTapped, type TapSettings } from '../support/native-tap.js';
import { freeRing, RingReceiver } from '../support/ring-receiver.js';
import { temporaryDirectory, until } from '../support/run.js';

const lineOf = (i: number) => `line ${i} of a program that ends at once\n`;
const linesOf = (count: number) => Array.from({ length: count }, (_, i) => lineOf(i)).join('');

let receiver: RingReceiver;
afterEach(() => receiver?.close());

const toRing = (settings: TapSettings = {}): TapSettings => ({
  TAP_INTO: '3',
  TARGET: `ring:${receiver.directory}`,
  CONTAINER: 'app',
  ...settings,
});

const shell = (script: string, settings: TapSettings = {}) =>
  runTapped('bash', ['-c', script], { settings: toRing(settings), env: { RINGS: receiver.directory } });

const ECHO = 'while read -r line; do echo "$line"; done';

/** A program that has said 'first' and says what it is told, and the name of its ring. */
async function begun() {
  const running = converse(ECHO, toRing({ SUPPRESS_STDOUT: 'true' }));
  running.say('first');
  await until('there is a ring', () => {
    receiver.read();
    return receiver.rings().length > 0;
  });
  const [{ name } = { name: '' }] = receiver.rings();
  return { running, name };
}

describe('a ring that is read', () => {
  test.each(['tee', 'suppress'])('goes round many times without a byte out of place, %s', async (mode) => {
    receiver = new RingReceiver({ capacity: 64 * 1024 }).start();
    const { code, stdout } = await runTapped(program('lines'), ['100000'], {
      settings: toRing({ SUPPRESS_STDOUT: String(mode === 'suppress'), ON_FULL: 'block:20000' }),
    });
    await receiver.settled();
    expect(code).toBe(0);
    expect(stdout.toString()).toBe(mode === 'tee' ? linesOf(100_000) : '');
    const [process, ...others] = receiver.processes();
    expect(others).toEqual([]);
    expect(process?.bytes('stdout').toString()).toBe(linesOf(100_000));
    expect(process?.data.map(({ seq }) => Number(seq))).toEqual(process?.data.map((_, i) => i + 1));
    expect(receiver.rings().map(({ isEnded, lost }) => [isEnded, lost.bytes])).toEqual([[true, 0n]]);
  });

  test('each process has its own: forks, children of a shell, execs', async () => {
    receiver = new RingReceiver({ pool: 2 }).start();
    const { code } = await shell('echo parent; (echo child; exec seq 3) ; (echo other >&2) & wait; exec echo last');
    await receiver.settled();
    expect(code).toBe(0);
    const said = receiver.processes().map((each) => `${each.bytes('stdout')}${each.bytes('stderr')}`);
    expect(said.sort()).toEqual(['1\n2\n3\n', 'child\n', 'last\n', 'other\n', 'parent\n']);
    expect(new Set(receiver.processes().map(({ hello }) => hello.instance)).size).toBe(5);
  });

  test('needs no descriptor: a program that closes all it does not know goes on', async () => {
    receiver = new RingReceiver().start();
    await shell('echo one; for n in {3..300}; do eval "exec $n>&-"; done; ulimit -n 3; echo two');
    await receiver.settled();
    expect(receiver.text('stdout')).toBe('one\ntwo\n');
  });

  test('a process that is killed has handed over all it wrote', async () => {
    receiver = new RingReceiver();
    const { signal } = await shell('for i in {1..1000}; do echo $i; done; kill -9 $$');
    receiver.start();
    await receiver.settled();
    expect(signal).toBe('SIGKILL');
    expect(receiver.text('stdout')).toBe(Array.from({ length: 1000 }, (_, i) => `${i + 1}\n`).join(''));
    expect(receiver.rings().map(({ isEnded }) => isEnded)).toEqual([false]);
  });
});

describe('a ring without a reader', () => {
  test.each(['tee', 'suppress'])('is full: every byte is in the ring or counted, %s', async (mode) => {
    receiver = new RingReceiver({ capacity: 128 * 1024 });
    const { code, stdout } = await runTapped(program('lines'), ['30000'], {
      settings: toRing({ SUPPRESS_STDOUT: String(mode === 'suppress') }),
    });
    await receiver.settled();
    const written = linesOf(30_000);
    const [ring] = receiver.rings();
    const captured = receiver.text('stdout');
    expect(code).toBe(0);
    expect(captured.length).toBeGreaterThan(100 * 1024);
    expect(written.startsWith(captured)).toBe(true);
    expect(stdout.toString()).toBe(mode === 'tee' ? written : written.slice(captured.length));
    // The header tells, for which there is always room.
    expect(ring?.lost.bytes).toBe(BigInt(written.length - captured.length));
    expect(ring?.lost.lines).toBe(BigInt(written.slice(captured.length).split('\n').length - 1));
  });

  test('block:MS waits for room', async () => {
    receiver = new RingReceiver({ capacity: 64 * 1024 });
    const running = runTapped(program('lines'), ['30000'], {
      settings: toRing({ SUPPRESS_STDOUT: 'true', ON_FULL: 'block:20000' }),
    });
    await sleep(300);
    receiver.start();
    const { stdout } = await running;
    await receiver.settled();
    expect(stdout.length).toBe(0);
    expect(receiver.text('stdout')).toBe(linesOf(30_000));
  });
});

describe('without a shipper', () => {
  test('a process makes a small ring of its own, and a shipper that comes later finds it all', async () => {
    receiver = new RingReceiver({ pool: 0 });
    await shell('echo early; seq 1000; true', { SUPPRESS_STDOUT: 'true' });
    receiver.start();
    await receiver.settled();
    expect(receiver.text('stdout')).toBe(`early\n${Array.from({ length: 1000 }, (_, i) => `${i + 1}\n`).join('')}`);
    const [{ name } = { name: '' }] = receiver.rings();
    expect(receiver.word(name, 'capacity')).toBe(BigInt(RING_OWN_CAPACITY_BYTES));
  });

  test('no directory: the originals are as ever', async () => {
    receiver = new RingReceiver();
    const { code, stdout } = await shell('echo out', { TARGET: 'ring:/nowhere/rings', SUPPRESS_STDOUT: 'true' });
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: 'out\n' });
  });

  test('a directory that may not be written to: the originals are as ever', async () => {
    receiver = new RingReceiver({ pool: 0 });
    chmodSync(receiver.directory, 0o555);
    const { stdout } = await shell('exec setpriv --reuid=65534 --clear-groups echo out', { SUPPRESS_STDOUT: 'true' });
    expect(stdout.toString()).toBe('out\n');
  });
});

describe('what else lies in the directory', () => {
  const asFree = (name: string, put: (path: string) => void) => {
    receiver = new RingReceiver({ pool: 0 });
    put(join(receiver.directory, `${RING_NAMES.FREE}${name}`));
  };
  const ring = freeRing(64 * 1024);
  const spoiled = (at: number, byte: number) => {
    const bytes = Buffer.from(ring);
    bytes[at] = byte;
    return bytes;
  };

  test.each<[string, (path: string) => void]>([
    ['an empty file', (path) => writeFileSync(path, '')],
    ['a text', (path) => writeFileSync(path, 'no ring\n'.repeat(20_000))],
    [
      'a file with holes',
      (path) => {
        writeFileSync(path, ring.subarray(0, 4096));
        truncateSync(path, ring.length);
      },
    ],
    ['a ring of another version', (path) => writeFileSync(path, spoiled(8, 9))],
    ['a ring whose capacity is not its size', (path) => writeFileSync(path, spoiled(17, 1))],
    ['a ring that is in use', (path) => writeFileSync(path, spoiled(128, 1))],
    ['a directory', (path) => mkdirSync(path)],
    ['a link', (path) => symlinkSync('/etc/passwd', path)],
    [
      'a link to a ring elsewhere',
      (path) => {
        const elsewhere = join(temporaryDirectory(), 'ring');
        writeFileSync(elsewhere, ring);
        symlinkSync(elsewhere, path);
      },
    ],
  ])('%s is not taken for a free ring', async (_, put) => {
    asFree('0', put);
    const { code } = await shell('echo out', { SUPPRESS_STDOUT: 'true' });
    await receiver.settled().catch(() => {});
    expect(code).toBe(0);
    expect(readFileSync('/etc/passwd', 'utf8')).toContain('root');
    const own = readdirSync(receiver.directory).filter((name) => name.startsWith(RING_NAMES.USED));
    expect(own).toHaveLength(1);
    expect(receiver.text('stdout')).toBe('out\n');
  });

  test('a ring whose numbers are spoiled while it is written: full, never a crash', async () => {
    receiver = new RingReceiver();
    const { running, name } = await begun();
    for (const [word, value] of [
      ['tail', 2n ** 63n],
      ['capacity', 1n],
      ['head', 2n ** 60n],
      ['sleep_epoch', 77n],
    ] as const) {
      receiver.write(name, word, value);
    }
    running.say('second');
    await until('it is in the original', () => running.stdout() === 'second\n');
    expect(await running.end()).toBe(0);
  });
});

test('a ring that is retired: the next line comes in another, and the one in between in both, under one number', async () => {
  receiver = new RingReceiver();
  const { running, name } = await begun();
  receiver.write(name, 'retired', 1n);
  running.say('second');
  await until('there is another ring', () => {
    receiver.read();
    return receiver.rings().length > 1;
  });
  expect(await running.end()).toBe(0);
  await receiver.settled();
  const [process] = receiver.processes();
  expect(process?.bytes('stdout').toString()).toBe('first\nsecond\n');
  expect(process?.data.map(({ seq }) => seq)).toEqual([1n, 2n]);
  expect(running.stdout()).toBe('');
});

test('a process whose ring is retired takes the one with its name before other free ones', async () => {
  receiver = new RingReceiver();
  const { running, name } = await begun();
  const larger = join(receiver.directory, `${RING_NAMES.FREE}${name.split('-')[2]}`);
  writeFileSync(larger, freeRing(4 * 1024 * 1024));
  chmodSync(larger, 0o666);
  receiver.write(name, 'retired', 1n);
  running.say('second');
  running.say('third');
  await running.end();
  await receiver.settled();
  expect(existsSync(larger)).toBe(false);
  expect(statSync(join(receiver.directory, name.replace(/0$/, '1'))).size).toBe(freeRing(4 * 1024 * 1024).length);
  expect(receiver.rings()).toHaveLength(2);
});

test('the bell rings for a claim, and once for each sleep of the reader', async () => {
  receiver = new RingReceiver();
  const bell = openSync(join(receiver.directory, RING_NAMES.BELL), constants.O_RDWR | constants.O_NONBLOCK);
  /** Whose they are, of all since the last look. */
  const heard = (): string[] => {
    const bytes = Buffer.alloc(4096);
    try {
      const length = readSync(bell, bytes);
      return Array.from({ length: length / 8 }, (_, i) =>
        bytes
          .readBigUInt64LE(8 * i)
          .toString(16)
          .padStart(16, '0'),
      );
    } catch {
      return [];
    }
  };
  const running = converse(ECHO, toRing());
  const say = async (line: string) => {
    running.say(line);
    await until('it is written', () => running.stdout().endsWith(`${line}\n`));
    receiver.read();
  };
  await say('first');
  const [{ name } = { name: '' }] = receiver.rings();
  const [, , instance] = name.split('-');
  expect(heard()).toEqual([instance]);
  await say('the reader is awake');
  expect(heard()).toEqual([]);
  receiver.write(name, 'sleep_epoch', 1n);
  await say('wake up');
  await say('and stay awake');
  expect(heard()).toEqual([instance]);
  await running.end();
  expect(heard()).toEqual([instance]); // it has ended
  closeSync(bell);
});

test.each(['077', '777'])(
  'a missing bell is made by the first process, for every other, with umask %s',
  async (mask) => {
    receiver = new RingReceiver();
    const bell = join(receiver.directory, RING_NAMES.BELL);
    rmSync(bell);
    await shell(`umask ${mask}; exec echo out`);
    expect(statSync(bell).isFIFO()).toBe(true);
    expect(statSync(bell).mode & 0o777).toBe(0o666);
  },
);

test('a link that another user puts in place of a new bell does not open the file that it leads to', async () => {
  receiver = new RingReceiver();
  const bell = join(receiver.directory, RING_NAMES.BELL);
  rmSync(bell);
  const secret = join(temporaryDirectory(), 'secret');
  writeFileSync(secret, 'for its owner only', { mode: 0o600 });
  // The library names the bell within the directory.
  const options = { settings: toRing(), cwd: receiver.directory };
  const { code, stdout } = await runTapped(program('between-calls'), [secret, 'echo', 'out'], options);
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: 'out\n' });
  expect(readlinkSync(bell)).toBe(secret);
  expect(statSync(secret).mode & 0o777).toBe(0o600);
});
