/** An application writes before its shipper starts, and makes the directory of rings: the shipper is another user, and delivers the lines. */
import { chownSync, lstatSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { LIBRARY_ENV, RING_NAMES } from '../../src/contract.js';
import { hasReader } from '../../src/doctor/ring.js';
import { describeWith } from '../support/capability.js';
import { memoryVolume } from '../support/memory-volume.js';
import { run, shipper, start, temporaryDirectory, until } from '../support/run.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const SHIPPER = 65532;
const as = (user: number) => ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'];

const volume = memoryVolume();

describeWith(['root'], 'lines before the shipper', () => {
  const write = (user: number, script: string) => {
    const [command = '', ...args] = [...as(user), 'sh', '-c', script];
    const env = { ...tapEnvironment('', { suppress: true }), [LIBRARY_ENV.TARGET.name]: `ring:${volume.rings}` };
    return run(command, args, { env, cwd: '/' });
  };

  test('of several users are delivered, and so is what they write later', async () => {
    const early = await Promise.all([1000, 2000, 3000].map((user) => write(user, `umask 077; echo early ${user}`)));
    expect(early.map(({ code, stdout }) => [code, stdout])).toEqual([0, 0, 0].map((code) => [code, '']));
    expect(lstatSync(volume.rings).uid).not.toBe(SHIPPER);
    const socket = join(volume.path, 's.sock');
    const running = await startShipper({ LOGTAP_RING_DIR: volume.rings, LOGTAP_SOCKET: socket }, as(SHIPPER));
    await write(4000, 'echo late');
    await until('all are out', () => running.stdout().split('\n').length > 4);
    const { code, stdout, stderr } = await drain(running);
    const messages = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).message);
    expect([code, messages.sort()]).toEqual([0, ['early 1000', 'early 2000', 'early 3000', 'late']]);
    expect(JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '').dropped).toEqual({});
    expect(readdirSync(volume.rings).filter((name) => name.startsWith('ring-'))).toEqual([]);
  });

  // A wake-up and a count of lost lines over a pipe that only their process has open are gone with the process.
  test('the shipper makes the pipe of wake-ups before any process does, also where the system has no program for it', async () => {
    const socket = join(volume.path, 's.sock');
    const env = { LOGTAP_RING_DIR: volume.rings, LOGTAP_SOCKET: socket, PATH: '/nonexistent' };
    const running = await startShipper(env);
    const bell = join(volume.rings, RING_NAMES.BELL);
    await until('the pipe is there', () => lstatSync(bell, { throwIfNoEntry: false }) !== undefined);
    const made = lstatSync(bell);
    expect([made.isFIFO(), made.mode & 0o777]).toEqual([true, 0o666]);
    await until('the shipper listens to it', () => hasReader(volume.rings));
    expect((await drain(running)).code).toBe(0);
  });

  test('a link in place of the directory, to one of the shipper: it does not start, and nothing is made there', async () => {
    const own = join(temporaryDirectory(), 'buffer');
    mkdirSync(own, { mode: 0o777 });
    chownSync(own, SHIPPER, SHIPPER);
    symlinkSync(own, volume.rings);
    const [command = '', ...args] = [...as(SHIPPER), process.execPath, shipper];
    const env = {
      LOGTAP_STATUS_PORT: 'off',
      LOGTAP_SOCKET: join(volume.path, 's.sock'),
      LOGTAP_RING_DIR: volume.rings,
    };
    const { code, stderr } = await start(command, args, { env, cwd: '/' }).ended;
    expect(code).toBe(78);
    expect(stderr).toContain('must be a directory, not a link');
    expect(readdirSync(own)).toEqual([]);
  });
});
