/** Programs that lose sight of the target before their first line: the library opens it beforehand. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { type Libc, program } from '../support/native-programs.js';
import { runPlain, runTapped, type TapSettings, toSocket } from '../support/native-tap.js';
import { RingReceiver } from '../support/ring-receiver.js';
import { temporaryDirectory } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

const NOT_HERE = 77;
const WAYS = [
  ...['chroot', 'number of chroot', 'unshare', 'number of unshare', 'landlock'],
  ...['setrlimit', 'prlimit', 'number of prlimit'],
];
const TARGETS = ['ring', 'socket', 'raw file'] as const;
const cells = WAYS.flatMap((way) =>
  TARGETS.flatMap((target) => ['tee', 'suppress'].map((mode) => ({ way, target, mode }))),
);
const lines = Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join('');

let socket: TapReceiver;
let ring: RingReceiver;
let file: string;
beforeEach(async () => {
  socket = await TapReceiver.start();
  ring = new RingReceiver().start();
  file = join(temporaryDirectory(), 'target');
});
afterEach(async () => {
  await ring.close();
  await socket.close();
});

const settingsOf = (target: (typeof TARGETS)[number]): TapSettings => {
  if (target === 'ring') return { TAP_INTO: '1', TARGET: `ring:${ring.directory}` };
  return target === 'socket' ? toSocket(socket.socket) : { TAP_INTO: '1', TARGET: `file:${file}` };
};

async function captured(target: (typeof TARGETS)[number]): Promise<string> {
  if (target === 'raw file') return readFileSync(file, 'utf8');
  const receiver = target === 'ring' ? ring : socket;
  await receiver.settled();
  return receiver.text('stdout');
}

function suite(libc: Libc): void {
  test.each(cells)('$way, then lines, to a $target, $mode', async ({ way, target, mode }) => {
    const plain = await runPlain(program('out-of-sight', libc), [way], { cwd: temporaryDirectory() });
    if (plain.code === NOT_HERE) return;
    expect([plain.code, plain.stdout.toString()]).toEqual([0, lines]);
    const tapped = await runTapped(program('out-of-sight', libc), [way], {
      cwd: temporaryDirectory(),
      settings: { ...settingsOf(target), SUPPRESS_STDOUT: String(mode === 'suppress') },
    });
    expect([tapped.code, tapped.stdout.toString()]).toEqual([0, mode === 'suppress' ? '' : lines]);
    expect(await captured(target)).toBe(lines);
  });
}

function suiteOfMounts(libc: Libc): void {
  const ways = ['mount', 'number of mount'];
  test.each(ways.flatMap((way) => TARGETS.map((target) => ({ way, target }))))(
    '$way over the target, then lines, to a $target',
    async ({ way, target }) => {
      const command = ['--mount', '--propagation', 'private', program('out-of-sight', libc), way];
      const { code, stdout } = await runTapped('unshare', command, { settings: settingsOf(target) });
      expect([code, stdout.toString()]).toEqual([0, lines]);
      expect(await captured(target)).toBe(lines);
    },
  );
}

describe('glibc', () => suite('glibc'));
describeWith(['musl'], 'musl', () => suite('musl'));
describeWith(['root'], 'glibc, in a namespace of mounts', () => suiteOfMounts('glibc'));
describeWith(['root', 'musl'], 'musl, in a namespace of mounts', () => suiteOfMounts('musl'));
