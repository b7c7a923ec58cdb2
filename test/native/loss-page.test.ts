/** A process without a ring stores its losses in the page beside the rings, at once, under every C library. */
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIBRARY_NAME, LOSS_PAGE_BYTES, LOSS_PAGE_MAGIC, RING_NAMES } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { lossSlots, sumBesideSocket, sumOfSlots, volumeWithoutRoom } from '../support/loss-page.js';
import { program } from '../support/native-programs.js';
import { type Outcome, runTapped, type TapOptions, toSocket } from '../support/native-tap.js';
import { library, root, temporaryDirectory } from '../support/run.js';

const ends = (bytes: Buffer) => BigInt(bytes.filter((byte) => byte === 10).length);

type Run = (command: string, args: readonly string[], options?: TapOptions) => Promise<Outcome>;

function underEachLibc(
  run: Run,
  suite: (run: (name: string, args: readonly string[]) => Promise<Outcome>) => void,
): void {
  describe('glibc', () => suite((name, args) => run(program(name), args)));
  describeWith(['musl'], 'musl', () => suite((name, args) => run(program(name, 'musl'), args)));
  describeWith(['aarch64'], 'aarch64', () =>
    suite((name, args) =>
      run('qemu-aarch64-static', ['-L', '/usr/aarch64-linux-gnu', program(name, 'aarch64 glibc'), ...args], {
        preload: join(root, 'dist', 'native', 'aarch64', LIBRARY_NAME),
      }),
    ),
  );
}

describeWith(['root'], 'a volume without room for a ring', () => {
  const volume = volumeWithoutRoom();
  const run = (command: string, args: readonly string[], options: TapOptions = {}) =>
    runTapped(command, args, {
      ...options,
      settings: { TAP_INTO: '1', TARGET: `ring:${volume.rings}`, SUPPRESS_STDOUT: 'true' },
    });
  const expectCounted = ({ stdout }: Outcome) => {
    expect(stdout.length).toBeGreaterThan(0);
    expect(sumOfSlots(volume.rings)).toEqual({ lines: ends(stdout), bytes: BigInt(stdout.length) });
  };

  underEachLibc(run, (run) => {
    test('a program', async () => {
      expectCounted(await run('lines', ['3000']));
      const [shared, own, ...others] = lossSlots(volume.rings);
      expect([shared?.lines, own?.magic, others]).toEqual([0n, 0n, []]);
    });
    test('a program with children, each of which has its own slot', async () => {
      expectCounted(await run('family', ['3', '50']));
      expect(lossSlots(volume.rings).length).toBeGreaterThan(4);
    });
  });

  test('the first of many processes makes the page, for every user, and leaves nothing else', async () => {
    const script =
      'umask 077; for i in {1..40}; do setpriv --reuid=$((1000 + i % 4)) --clear-groups echo $i & done; wait';
    // Wherever the tree is, other users can read this.
    const preload = join(volume.rings, '../..', LIBRARY_NAME);
    copyFileSync(library, preload);
    expectCounted(await run('bash', ['-c', script], { preload }));
    const { size, mode } = statSync(join(volume.rings, RING_NAMES.LOSSES));
    expect([size, mode & 0o777]).toEqual([LOSS_PAGE_BYTES, 0o666]);
    expect(readdirSync(volume.rings).filter((name) => name !== RING_NAMES.BELL)).toEqual([RING_NAMES.LOSSES]);
    const [shared] = lossSlots(volume.rings);
    expect(shared?.magic).toBe(Buffer.from(LOSS_PAGE_MAGIC).readBigUInt64LE());
  });

  test('more processes than slots: the first slot has what the others have no room for', async () => {
    expectCounted(await run('bash', ['-c', 'for i in {1..200}; do (echo $i; echo more); done']));
    const [shared, ...named] = lossSlots(volume.rings);
    expect(named.length).toBe(127);
    expect(shared?.lines).toBe(2n * 200n - 2n * 127n);
  });

  test.each([
    ['short', Buffer.alloc(LOSS_PAGE_BYTES - 1)],
    ['without the magic', Buffer.alloc(LOSS_PAGE_BYTES)],
  ])('a page that is %s is not touched', async (_, content) => {
    await run(program('lines'), ['1']);
    const page = join(volume.rings, RING_NAMES.LOSSES);
    writeFileSync(page, content);
    const { code, stdout } = await run(program('lines'), ['3000']);
    expect([code, ends(stdout)]).toEqual([0, 3000n]);
    expect(readFileSync(page).equals(content)).toBe(true);
  });
});

describe('a socket on which no shipper listens', () => {
  let socket: string;
  beforeEach(() => {
    socket = join(temporaryDirectory(), 'a.sock');
  });
  const run = (command: string, args: readonly string[], options: TapOptions & { format?: string } = {}) =>
    runTapped(command, args, {
      ...options,
      settings: { ...toSocket(socket), FORMAT: options.format ?? 'frame', SUPPRESS_STDOUT: 'true', TAP_INTO: '1' },
    });
  const expectCounted = ({ code, stdout }: Outcome) => {
    expect([code, stdout.length > 0]).toEqual([0, true]);
    expect(sumBesideSocket(socket)).toEqual({ lines: ends(stdout), bytes: BigInt(stdout.length) });
  };

  underEachLibc(run, (run) => {
    test('a program', async () => expectCounted(await run('lines', ['3000'])));
    test('a program with children, each of which has its own slot', async () => {
      expectCounted(await run('family', ['3', '50']));
    });
  });

  test('more processes than slots: the first slot has what the others have no room for', async () => {
    expectCounted(await run('bash', ['-c', 'for i in {1..200}; do (echo $i; echo more); done']));
  });

  test('a reader that knows no frames gets no page beside its socket', async () => {
    await run(program('lines'), ['3000'], { format: 'raw' });
    expect(existsSync(`${socket}.losses`)).toBe(false);
  });
});
