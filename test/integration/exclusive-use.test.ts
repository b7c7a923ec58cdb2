/** One directory, one shipper: who is second is told who is first, and who is killed leaves nothing to wait for. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../../src/shipper/errors.js';
import { type DirectoryLock, holderOf, lockDirectory } from '../../src/shipper/lock/directory-lock.js';
import { createLog } from '../../src/shipper/log.js';
import { shipper, start, temporaryDirectory, until } from '../support/run.js';
import { drain, startShipper } from '../support/tapped.js';

const locks: DirectoryLock[] = [];
afterAll(() => {
  for (const lock of locks) lock.release();
});

function take(directory: string, options: { said?: string[]; sleep?: (ms: number) => Promise<void> } = {}) {
  const { said = [], sleep: wait = (ms: number) => sleep(ms) } = options;
  const log = createLog({ write: (line) => said.push(line), now: Date.now });
  const taken = lockDirectory({
    ...{ directory, setting: 'LOGTAP_X_DIR', harm: 'two would be one too many', pod: 'web-0', log, sleep: wait },
  });
  return taken.then((lock) => {
    locks.push(lock);
    return lock;
  });
}

const second = (directory: string, settings: Readonly<Record<string, string>> = {}) => {
  const socket = join(temporaryDirectory(), 's.sock');
  const env = { LOGTAP_STATUS_PORT: 'off', LOGTAP_SOCKET: socket, LOGTAP_SPOOL_DIR: directory, ...settings };
  return start(process.execPath, [shipper], { env });
};
const kill = async (child: ChildProcess) => {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
};

describe('a spool directory', () => {
  test('is for one shipper: the second exits with 78 and names the first, and is harmless to it', async () => {
    const directory = temporaryDirectory();
    const first = await startShipper({ LOGTAP_SPOOL_DIR: directory, POD_NAME: 'web-7' });
    const { code, stderr } = await second(directory).ended;
    expect(code).toBe(78);
    expect(stderr).toContain(`process ${first.child.pid},`);
    expect(stderr).toContain('the shipper of pod web-7');
    expect(await holderOf(directory)).toBe(first.child.pid);
    expect((await drain(first)).code).toBe(0);
    expect(await holderOf(directory)).toBeUndefined();
  });

  test('is free as soon as its shipper was killed, however long its path is', async () => {
    const directory = join(temporaryDirectory(), 'x'.repeat(200));
    for (let i = 0; i < 3; i++) {
      const each = await startShipper({ LOGTAP_SPOOL_DIR: directory });
      await kill(each.child);
    }
    const left = readdirSync(directory).filter((name) => name.startsWith('shipper.lock'));
    // Of the last one alone.
    expect(left).toHaveLength(2);
  });

  test('of a shipper that is stopped by a signal is not free', async () => {
    const directory = temporaryDirectory();
    const first = await startShipper({ LOGTAP_SPOOL_DIR: directory });
    first.child.kill('SIGSTOP');
    const { code, stderr } = await second(directory).ended;
    expect([code, stderr]).toEqual([78, expect.stringContaining(`process ${first.child.pid},`)]);
    await kill(first.child);
  });

  test('of a shipper that drains is waited for', async () => {
    const directory = temporaryDirectory();
    const busy = { LOGTAP_SPOOL_DIR: directory, LOGTAP_SINK: 'tcp', LOGTAP_TCP_ADDRESS: '127.0.0.1:9' };
    const first = await startShipper({ ...busy, LOGTAP_GRACE_SECONDS: '4' });
    const line = spawn('sh', ['-c', `exec node -e "require('net').connect('${first.socket}').end('a line\\n')"`]);
    await new Promise((resolve) => line.once('exit', resolve));
    await until('the line is held', () => /retry|ECONNREFUSED/.test(first.stderr()));
    first.child.kill('SIGTERM');
    await until('it stops', () => first.stderr().includes('"stopping"'));
    const next = second(directory);
    await until('the next one says so', () => next.stderr().includes('waits for the shipper'));
    expect((await first.ended).code).toBe(74);
    await until('the next one has its turn', () => next.stderr().includes('"listening"'));
    expect(await holderOf(directory)).toBe(next.child.pid);
    expect((await drain({ ...next, socket: '' })).code).toBe(0);
  });

  test('goes to one of many that start at once after a kill', async () => {
    const directory = temporaryDirectory();
    await kill((await startShipper({ LOGTAP_SPOOL_DIR: directory })).child);
    const all = Array.from({ length: 5 }, () => second(directory));
    const codes: (number | null)[] = [];
    for (const each of all) each.ended.then(({ code }) => codes.push(code));
    await until('all but one have ended', () => codes.length === 4);
    expect(codes).toEqual([78, 78, 78, 78]);
    await until('one listens', () => all.some((each) => each.stderr().includes('"listening"')));
    const winner = all.find((each) => each.stderr().includes('"listening"'))!;
    expect(await holderOf(directory)).toBe(winner.child.pid);
    await kill(winner.child);
  });
});

test('a socket of a shipper that drains is waited for: the next one does not count its lines as lost', async () => {
  const sink = { LOGTAP_SINK: 'tcp', LOGTAP_TCP_ADDRESS: '127.0.0.1:9' };
  const first = await startShipper({ ...sink, LOGTAP_GRACE_SECONDS: '4' });
  const line = spawn('sh', ['-c', `exec node -e "require('net').connect('${first.socket}').end('a line\\n')"`]);
  await new Promise((resolve) => line.once('exit', resolve));
  await until('the line is held', () => /retry|ECONNREFUSED/.test(first.stderr()));
  first.child.kill('SIGTERM');
  await until('it stops', () => first.stderr().includes('"stopping"'));
  const next = start(process.execPath, [shipper], { env: { LOGTAP_STATUS_PORT: 'off', LOGTAP_SOCKET: first.socket } });
  await until('the next one says so', () => next.stderr().includes('waits for the shipper'));
  expect((await first.ended).code).toBe(74);
  await until('the next one has its turn', () => next.stderr().includes('"listening"'));
  const { code, stderr } = await drain({ ...next, socket: '' });
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('shipper_killed')]);
});

describe('a lock', () => {
  test('is won once by many in one process, over a dead one, again and again', async () => {
    const directory = temporaryDirectory();
    for (let round = 0; round < 20; round++) {
      const all = await Promise.allSettled(Array.from({ length: 6 }, () => take(directory)));
      const won = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      expect(won).toHaveLength(1);
      won[0]!.release();
    }
  });

  test('of a holder that has said that it stops is waited for, also where it is too busy to say it again', async () => {
    const directory = temporaryDirectory();
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const socket = `shipper.lock-${'0'.repeat(16)}.sock`;
    const holder = { pid: 7, host: 'web-1', since: '2026-01-01T00:00:00Z', boot, socket };
    writeFileSync(join(directory, 'shipper.lock.1'), JSON.stringify(holder));
    let asked = 0;
    const server = createServer((connection) => {
      asked += 1;
      connection.end(asked === 1 ? JSON.stringify({ ...holder, stopping: true }) : '');
    }).listen(join(directory, socket));
    await once(server, 'listening');
    let looks = 0;
    const looking = async () => {
      looks += 1;
      if (looks === 3) await new Promise((resolve) => server.close(resolve));
    };
    const said: string[] = [];
    const lock = await take(directory, { said, sleep: looking });
    expect([lock.isOurs, asked, looks]).toEqual([true, 3, 3]);
    expect(said.filter((line) => line.includes('waits for'))).toHaveLength(1);
  });

  test.each([
    ['of another node', (boot: string) => boot.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))],
    ['of a kernel that names no boot', () => ''],
  ])('%s lasts while its holder touches it, and ends after a lease', async (_, change) => {
    const directory = temporaryDirectory();
    const boot = change(readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
    const socket = `shipper.lock-${'0'.repeat(16)}.sock`;
    const holder = { pid: 7, host: 'far', pod: 'web-1', since: '2026-01-01T00:00:00Z', boot, socket };
    const path = join(directory, 'shipper.lock.41');
    writeFileSync(path, JSON.stringify(holder));
    let looks = 0;
    const beating = async () => {
      looks += 1;
      if (looks === 9) utimesSync(path, 1, 1);
    };
    const refused = take(directory, { sleep: beating });
    await expect(refused).rejects.toThrow(/the shipper of pod web-1 on far \(process 7,/);
    await expect(refused).rejects.toThrow(ConfigError);
    expect(looks).toBe(9);
    let waitedMs = 0;
    const silent = async (ms: number) => {
      waitedMs += ms;
    };
    const lock = await take(directory, { sleep: silent });
    expect(waitedMs).toBe(15_000);
    expect(lock.isOurs).toBe(true);
    expect(readdirSync(directory)).toContain('shipper.lock.42');
  });

  test.each([
    ['empty, as a crash of the node leaves it', ''],
    ['of garbage', '\0\xff{{'],
    ['that names a file outside', '{"pid":7,"host":"h","since":"s","boot":"b","socket":"../other.sock"}'],
    ['of a process that cannot be', '{"pid":-1,"host":"h","since":"s","boot":"b","socket":"s"}'],
    ['longer than any holder', ' '.repeat(10_000)],
  ])('file %s does not hold it permanently', async (_, text) => {
    const directory = join(temporaryDirectory(), 'in');
    mkdirSync(directory);
    const outside = join(directory, '..', 'other.sock');
    writeFileSync(outside, 'mine');
    writeFileSync(join(directory, 'shipper.lock.1'), text);
    expect(await holderOf(directory)).toBeUndefined();
    const lock = await take(directory, { sleep: async () => {} });
    expect(lock.isOurs).toBe(true);
    expect(readFileSync(outside, 'utf8')).toBe('mine');
    expect(await holderOf(directory)).toBe(process.pid);
  });

  test('that another process removes is made again', async () => {
    const directory = temporaryDirectory();
    const said: string[] = [];
    const lock = await take(directory, { said });
    for (const name of readdirSync(directory)) rmSync(join(directory, name));
    await until('it notices', () => said.some((line) => line.includes('it is locked again')));
    expect(lock.isOurs).toBe(true);
    await expect(take(directory)).rejects.toThrow(ConfigError);
    expect(await holderOf(directory)).toBe(process.pid);
  });

  test('that another process removes, and another shipper takes, is lost and reported', async () => {
    const directory = temporaryDirectory();
    const said: string[] = [];
    const lock = await take(directory, { said });
    for (const name of readdirSync(directory)) rmSync(join(directory, name));
    const other = await take(directory);
    await until('it notices', () => said.some((line) => line.includes('another shipper has taken it')));
    expect([lock.isOurs, other.isOurs]).toEqual([false, true]);
  });
});

// File systems give the inode of a removed file to the next one: both shippers would write there.
test('a lock of another shipper in a file with the same inode is not taken for the own one', async () => {
  const directory = temporaryDirectory();
  const said: string[] = [];
  const lock = await take(directory, { said });
  const path = join(directory, 'shipper.lock.1');
  const { ino } = statSync(path);
  const other = readFileSync(path, 'utf8').replace(/shipper\.lock-[0-9a-f]+/, 'shipper.lock-0123456789abcdef');
  rmSync(path);
  for (let i = 0; i < 100 && statSync(path, { throwIfNoEntry: false })?.ino !== ino; i += 1) {
    rmSync(path, { force: true });
    writeFileSync(path, other);
  }
  await until('it notices', () => said.some((line) => line.includes('another shipper has taken it')));
  expect(lock.isOurs).toBe(false);
});

/** What any user of a directory can put in the place of a lock. None of it is one, and none costs the wait for a holder. */
const FOREIGN: Readonly<Record<string, (path: string) => void>> = {
  'a directory with a file': (path) => {
    mkdirSync(path);
    writeFileSync(join(path, 'x'), '');
  },
  'a link': (path) => symlinkSync('/dev/zero', path),
  'a named pipe': (path) => execFileSync('mkfifo', [path]),
  'a socket': (path) => execFileSync('perl', ['-MSocket', '-e', SOCKET, path]),
};
const SOCKET = 'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un($ARGV[0])) or die';

describe.each([
  ['the first generation', 1],
  ['the last generation, after which no name is a lock', 999_999_999_999_999],
])('in the place of the lock of %s', (_, generation) => {
  test.each(Object.entries(FOREIGN))('%s keeps no shipper from its directory', async (_kind, make) => {
    const directory = temporaryDirectory();
    make(join(directory, `shipper.lock.${generation}`));
    const said: string[] = [];
    const never = () => Promise.reject(new Error('waits'));
    const lock = await take(directory, { said, sleep: never });
    expect(lock.isOurs).toBe(true);
    await expect(take(directory)).rejects.toThrow(/is in use by/);
    expect(said).toEqual([]);
  });
});

test('a file of the last generation that is no lock is set aside once no holder has shown itself', async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'shipper.lock.999999999999999'), 'x');
  const said: string[] = [];
  expect((await take(directory, { said, sleep: async () => {} })).isOurs).toBe(true);
  expect(said.join('')).toMatch(/its last holder cannot be asked; waits 15 s for a sign of it/);
});
