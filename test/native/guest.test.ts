/** The library is a guest: nothing of it is dangerous, and it says and does nothing unasked. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runTapped, type TapSettings, toSocket, variables } from '../support/native-tap.js';
import { library, run, temporaryDirectory } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

/** A program that is tapped into a file in raw format, as its users of old have it. */
async function tapped(command: string, settings: TapSettings = {}) {
  const target = join(temporaryDirectory(), 'raw');
  const outcome = await runTapped('sh', ['-c', command], {
    settings: { TAP_INTO: '3', TARGET: `file:${target}`, ...settings },
    env: { TARGET: target },
  });
  return { ...outcome, stdout: outcome.stdout.toString(), target };
}

describe('loading it', () => {
  let receiver: TapReceiver;
  beforeEach(async () => {
    receiver = await TapReceiver.start();
  });
  afterEach(() => receiver.close());

  test('without any setting it does nothing', async () => {
    const { code, stdout, stderr } = await run('echo', ['as ever'], { env: { LD_PRELOAD: library } });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'as ever\n', stderr: '' });
    expect(existsSync('/tmp/liblogtap.log')).toBe(false);
  });

  test('its own messages come only when asked for, and on stderr', async () => {
    const settings = toSocket(receiver.socket, { DEBUG: 'true' });
    const { stdout, stderr } = await run('echo', ['x'], { env: { LD_PRELOAD: library, ...variables(settings) } });
    expect(stdout).toBe('x\n');
    expect(stderr).toMatch(/liblogtap\[\d+\]: connected/);
  });
});

describe('a target that is a file', () => {
  test.each([
    ['opened by name', 'cat "$TARGET"'],
    ['standard input', 'cat <"$TARGET"'],
  ])('read by a tapped program does not feed itself: %s', async (_, read) => {
    const { code, stdout, target } = await tapped(`seq 1000; ${read}; echo end`);
    const numbers = Array.from({ length: 1000 }, (_, i) => `${i + 1}\n`).join('');
    expect(code).toBe(0);
    expect(stdout).toBe(`${numbers}${numbers}end\n`);
    expect(readFileSync(target, 'utf8')).toBe(`${numbers}end\n`);
  });

  test('read by a program that closes it before it writes its last: ends all the same', async () => {
    const { code, stdout, target } = await tapped('seq 100000; sed -n p "$TARGET"');
    expect({ code, lines: stdout.split('\n').length - 1 }).toEqual({ code: 0, lines: 200_000 });
    expect(readFileSync(target, 'utf8').split('\n').length).toBeLessThan(110_000);
  });

  test.each(['raw', 'frame'])('that may not grow does not end the program, %s', async (format) => {
    const { code, signal, stdout, target } = await tapped(
      // What the limit leaves room for is handed over; the kernel would raise SIGXFSZ for the rest.
      `ulimit -f 1; exec perl -e '$| = 1; print "x" x 99, "\n" for 1 .. 1000'`,
      { FORMAT: format },
    );
    expect({ code, signal, bytes: stdout.length }).toEqual({ code: 0, signal: null, bytes: 100_000 });
    if (format === 'raw') expect(statSync(target).size).toBeGreaterThan(400);
  });
});
