/** A library that fakes the clock for the program (libfaketime): the tap goes by the true one. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { COMPILERS, type Libc, program } from '../support/native-programs.js';
import { runTapped, toSocket } from '../support/native-tap.js';
import { library, root, temporaryDirectory } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

function suite(libc: Libc): void {
  let preload: string;
  beforeAll(() => {
    const fake = join(temporaryDirectory(), 'fake-clock.so');
    const source = join(root, 'test', 'native', 'programs', 'fake-clock.c');
    execFileSync(COMPILERS[libc], ['-std=gnu11', '-Wall', '-Werror', '-shared', '-fPIC', '-o', fake, source]);
    preload = `${library}:${fake}`;
  });

  test('a shipper that comes late is found, and records have the time of day', async () => {
    const socket = join(temporaryDirectory(), 'tap.sock');
    const start = BigInt(Date.now()) * 1_000_000n;
    const running = runTapped(program('over-time', libc), ['150'], { settings: toSocket(socket), preload });
    await new Promise((settle) => setTimeout(settle, 300));
    const receiver = await TapReceiver.start({ socket });
    const { code, stdout } = await running;
    await receiver.settled();
    const lines = stdout.toString().split('\n');
    // The program is fooled, so the clock is faked.
    expect({ code, last: lines.at(-2) }).toEqual({ code: 0, last: 'line 150 in 978307200' });
    const captured = receiver.text('stdout').split('\n').slice(0, -1);
    expect(captured.length).toBeGreaterThan(10);
    expect(captured).toEqual(lines.slice(-1 - captured.length, -1));
    for (const { timeNs } of receiver.processes().flatMap(({ data }) => data)) expect(timeNs).toBeGreaterThan(start);
    await receiver.close();
  });

  test('a target that takes nothing holds a write up for as long as was set', async () => {
    const receiver = await TapReceiver.start({ paused: true });
    const { code, stdout } = await runTapped(program('lines', libc), ['220000'], {
      settings: toSocket(receiver.socket, { ON_FULL: 'block:2' }),
      preload,
    });
    await receiver.close();
    expect({ code, isAllThere: stdout.toString().split('\n').length > 220_000 }).toEqual({ code: 0, isAllThere: true });
  });

  test('a tap that looks on at first looks in after that time', async () => {
    const receiver = await TapReceiver.start();
    const settings = toSocket(receiver.socket, { PASSIVE_ON_START: '800' });
    const { code } = await runTapped(program('over-time', libc), ['80'], { settings, preload });
    await receiver.settled();
    expect(code).toBe(0);
    expect(receiver.text('stdout')).toMatch(/line 80 in 978307200\n$/);
    expect(receiver.text('stdout')).not.toMatch(/line 1 in/);
    await receiver.close();
  });
}

describe('glibc', () => suite('glibc'));
describeWith(['musl'], 'musl', () => suite('musl'));
