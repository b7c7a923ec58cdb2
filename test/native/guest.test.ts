/** The library is a guest: nothing of it is dangerous, and it says and does nothing unasked. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { toSocket, variables } from '../support/native-tap.js';
import { library, root, run } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

const file = (architecture: string) => join(root, 'dist', 'native', architecture, 'liblogtap.so');
const readelf = (...args: string[]) => execFileSync('readelf', ['--wide', ...args], { encoding: 'utf8' });

describeWith(['aarch64'], 'liblogtap.so', () => {
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
