/** Children in their parent's memory that speak before it does: it goes on as itself, and tells how it ends. */
import { join } from 'node:path';
import { EXIT_STATUS_KNOWN, FRAME_FLAGS } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { type Libc, program } from '../support/native-programs.js';
import { runPlain, runTapped, toSocket } from '../support/native-tap.js';
import { root } from '../support/run.js';
import { decodeFrames, TapReceiver } from '../support/tap-receiver.js';

let receiver: TapReceiver;
beforeEach(async () => {
  receiver = await TapReceiver.start();
});
afterEach(() => receiver.close());

const WAYS = ['clone', 'clone with a thread id', 'clone with descriptors', 'vfork'];
const parent = Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join('');

function suite(libc: Libc): void {
  test.each(WAYS.flatMap((way) => ['tee', 'suppress'].map((mode) => ({ way, mode }))))('$way, $mode', async (cell) => {
    const args = [cell.way];
    const plain = await runPlain(program('shared-memory', libc), args);
    expect([plain.code, plain.stdout.toString()]).toEqual([5, `child\n${parent}`]);
    const settings = toSocket(receiver.socket, { SUPPRESS_STDOUT: String(cell.mode === 'suppress') });
    const tapped = await runTapped(program('shared-memory', libc), args, { settings });
    expect([tapped.code, tapped.stdout.toString()]).toEqual([5, cell.mode === 'suppress' ? '' : `child\n${parent}`]);
    await receiver.settled();
    expect(receiver.text('stdout')).toBe(`child\n${parent}`);
    const ends = receiver.raw().flatMap((bytes) => decodeFrames(bytes).frames);
    const statuses = ends.filter(({ type, flags }) => type === 'LOST' && (flags & FRAME_FLAGS.ENDS.value) !== 0);
    expect(statuses.map(({ seq }) => Number(seq))).toEqual([EXIT_STATUS_KNOWN + 5]);
  });
}

describe('glibc', () => suite('glibc'));
describeWith(['musl'], 'musl', () => suite('musl'));

// The emulator makes a child with a memory of its own of each: the hooks are run, the sharing is not.
describeWith(['aarch64'], 'aarch64 under qemu', () => {
  test.each(['clone', 'vfork'])('%s', async (way) => {
    const preload = join(root, 'dist', 'native', 'aarch64', 'liblogtap.so');
    const args = ['-L', '/usr/aarch64-linux-gnu', program('shared-memory', 'aarch64 glibc'), way];
    const settings = toSocket(receiver.socket);
    const { code, stdout } = await runTapped('qemu-aarch64-static', args, { settings, preload });
    expect([code, stdout.toString()]).toEqual([5, `child\n${parent}`]);
    await receiver.settled();
    expect(receiver.text('stdout')).toBe(`child\n${parent}`);
  });
});
