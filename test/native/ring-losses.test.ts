/** A process notes its losses in its ring's header at once, so that they are counted however it ends. */
import { runTapped } from '../support/native-tap.js';
import { RingReceiver } from '../support/ring-receiver.js';

let receiver: RingReceiver;
afterEach(() => receiver?.close());

const KILL = 'os.kill(os.getpid(), signal.SIGKILL)';
const BIG = 'big = b"".join(b"line %d\\n" % i for i in range(20000))';

/** Each loses more than its ring has room for, and is gone before it writes again. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'one write': 'os.write(1, big)',
  'one write of many parts': 'os.writev(1, [big[i:i + 999] for i in range(0, len(big), 999)])',
  'writes of several threads': `
def some(part):
    for at in range(0, len(part), 5000): os.write(1, part[at:at + 5000])
threads = [threading.Thread(target=some, args=(big[i * 70000:(i + 1) * 70000],)) for i in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()`,
  'a signal handler that interrupts its program': `
signal.signal(signal.SIGALRM, lambda *_: os.write(1, big[:6000]))
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for _ in range(200): os.write(1, big[:3000])
signal.setitimer(signal.ITIMER_REAL, 0)`,
  'a child after fork': 'os.fork() or (os.write(1, big), os._exit(0)); os.wait(); os.write(1, big)',
};

test.each(Object.keys(PROGRAMS))('%s, then SIGKILL: written = handed over + counted', async (name) => {
  // Without a reader.
  receiver = new RingReceiver({ capacity: 64 * 1024 });
  const script = `import os, signal, threading\n${BIG}\n${PROGRAMS[name]}\n${KILL}`;
  const { signal, stdout } = await runTapped('python3', ['-c', script], {
    settings: { TAP_INTO: '1', TARGET: `ring:${receiver.directory}`, ON_FULL: 'pass' },
  });
  expect(signal).toBe('SIGKILL');
  receiver.read();
  const handed = receiver.processes().reduce((sum, process) => sum + process.bytes('stdout').length, 0);
  const lost = receiver.rings().reduce((sum, ring) => sum + Number(ring.lost.bytes), 0);
  expect(lost).toBeGreaterThan(0);
  expect(handed + lost).toBe(stdout.length);
});
