/** Connections beyond what the process's descriptors bear: no line is lost, delivery goes on, and probes are answered. */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/free-port.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import { descriptorShares } from '../../src/shipper/process/descriptor-limit.js';
import { data, hello, magic } from '../support/frames.js';
import { run, temporaryDirectory, until } from '../support/run.js';
import { drain, type Shipper, startShipper, tapEnvironment } from '../support/tapped.js';

const LIMIT = 128;
const limited = ['prlimit', `--nofile=${LIMIT}:${LIMIT}`, '--'];
const { connections, statusConnections } = descriptorShares(LIMIT);

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
async function open(to: string | number): Promise<Socket> {
  const socket = typeof to === 'string' ? connect(to) : connect(to, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}
const descriptors = ({ child }: Shipper) => readdirSync(`/proc/${child.pid}/fd`).length;
const messages = (stdout: string) =>
  stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).message as string);

test('more processes than there is room for: every line arrives, with descriptors to spare', async () => {
  const shipper = await startShipper({}, limited);
  const peers = 3 * connections;
  for (let i = 0; i < peers; i++) {
    const frames = [magic, hello({ instance: BigInt(i + 1) }), data(1, 1n, `line ${i}\n`)];
    (await open(shipper.socket)).write(Buffer.concat(frames));
  }
  const expected = Array.from({ length: peers }, (__, i) => `line ${i}`).sort();
  await until('every line is out', () => messages(shipper.stdout()).length >= peers);
  expect(descriptors(shipper)).toBeLessThan(LIMIT - 32);
  for (const socket of sockets) socket.destroy();
  const { stdout, stderr } = await drain(shipper);
  expect(messages(stdout).sort()).toEqual(expected);
  expect(stderr).toContain(`more than ${connections} connections`);
});

test('tapped processes that share too few connections go on over others: every line arrives, or is counted', async () => {
  const shipper = await startShipper({}, limited);
  const count = 2 * connections;
  // All are there before any goes on, however slowly a busy machine starts them. Then they write in turn.
  const gate = join(temporaryDirectory(), 'all-are-there');
  const script = `echo "$0 1"; until test -e ${gate}; do sleep 0.1; done; for i in 2 3 4 5; do echo "$0 $i"; sleep 0.2; done`;
  const runs = Array.from({ length: count }, (_, i) =>
    run('sh', ['-c', script, String(i)], { env: tapEnvironment(shipper.socket) }),
  );
  await until('every process has written', () => messages(shipper.stdout()).length === count);
  writeFileSync(gate, '');
  expect((await Promise.all(runs)).every(({ code }) => code === 0)).toBe(true);
  const { stdout, stderr } = await drain(shipper);
  const lines = messages(stdout);
  // A line that is written at the moment in which its connection is closed is in the kernel, and counted.
  const { application = {} } = JSON.parse(stderr.trim().split('\n').at(-1)!).dropped;
  expect(new Set(lines).size).toBe(lines.length);
  expect(lines.length + (application.connection_closed ?? 0)).toBe(count * 5);
  expect(lines.length).toBeGreaterThan(count * 5 - 10);
  expect(stderr).toContain(`more than ${connections} connections`);
});

test('silent peers give way to one that has something to say', async () => {
  const shipper = await startShipper({}, limited);
  for (let i = 0; i < 2 * connections; i++) await open(shipper.socket);
  await sleep(1100);
  const peer = await open(shipper.socket);
  // Not closed at once: what it writes a while later arrives over the same connection.
  for (const line of ['one', 'two']) {
    await sleep(200);
    peer.write(`${line}\n`);
  }
  await until('both lines are out', () => messages(shipper.stdout()).length === 2);
  expect(peer.destroyed).toBe(false);
  for (const socket of sockets) socket.destroy();
  expect(messages((await drain(shipper)).stdout)).toEqual(['one', 'two']);
});

test.each([
  ['silent', ''],
  ['in the middle of a request', 'GET /metrics HTTP/1.1\r\n'],
  ['that keep their connection', 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n'],
])('askers at the status port, %s: a probe is answered, lines arrive', async (_, bytes) => {
  const port = await freePort();
  const shipper = await startShipper({ LOGTAP_STATUS_HOST: '127.0.0.1', LOGTAP_STATUS_PORT: String(port) }, limited);
  for (let i = 0; i < LIMIT + 20; i++) (await open(port)).write(bytes);
  expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
  await until('surplus connections are closed', () => descriptors(shipper) <= 40 + statusConnections);
  (await open(shipper.socket)).end('line\n');
  await until('the line is out', () => messages(shipper.stdout()).length === 1);
  for (const socket of sockets) socket.destroy();
  expect((await drain(shipper)).stderr).toContain('connections to the status port');
});

test('one who connects to the status port and says nothing does not stay', async () => {
  const port = await freePort();
  const shipper = await startShipper({ LOGTAP_STATUS_HOST: '127.0.0.1', LOGTAP_STATUS_PORT: String(port) });
  const silent = await open(port);
  await once(silent, 'close');
  await drain(shipper);
});

test('without a descriptor for a while rings are read later: the shipper goes on, and no line is lost', async () => {
  const rings = mkdtempSync('/dev/shm/logtap-rings-');
  const shipper = await startShipper({ LOGTAP_RING_DIR: rings });
  const limit = (descriptors: string) =>
    run('prlimit', ['--pid', String(shipper.child.pid), `--nofile=${descriptors}`]);
  const write = (text: string) =>
    run('sh', ['-c', `for i in $(seq 50); do echo "${text} $i"; done`], {
      env: { ...tapEnvironment(shipper.socket), [LIBRARY_ENV.TARGET.name]: `ring:${rings}` },
    });
  await write('before');
  await until('the first lines are out', () => messages(shipper.stdout()).length === 50);
  // Fewer than are open: none can be opened.
  await limit('16:1024');
  await write('meanwhile');
  await until('it is reported', () => shipper.stderr().includes('EMFILE'));
  await sleep(1500);
  expect(messages(shipper.stdout())).toHaveLength(50);
  await limit('1024:1024');
  await until('all lines are out', () => messages(shipper.stdout()).length === 100);
  expect((await drain(shipper)).code).toBe(0);
  rmSync(rings, { recursive: true });
});
