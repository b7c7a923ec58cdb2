/**
 * Programs that their user may execute but not read (mode 0711). The kernel closes most of /proc/self to them, so the
 * library finds its settings elsewhere; all else is as for any program.
 */
import { chmodSync, copyFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { STDIO_PLACEHOLDER } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { type Libc, program } from '../support/native-programs.js';
import { type TapSettings, toSocket, variables } from '../support/native-tap.js';
import { library, run, temporaryDirectory } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

/** setpriv would keep its capabilities up to the start of the program, which is what the kernel looks at. */
const NOBODY = { uid: 65534, gid: 65534 };
const IDENTITY = /^LLT_STDIO=([0-9a-f]{16}:){3}[0-9a-f]{16}$/m;
/** More than the library keeps room for without a map of its own. */
const LARGE = { LARGE: 'x'.repeat(100_000) };

let receiver: TapReceiver;
let directory: string;
beforeEach(async () => {
  receiver = await TapReceiver.start();
  chmodSync(receiver.socket, 0o777);
  chmodSync(dirname(receiver.socket), 0o755);
  directory = temporaryDirectory();
  chmodSync(directory, 0o755);
  copyFileSync(library, join(directory, 'liblogtap.so'));
});
afterEach(() => receiver.close());

/** A copy that other users may execute only. */
function executeOnly(path: string, mode = 0o711): string {
  const copy = join(directory, 'app');
  copyFileSync(path, copy);
  chmodSync(copy, mode);
  return copy;
}

/** Runs it under the library as another user; answers what it wrote and what was captured of that. */
async function runAsNobody(
  [command, ...args]: readonly [string, ...string[]],
  { env = {}, ...settings }: TapSettings & { readonly env?: Record<string, string> } = {},
) {
  const { code, stdout, stderr } = await run(command, args, {
    ...NOBODY,
    env: {
      LD_PRELOAD: join(directory, 'liblogtap.so'),
      ...variables(toSocket(receiver.socket, { ON_FULL: 'block:5000', ...settings })),
      ...env,
    },
  });
  await receiver.settled();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return { written: stdout, captured: receiver.text('stdout') };
}

function suite(libc: Libc): void {
  test('what it writes is captured, under its name', async () => {
    const { written, captured } = await runAsNobody([executeOnly(program('lines', libc)), '20']);
    expect(written.split('\n')).toHaveLength(21);
    expect(captured).toBe(written);
    const [{ hello } = { hello: undefined }] = receiver.processes();
    expect(hello?.process).toBe('app');
    expect(hello?.startTicks).toBeGreaterThan(0n);
  });

  test('also with an environment of 100 kB', async () => {
    const { written, captured } = await runAsNobody([executeOnly(program('lines', libc)), '20'], { env: LARGE });
    expect(captured).toBe(written);
  });

  test('its settings hold: suppression, and switched off', async () => {
    const app = executeOnly(program('lines', libc));
    const suppressed = await runAsNobody([app, '3'], { SUPPRESS_STDOUT: 'true' });
    expect(suppressed.written).toBe('');
    expect(suppressed.captured).toMatch(/^(line \d of a program that ends at once\n){3}$/);
    const off = await runAsNobody([app, '3'], { DISABLE: 'true' });
    expect(off).toEqual({ written: suppressed.captured, captured: suppressed.captured });
  });

  test.each<[string, Record<string, string>]>([
    ['small', {}],
    ['large', LARGE],
  ])('its own environment is %s: a child that it gives none gets the settings and the streams', async (_, env) => {
    const starts = program('starts', libc);
    const print = join(directory, 'print');
    copyFileSync(starts, print);
    chmodSync(print, 0o755);
    const app = executeOnly(starts);
    const { written, captured } = await runAsNobody([app, 'execve', 'empty', print, 'print'], {
      STDIO: STDIO_PLACEHOLDER,
      env,
    });
    expect(written).toMatch(IDENTITY);
    expect(captured).toBe(written);
  });
}

describeWith(['root'], 'a program that may be executed only', () => {
  test('the kernel keeps its environment from it', async () => {
    const app = executeOnly('/bin/cat');
    const { code, stderr } = await run(app, ['/proc/self/environ'], NOBODY);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('denied') });
  });
  suite('glibc');

  test('a shell and those that it forks and starts', async () => {
    const app = executeOnly('/bin/sh');
    const { written, captured } = await runAsNobody([
      app,
      '-c',
      'echo one; (echo two); /bin/echo three; seq 9 | tail -1',
    ]);
    expect(written).toBe('one\ntwo\nthree\n9\n');
    expect(captured.split('\n').sort()).toEqual(written.split('\n').sort());
  });

  test('a child that is not tapped sees that the streams are known', async () => {
    const app = executeOnly('/bin/sh');
    const { written } = await runAsNobody([app, '-c', 'echo; LLT_DISABLE=true env'], { STDIO: STDIO_PLACEHOLDER });
    expect(written).toMatch(IDENTITY);
  });
});

describeWith(['root', 'musl'], 'a program for musl that may be executed only', () => suite('musl'));
