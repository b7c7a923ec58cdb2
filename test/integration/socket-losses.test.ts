/**
 * Processes that write to a socket, and end when no shipper listens: what they could not hand over is counted all the same, once, from
 * the page of losses beside the socket.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LIBRARY_NAME, SOCKET_LOSSES_SUFFIX } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import {
  countsOf as countsIn,
  KILL,
  kill,
  LINES,
  lostLines,
  originalLines,
  UNPRIVILEGED,
  WRITE,
} from '../support/losing-writers.js';
import { library, temporaryDirectory, until } from '../support/run.js';
import { type Shipper, startShipper } from '../support/tapped.js';

const IMPORT = 'import os, resource, signal, socket, time\n';

let run: string;
let socket: string;
let output: string;
beforeEach(() => {
  const directory = temporaryDirectory();
  // For every user.
  chmodSync(directory, 0o755);
  copyFileSync(library, join(directory, LIBRARY_NAME));
  run = join(directory, 'run');
  mkdirSync(run);
  socket = join(run, 'a.sock');
  output = join(directory, 'out.ndjson');
});

const startOne = () => startShipper({ LOGTAP_SOCKET: socket, LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: output });

const linesOf = (command: string, args: readonly string[], { uid }: { uid?: number } = {}) =>
  originalLines([command, ...args], { library: join(run, '..', LIBRARY_NAME), target: `socket:${socket}`, uid });
const python = (script: string, options?: { uid?: number }) => linesOf('python3', ['-c', IMPORT + script], options);
const countsOf = (shipper: Shipper) => countsIn(shipper, output);

test.each([
  ['ends', ''],
  ['is killed', KILL],
  ['calls _exit', 'os._exit(3)'],
  ['becomes another program', 'os.execv("/bin/true", ["true"])'],
  ['leaves the rest to a child', `if os.fork(): os.wait(); ${KILL}\nos.write(1, b"of the child\\n")\n${KILL}`],
])('a process that %s before a shipper listens', async (_, end) => {
  const original = await python(WRITE + end);
  expect(original).toBeGreaterThanOrEqual(LINES);
  expect(await countsOf(await startOne())).toEqual({ lost: lostLines(original), delivered: 0 });
});

test('processes between two shippers, counted once by all later ones', async () => {
  await kill(await startOne());
  let original = await linesOf('bash', ['-c', `for i in {1..${LINES}}; do echo line $i; done`]);
  original += await python(WRITE);
  const second = await startOne();
  await until('the second shipper has counted', () => second.stderr().includes('could not hand over'));
  await kill(second);
  expect(original).toBe(2 * LINES);
  expect(await countsOf(await startOne())).toEqual({ lost: lostLines(original), delivered: 0 });
  // The last line has reported them.
  expect((await countsOf(await startOne())).lost).toEqual({});
});

test('a process that connects later tells the same total again, and no line counts twice', async () => {
  const connected = `time.sleep(1.5)\nos.write(1, b"later\\n")\n`;
  const script = `${WRITE}
while not os.path.exists("${socket}"): time.sleep(0.01)
${connected}${connected}${connected}`;
  const ended = python(script);
  await until('the process has lost its lines', () => existsSync(`${socket}${SOCKET_LOSSES_SUFFIX}`));
  const shipper = await startOne();
  const original = await ended;
  expect(original).toBe(LINES);
  expect(await countsOf(shipper)).toEqual({ lost: lostLines(LINES), delivered: 3 });
});

test('a process that is killed while the shipper reads nothing', async () => {
  const shipper = await startOne();
  shipper.child.kill('SIGSTOP');
  const write = `big = b"x" * 999 + b"\\n"\nfor i in range(20000): os.write(1, big)\n${KILL}`;
  const original = await python(write);
  expect(original).toBeGreaterThan(LINES);
  shipper.child.kill('SIGCONT');
  expect(await countsOf(shipper)).toEqual({ lost: lostLines(original), delivered: 20_000 - original });
});

test('more processes than the page has names', async () => {
  const script = 'for i in $(seq 200); do /bin/echo line $i; done; kill -9 $$';
  expect(await linesOf('sh', ['-c', script])).toBe(200);
  expect(await countsOf(await startOne())).toEqual({ lost: lostLines(200), delivered: 0 });
});

test('without a loss there is no page, and a shipper leaves one', async () => {
  await python('pass');
  expect(existsSync(`${socket}${SOCKET_LOSSES_SUFFIX}`)).toBe(false);
  await kill(await startOne());
  expect(statSync(`${socket}${SOCKET_LOSSES_SUFFIX}`).mode & 0o777).toBe(0o666);
});

describeWith(['root'], 'processes of other users', () => {
  test('find a page of the shipper, though they cannot write in its directory', async () => {
    await kill(await startOne());
    const original = await python(WRITE, { uid: UNPRIVILEGED });
    expect(original).toBe(LINES);
    expect(await countsOf(await startOne())).toEqual({ lost: lostLines(LINES), delivered: 0 });
  });

  test('a page that the first one made is made theirs by the shipper', async () => {
    chmodSync(run, 0o777);
    expect(await python(WRITE, { uid: UNPRIVILEGED })).toBe(LINES);
    const shipper = await startOne();
    await kill(shipper);
    expect(await python(WRITE, { uid: UNPRIVILEGED - 1 })).toBe(LINES);
    expect(await countsOf(await startOne())).toEqual({ lost: lostLines(2 * LINES), delivered: 0 });
  });

  test('a child with another root stores in the page of its parent', async () => {
    await kill(await startOne());
    const confine = `os.chroot("/proc/self/fdinfo")\nif os.fork(): os.wait(); os._exit(0)\n`;
    expect(await python(`${confine}${WRITE}${KILL}`)).toBe(LINES);
    expect(await countsOf(await startOne())).toEqual({ lost: lostLines(LINES), delivered: 0 });
  });
});
