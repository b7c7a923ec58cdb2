/** Every DATA frame carries a tag of the thread that wrote it: one per thread, another for each that lives beside it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { program } from '../support/native-programs.js';
import { runTapped, type TapOptions, toSocket } from '../support/native-tap.js';
import { RingReceiver } from '../support/ring-receiver.js';
import { root, temporaryDirectory } from '../support/run.js';
import { type Frame, readProcesses, type TappedProcess, TapReceiver } from '../support/tap-receiver.js';

const THREADS = 8;
const LINES = 200;
const ARGS = [String(THREADS), String(LINES)];
const NAMES = ['main', ...Array.from({ length: THREADS }, (_, i) => `thread ${i}`)];

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const receiver of open.splice(0)) await receiver.close();
});

function opened<Receiver extends { close(): Promise<void> }>(receiver: Receiver): Receiver {
  open.push(receiver);
  return receiver;
}

/** Tags by the name at the beginning of a write, and of the frames of one write. */
function tagsOf({ data }: TappedProcess): Map<string, Set<number>> {
  const tags = new Map<string, Set<number>>();
  let name = '';
  let before: Frame | undefined;
  for (const frame of data) {
    if (before?.flags !== 1) name = frame.payload.toString('latin1', 0, frame.payload.indexOf(':'));
    tags.set(name, (tags.get(name) ?? new Set()).add(frame.thread));
    before = frame;
  }
  return tags;
}

function expectTags(processes: readonly TappedProcess[]): void {
  expect(processes).toHaveLength(2);
  const [parent, child] = processes[0]!.data.length > 1 ? processes : [processes[1], processes[0]];
  expect(parent!.lost.bytes).toBe(0n);
  expect(parent!.data).toHaveLength(3 + THREADS * (LINES + 2));
  const tags = tagsOf(parent!);
  expect([...tags.keys()].sort()).toEqual(NAMES);
  const all = [...tags.values()].map((each) => [...each]);
  expect(all.map((each) => each.length)).toEqual(NAMES.map(() => 1));
  expect(all.flat()).not.toContain(0);
  // Sixteen bits: one pair in 32768 may share a tag, two pairs at once do not.
  expect(new Set(all.flat()).size).toBeGreaterThanOrEqual(NAMES.length - 1);
  expect(child!.data.map(({ thread }) => thread)).not.toContain(0);
}

describeWith(['musl'], 'tags of threads', () => {
  test.each(['glibc', 'musl'] as const)('over a socket, %s', async (libc) => {
    const receiver = opened(await TapReceiver.start());
    const settings = toSocket(receiver.socket, { ON_FULL: 'block:10000' });
    expect((await runTapped(program('thread-tags', libc), ARGS, { settings })).code).toBe(0);
    await receiver.settled();
    expectTags(receiver.processes());
  });

  test.each(['glibc', 'musl'] as const)('in a ring, %s', async (libc) => {
    const receiver = opened(new RingReceiver()).start();
    const settings = { TAP_INTO: '3', TARGET: `ring:${receiver.directory}`, ON_FULL: 'block:10000' };
    expect((await runTapped(program('thread-tags', libc), ARGS, { settings })).code).toBe(0);
    await receiver.settled();
    expectTags(receiver.processes());
  });

  test.each(['glibc', 'musl'] as const)('in a file of frames, %s', async (libc) => {
    const directory = temporaryDirectory();
    const settings = { TAP_INTO: '3', TARGET: `file:${join(directory, 'frames')}`, FORMAT: 'frame' };
    expect((await runTapped(program('thread-tags', libc), ARGS, { settings })).code).toBe(0);
    expectTags(readProcesses(readdirSync(directory).map((name) => readFileSync(join(directory, name)))));
  });
});

test('a frame that a signal handler writes within a write of its thread keeps the tag of that thread', async () => {
  const receiver = opened(new RingReceiver()).start();
  const settings = { TAP_INTO: '1', TARGET: `ring:${receiver.directory}`, ON_FULL: 'block:10000' };
  // One thread beside the main one, which waits: the handler interrupts either, hundreds of times.
  expect((await runTapped(program('threads'), ['1', '60000'], { settings })).code).toBe(0);
  await receiver.settled();
  const [{ data }] = receiver.processes() as [TappedProcess];
  const written = (begin: string) => data.filter(({ payload }) => payload.toString('latin1').startsWith(begin));
  const [worker, ...others] = new Set(written('thread').map(({ thread }) => thread));
  expect(others).toEqual([]);
  const bells = new Set(written('bell').map(({ thread }) => thread));
  expect(bells.size).toBeGreaterThan(0);
  bells.delete(worker!);
  expect(bells.size).toBeLessThanOrEqual(1);
  expect(bells).not.toContain(0);
});

describeWith(['aarch64'], 'tags of threads on aarch64', () => {
  test('over a socket', async () => {
    const receiver = opened(await TapReceiver.start());
    const options: TapOptions = {
      preload: join(root, 'dist', 'native', 'aarch64', 'liblogtap.so'),
      settings: toSocket(receiver.socket, { ON_FULL: 'block:10000' }),
    };
    const emulated = ['-L', '/usr/aarch64-linux-gnu', program('thread-tags', 'aarch64 glibc'), ...ARGS];
    expect((await runTapped('qemu-aarch64-static', emulated, options)).code).toBe(0);
    await receiver.settled();
    expectTags(receiver.processes().filter(({ data }) => data.length > 0));
  });
});
