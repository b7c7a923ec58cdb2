/** The directory of rings is missing where an application starts before its shipper: the first process that writes makes it, for every user. */
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RING_DIR, RING_NAMES } from '../../src/contract.js';
import { memoryVolume } from '../support/memory-volume.js';
import { program } from '../support/native-programs.js';
import { runTapped, type TapSettings } from '../support/native-tap.js';
import { RingReceiver } from '../support/ring-receiver.js';

const volume = memoryVolume();

const modeOf = (path: string) => statSync(path).mode & 0o7777;
const toRing = (): TapSettings => ({
  TAP_INTO: '3',
  TARGET: `ring:${volume.rings}`,
  CONTAINER: 'app',
  SUPPRESS_STDOUT: 'true',
});
const shell = (script: string) => runTapped('bash', ['-c', script], { settings: toRing() });

/** The lines that a shipper finds which comes now. */
async function linesOf(directory: string): Promise<string[]> {
  const receiver = new RingReceiver({ directory, pool: 0 }).start();
  await receiver.settled();
  const said = receiver.processes().flatMap((each) => each.bytes('stdout').toString().split('\n').slice(0, -1));
  receiver.pause();
  return said;
}

test.each(['000', '022', '077'])('any user may use it, with umask %s', async (umask) => {
  const { code, stdout } = await shell(
    `umask ${umask}; echo early; exec setpriv --reuid=1000 --clear-groups echo late`,
  );
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: '' });
  expect((await linesOf(volume.rings)).sort()).toEqual(['early', 'late']);
  expect([modeOf(volume.rings), modeOf(join(volume.rings, RING_NAMES.BELL))]).toEqual([0o777, 0o666]);
  expect(readdirSync(volume.path)).toEqual([RING_DIR]);
});

test('a volume with a group of its own: the directory has the same mode', async () => {
  chmodSync(volume.path, 0o3777);
  await shell('exec setpriv --reuid=1000 --regid=1000 --clear-groups echo out');
  expect(modeOf(volume.rings)).toBe(0o777);
  expect(await linesOf(volume.rings)).toEqual(['out']);
});

test('many processes of several users start at once: one makes it, and all use it', async () => {
  const count = 40;
  const script = `for i in {1..${count}}; do
    (umask 0$((i % 2 * 77)); exec setpriv --reuid=$((1000 + i % 4)) --clear-groups echo $i) &
  done; wait`;
  const { code, stdout } = await shell(script);
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: '' });
  expect(readdirSync(volume.path)).toEqual([RING_DIR]);
  expect(modeOf(volume.rings)).toBe(0o777);
  const expected = Array.from({ length: count }, (_, i) => String(i + 1));
  expect((await linesOf(volume.rings)).sort()).toEqual(expected.sort());
});

test('a program that a confined process starts, which could not make its ring, is not tapped instead of killed', async () => {
  const args = ['before', 'prctl', '3', 'deny', 'fchmod'];
  const { code, stdout } = await runTapped(program('confined'), args, { settings: toRing() });
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: 'from another program 0\n' });
  expect(await linesOf(volume.rings)).toContain('line 2');
});

describe('a process that cannot use a ring leaves the other free rings to other processes', () => {
  const MIB = 1024 * 1024;
  const FREE = 6;
  const freeRings = () => readdirSync(volume.rings).filter((name) => name.startsWith(RING_NAMES.FREE)).length;
  test.each([
    ['no second descriptor', 1, 'ulimit -n 4', ['parent']],
    ['no memory for its pages', 16, 'ulimit -v 12000', ['child', 'parent']],
  ])('%s', async (_, capacityMib, limit, captured) => {
    mkdirSync(volume.rings);
    new RingReceiver({ directory: volume.rings, pool: FREE, capacity: capacityMib * MIB });
    const script = `${limit}; (echo child); echo parent`;
    const { code } = await runTapped('dash', ['-c', script], { settings: toRing() });
    expect(code).toBe(0);
    // The parent has one, and the child tried one.
    expect(freeRings()).toBe(FREE - 2);
    expect((await linesOf(volume.rings)).sort()).toEqual(captured);
  });
});

describe('an entry of another process with that name: the originals are as ever, and nothing is made elsewhere', () => {
  const elsewhere = () => join(volume.path, 'elsewhere');
  test.each<[string, () => void]>([
    ['a link to a directory', () => symlinkSync(elsewhere(), volume.rings)],
    ['a link to no directory', () => symlinkSync(join(volume.path, 'missing'), volume.rings)],
    ['a file', () => writeFileSync(volume.rings, '')],
  ])('%s', async (_, put) => {
    mkdirSync(elsewhere());
    chmodSync(elsewhere(), 0o777);
    put();
    const { code, stdout } = await shell('echo out');
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: 'out\n' });
    expect(readdirSync(elsewhere())).toEqual([]);
    expect(existsSync(join(volume.path, 'missing'))).toBe(false);
    expect(readdirSync(volume.path).sort()).toEqual(['elsewhere', RING_DIR]);
  });
});

test('no volume: no directory is made, and the originals are as ever', async () => {
  rmSync(volume.path, { recursive: true });
  const { code, stdout } = await shell('echo out');
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: 'out\n' });
  expect(existsSync(volume.path)).toBe(false);
});
