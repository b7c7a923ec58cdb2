/** Limits of file sizes (ulimit -f): the library writes files of its own, and the signal would end the application. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { type Libc, program } from '../support/native-programs.js';
import { runPlain, runTapped, type TapSettings } from '../support/native-tap.js';
import { RingReceiver } from '../support/ring-receiver.js';
import { temporaryDirectory } from '../support/run.js';

const LIMIT_BYTES = 20_000;

let directory: string;
let target: string;
let ring: RingReceiver | undefined;
beforeEach(() => {
  directory = temporaryDirectory();
  target = join(directory, 'target');
});
afterEach(() => {
  ring?.close();
  ring = undefined;
});

/** Whether there are rings to claim; without, each process makes its own, of more bytes than it may. */
function toRing(pool: number): TapSettings {
  ring = new RingReceiver({ pool }).start();
  return { TARGET: `ring:${ring.directory}` };
}

const TARGETS: Record<string, () => TapSettings> = {
  'raw file': () => ({ TARGET: `file:${target}` }),
  'file of frames': () => ({ TARGET: `file:${target}`, FORMAT: 'frame' }),
  'ring of the shipper': () => toRing(4),
  'ring of its own': () => toRing(0),
};

function suite(libc: Libc): void {
  const ways = ['setrlimit', 'prlimit', 'number', 'vfork'];
  const cells = Object.keys(TARGETS).flatMap((name) =>
    ways.flatMap((way) => [0, 3].flatMap((before) => ['tee', 'suppress'].map((mode) => ({ name, way, before, mode })))),
  );
  test.each(cells)('$name, by $way after $before lines, $mode', async ({ name, way, before, mode }) => {
    const settings = TARGETS[name]?.() ?? {};
    const args = [way, String(before), String(LIMIT_BYTES)];
    const plain = await runPlain(program('size-limited', libc), args);
    expect(plain).toMatchObject({ code: 0, signal: null });
    const tapped = await runTapped(program('size-limited', libc), args, {
      settings: { TAP_INTO: '1', ...settings, SUPPRESS_STDOUT: String(mode === 'suppress') },
    });
    expect(tapped).toMatchObject({ code: 0, signal: null });
    if (mode === 'tee') expect(tapped.stdout.equals(plain.stdout)).toBe(true);
    if (way !== 'vfork' && existsSync(target)) expect(statSync(target).size).toBeLessThanOrEqual(LIMIT_BYTES);
    if (name === 'ring of the shipper') {
      ring?.read();
      expect(ring?.text('stdout').length).toBe(plain.stdout.length - (mode === 'tee' ? 0 : tapped.stdout.length));
    }
    if (name === 'raw file') {
      const arrived = readFileSync(target);
      if (mode === 'suppress') expect(arrived.length + tapped.stdout.length).toBe(plain.stdout.length);
      else expect(arrived.length).toBeGreaterThan(way === 'vfork' ? plain.stdout.length - 1 : 0);
    }
  });
}

describe('glibc', () => suite('glibc'));
describeWith(['musl'], 'musl', () => suite('musl'));
