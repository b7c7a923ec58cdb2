/** What libc opens, closes and replaces by itself, past every hook of open, close and dup2. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Libc, program } from '../support/native-programs.js';
import { runTapped, toSocket } from '../support/native-tap.js';
import { temporaryDirectory } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

let receiver: TapReceiver;
beforeEach(async () => {
  receiver = await TapReceiver.start();
});
afterEach(() => receiver.close());

const lines = Array.from({ length: 50 }, (_, i) => `line ${i}\n`).join('');

describe.each<Libc>(['glibc', 'musl'])('%s', (libc) => {
  test.each(['mkstemp', 'mkostemp', 'mkstemps', 'mkostemps'])(
    'a log made by %s after popen and pclose',
    async (way) => {
      const directory = temporaryDirectory();
      const settings = toSocket(receiver.socket, { TAP_FILE: join(directory, 'app-*') });
      const { code } = await runTapped(program('inside-libc', libc), [way, directory], { settings });
      expect(code).toBe(0);
      await receiver.settled();
      const [name = ''] = readdirSync(directory);
      expect(readFileSync(join(directory, name), 'utf8')).toBe(lines);
      expect(receiver.text(join(directory, name))).toBe(lines);
    },
  );

  // The next descriptor gets the number of stdout: a connection, whose bytes would be captured, or swallowed.
  test.each(['tee', 'suppress'])('stdout closed by a freopen that opens nothing, %s', async (mode) => {
    const settings = toSocket(receiver.socket, { SUPPRESS_STDOUT: String(mode === 'suppress') });
    const { code, stdout } = await runTapped(program('inside-libc', libc), ['freopen'], { settings });
    const all = `begins\n${lines}`;
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: mode === 'suppress' ? '' : all });
    await receiver.settled();
    expect(receiver.text('stdout')).toBe(all);
  });

  test.each(['forkpty', 'login_tty'])('the terminal of %s is not the container: its lines come once', async (way) => {
    const settings = toSocket(receiver.socket);
    const { code, stdout } = await runTapped(program('inside-libc', libc), [way], { settings });
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: `begins\n${lines}` });
    await receiver.settled();
    expect(receiver.text('stdout')).toBe(`begins\n${lines}`);
  });
});
