/** Bytes at the edge of the application's memory, and beyond it: the kernel answers, with or without the library. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { type Libc, program } from '../support/native-programs.js';
import { runPlain, type TapSettings, toSocket, variables } from '../support/native-tap.js';
import { RingReceiver } from '../support/ring-receiver.js';
import { library, temporaryDirectory } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

let directory: string;
let socket: TapReceiver;
let ring: RingReceiver;
beforeEach(async () => {
  directory = temporaryDirectory();
  socket = await TapReceiver.start();
  ring = new RingReceiver().start();
});
afterEach(async () => {
  ring.close();
  await socket.close();
});

interface Target {
  readonly settings: () => TapSettings;
  /** Of what was written to stdout. */
  readonly captured: () => Promise<string>;
}

const TARGETS: Record<string, Target> = {
  ring: {
    settings: () => ({ TAP_INTO: '3', TARGET: `ring:${ring.directory}` }),
    captured: async () => {
      ring.read();
      return ring.text('stdout');
    },
  },
  socket: {
    settings: () => toSocket(socket.socket),
    captured: async () => {
      await socket.settled();
      return socket.text('stdout');
    },
  },
  file: {
    settings: () => ({ TAP_INTO: '3', TARGET: `file:${join(directory, 'target')}` }),
    captured: async () => readFileSync(join(directory, 'target'), 'latin1'),
  },
};

const ORIGINALS = { 'a file': '>out', 'a pipe': '| cat >out', 'a socket': '', '/dev/null': '>/dev/null' };

async function look(libc: Libc, redirect: string, settings?: TapSettings) {
  const env = settings === undefined ? {} : { LD_PRELOAD: library, ...variables(settings) };
  const given = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  for (const name of ['out', 'report']) writeFileSync(join(directory, name), '');
  // stdout of a child of Node's is a socket.
  const script = `env "$@" ${redirect}; exit "\${PIPESTATUS[0]}"`;
  const command = [program('memory-edges', libc), join(directory, 'report')];
  const { code, signal, stdout } = await runPlain('bash', ['-c', script, 'bash', ...given, ...command], {
    cwd: directory,
  });
  const read = (name: string) => readFileSync(join(directory, name), 'latin1');
  return { code, signal, report: read('report'), out: stdout.toString('latin1') + read('out') };
}

function suite(libc: Libc): void {
  const cells = Object.keys(TARGETS).flatMap((target) =>
    Object.keys(ORIGINALS).flatMap((original) => ['tee', 'suppress'].map((mode) => ({ target, original, mode }))),
  ) as { target: keyof typeof TARGETS; original: keyof typeof ORIGINALS; mode: string }[];

  test.each(cells)('$target, stdout is $original, $mode', async ({ target, original, mode }) => {
    const { settings, captured } = TARGETS[target] as Target;
    const plain = await look(libc, ORIGINALS[original]);
    expect(plain).toMatchObject({ code: 0, signal: null });
    const suppress = { SUPPRESS_STDOUT: String(mode === 'suppress') };
    const tapped = await look(libc, ORIGINALS[original], { ...settings(), ...suppress });
    // Of bytes that can be read in part, a file takes that part, and a pipe nothing: so does a target.
    if (mode === 'suppress') {
      for (const seen of [plain, tapped]) seen.report = seen.report.replace(/^over the end .*$/m, '');
    }
    expect({ ...tapped, out: '' }).toEqual({ ...plain, out: '' });
    // It takes bytes that cannot be read, and is no stream.
    if (original === '/dev/null') return;
    const arrived = await captured();
    if (mode === 'tee') {
      expect(tapped.out).toBe(plain.out);
      expect(arrived).toBe(plain.out);
    } else {
      // Only a write that the kernel takes in part is left to the original.
      const more = arrived.length + tapped.out.length - plain.out.length;
      expect(more).toBe(target === 'file' && original !== 'a file' ? 4 : 0);
      expect(tapped.out.length).toBeLessThan(200);
    }
  });
}

describe('glibc', () => suite('glibc'));
describeWith(['musl'], 'musl', () => suite('musl'));
