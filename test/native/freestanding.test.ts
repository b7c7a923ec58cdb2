/** The library as a file: what it asks of the program that loads it, which is nothing. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { toSocket, variables } from '../support/native-tap.js';
import { library, root, run, temporaryDirectory } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

const file = (architecture: string) => join(root, 'dist', 'native', architecture, 'liblogtap.so');
const readelf = (...args: string[]) => execFileSync('readelf', ['--wide', ...args], { encoding: 'utf8' });

describeWith(['aarch64'], 'liblogtap.so', () => {
  test.each(['x86_64', 'aarch64'])('%s needs no other library and no symbol', (architecture) => {
    const path = file(architecture);
    expect(readelf('--dynamic', path)).not.toContain('NEEDED');
    const undefinedSymbols = readelf('--dyn-syms', path)
      .split('\n')
      .filter((line) => / UND \S/.test(line))
      .map((line) => line.trim().split(/\s+/));
    // Columns: number, value, size, type, binding, visibility, section, name.
    expect(undefinedSymbols.map((columns) => `${columns[4]} ${columns[7]}`)).toEqual(['WEAK dl_iterate_phdr']);
  });

  test.each(['x86_64', 'aarch64'])('%s binds to no version of any libc', (architecture) => {
    expect(readelf('--version-info', file(architecture))).toContain('No version information found');
  });

  test.each(['x86_64', 'aarch64'])('%s has no writable code and no executable stack', (architecture) => {
    const segments = readelf('--program-headers', file(architecture));
    expect(segments).not.toMatch(/RWE/);
    expect(segments).toMatch(/GNU_RELRO/);
  });
});

describe('loading it', () => {
  let receiver: TapReceiver;
  beforeEach(async () => {
    receiver = await TapReceiver.start();
  });
  afterEach(() => receiver.close());

  test('LLT_DISABLE switches everything off', async () => {
    const settings = toSocket(receiver.socket, { SUPPRESS_STDOUT: 'true', DISABLE: 'true' });
    const { stdout } = await run('echo', ['as ever'], { env: { LD_PRELOAD: library, ...variables(settings) } });
    expect(stdout).toBe('as ever\n');
    expect(receiver.connectionCount).toBe(0);
  });

  test('without any setting it does nothing', async () => {
    const { code, stdout, stderr } = await run('echo', ['as ever'], { env: { LD_PRELOAD: library } });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'as ever\n', stderr: '' });
    expect(existsSync('/tmp/liblogtap.log')).toBe(false);
  });

  test('a static program runs untouched', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'static.c'), '#include <stdio.h>\nint main(void) { return puts("static") < 0; }\n');
    execFileSync('gcc', ['-static', '-o', join(directory, 'static'), join(directory, 'static.c')]);
    const settings = toSocket(receiver.socket, { SUPPRESS_STDOUT: 'true' });
    const { code, stdout } = await run(join(directory, 'static'), [], {
      env: { LD_PRELOAD: library, ...variables(settings) },
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'static\n' });
    expect(receiver.connectionCount).toBe(0);
  });

  test('its own messages come only when asked for, and on stderr', async () => {
    const settings = toSocket(receiver.socket, { DEBUG: 'true' });
    const { stdout, stderr } = await run('echo', ['x'], { env: { LD_PRELOAD: library, ...variables(settings) } });
    expect(stdout).toBe('x\n');
    expect(stderr).toMatch(/liblogtap\[\d+\]: connected/);
  });
});
