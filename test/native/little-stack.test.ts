/** A signal handler on a small alternate stack: what the library adds to a write has a bound, in docs/reference/coverage.md. */
import { describeWith } from '../support/capability.js';
import { type Libc, program } from '../support/native-programs.js';
import { runPlain, runTapped, type TapSettings, toSocket } from '../support/native-tap.js';
import { RingReceiver } from '../support/ring-receiver.js';
import { TapReceiver } from '../support/tap-receiver.js';

const BOUND_BYTES = 2304;
const LINES = 'from a handler\n'.repeat(3);

let socket: TapReceiver;
let ring: RingReceiver;
beforeEach(async () => {
  socket = await TapReceiver.start();
  ring = new RingReceiver().start();
});
afterEach(async () => {
  ring.close();
  await socket.close();
});

const TARGETS: Record<string, () => TapSettings> = {
  ring: () => ({ TAP_INTO: '3', TARGET: `ring:${ring.directory}` }),
  socket: () => toSocket(socket.socket),
};

/** glibc looks a function up at its first call, which alone takes more of the stack. */
const env = { LD_BIND_NOW: '1' };

function suite(libc: Libc): void {
  test('without the library, a quarter of the bound is enough', async () => {
    const { code, stdout } = await runPlain(program('little-stack', libc), [String(BOUND_BYTES / 4)], { env });
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: LINES });
  });

  test.each(['ring', 'socket'])('%s: also the first write of a process', async (target) => {
    const settings = TARGETS[target]!();
    const { code, signal, stdout } = await runTapped(program('little-stack', libc), [String(BOUND_BYTES)], {
      settings,
      env,
    });
    expect({ code, signal, stdout: stdout.toString() }).toEqual({ code: 0, signal: null, stdout: LINES });
    if (target === 'ring') await ring.settled();
    else await socket.settled();
    expect((target === 'ring' ? ring : socket).text('stdout')).toBe(LINES);
  });
}

describe('glibc', () => suite('glibc'));
describeWith(['musl'], 'musl', () => suite('musl'));
