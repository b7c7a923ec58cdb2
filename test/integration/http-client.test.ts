/** What the client says of a request without an answer: a request that may have arrived is not repeated unseen. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAuthority } from '../../scripts/certificates.js';
import { NoAnswerError } from '../../src/shipper/errors.js';
import { HttpClient } from '../../src/shipper/sinks/http/client.js';
import { temporaryDirectory } from '../support/run.js';

/** Answers the first request of a connection, and resets the connection at the second. */
const SERVICE = `
const { readFileSync } = require('node:fs');
const [kind, cert, key] = process.argv.slice(2);
const options = kind === 'https' ? { cert: readFileSync(cert), key: readFileSync(key) } : {};
const connections = new Map();
let last;
const server = require('node:' + kind).createServer(options, (request, response) => {
  const connection = last;
  const requests = (connections.get(connection) ?? 0) + 1;
  connections.set(connection, requests);
  request.resume().on('end', () => {
    if (requests === 1) response.end('{}');
    else connection.resetAndDestroy();
  });
});
server.on('connection', (socket) => { last = socket; });
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
`;

let service: ChildProcess | undefined;
afterEach(() => service?.kill());

/** Keeps this process from its sockets, as a busy machine does. */
const block = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

test.each(['http', 'https'])(
  '%s: a request may have arrived, though its process learns of the reset first',
  async (kind) => {
    const directory = temporaryDirectory();
    const authority = createAuthority(directory);
    const { certFile, keyFile } = authority.issue('service');
    const script = join(directory, 'service.cjs');
    writeFileSync(script, SERVICE);
    service = fork(script, [kind, certFile, keyFile]);
    const [port] = (await once(service, 'message')) as [number];
    const client = new HttpClient({
      url: new URL(`${kind}://127.0.0.1:${port}`),
      tls: () => ({ ca: authority.ca }),
      onRequest: () => {},
    });
    const request = {
      method: 'POST',
      path: '',
      headers: {},
      body: Buffer.from('{}'),
      operation: 'test',
      isOnce: true,
    } as const;
    expect((await client.request(request, new AbortController().signal)).status).toBe(200);
    // From a timer, the loop comes to the connection's input before it comes to the ends of writes.
    await sleep(100);
    const second = client.request(request, new AbortController().signal);
    const error = second.catch((thrown: unknown) => thrown);
    // The request leaves within these; its reset comes within the time.
    for (let i = 0; i < 10; i++) await new Promise<void>((resolve) => process.nextTick(resolve));
    block(1000);
    const thrown = await error;
    expect(thrown).toBeInstanceOf(NoAnswerError);
    expect(thrown).toMatchObject({ code: 'ECONNRESET', isSent: true });
    client.close();
  },
);

test.each([
  ['has read it', true],
  ['has read none of it', false],
])('a body is taken where the service %s: only then its memory may be used for another', async (_, isRead) => {
  const server = createServer((request, response) => {
    if (isRead) request.resume().on('end', () => response.end('{}'));
    else response.end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new HttpClient({ url: new URL(`http://127.0.0.1:${port}`), onRequest: () => {} });
  // More than the buffers of both ends of a connection hold.
  const body = Buffer.alloc(64 * 1024 * 1024);
  const request = { method: 'POST', path: '', headers: {}, body, operation: 'test' };
  expect(await client.request(request, new AbortController().signal)).toMatchObject({ status: 200, isTaken: isRead });
  client.close();
  server.closeAllConnections();
  server.close();
});

/** Answers the head of a request with these bytes, as `then` goes on. Resolves with a client of it. */
async function answering(bytes: string, then: (connection: Socket) => void) {
  const server = createTcpServer((connection) => {
    connection.on('error', () => {});
    connection.once('data', () => connection.write(bytes, () => then(connection)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new HttpClient({ url: new URL(`http://127.0.0.1:${port}`), onRequest: () => {} });
  const close = () => {
    client.close();
    server.close();
  };
  return { client, server, close };
}

const REQUEST = { method: 'POST', path: '', headers: {}, body: Buffer.from('{}'), operation: 'test' };

// Without its status a refusal counts as a lost answer: its records as possible duplicates, and a record that is too large never leaves.
test.each([
  ['a length', 'content-length: 500\r\nretry-after: 3\r\n\r\n<html>'],
  ['chunks', 'transfer-encoding: chunked\r\nretry-after: 3\r\n\r\n5\r\n<html'],
])('an error whose body with %s breaks off is an answer with its status', async (_, rest) => {
  const { client, close } = await answering(`HTTP/1.1 413 Too Large\r\n${rest}`, (connection) =>
    setTimeout(() => connection.destroy(), 50),
  );
  expect(await client.request(REQUEST, new AbortController().signal)).toMatchObject({
    status: 413,
    headers: { 'retry-after': '3' },
    body: Buffer.from('<html'.concat(rest.startsWith('content') ? '>' : '')),
  });
  close();
});

test('an error whose body does not end is an answer with its status once its time is up', async () => {
  const time = new AbortController();
  // Behind a turn of the loop, in which the client reads what has come: a machine that stalls makes no answer of none.
  const isUp = () => setImmediate(() => time.abort(new Error('the time is up')));
  const { client, close } = await answering('HTTP/1.1 429 x\r\ncontent-length: 500\r\n\r\n<html>', () =>
    setTimeout(isUp, 500),
  );
  const answer = await client.request(REQUEST, time.signal);
  expect(answer.status).toBe(429);
  close();
});

test('a success that breaks off is no answer', async () => {
  const { client, close } = await answering('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{', (connection) =>
    setTimeout(() => connection.destroy(), 50),
  );
  await expect(client.request(REQUEST, new AbortController().signal)).rejects.toMatchObject({ isSent: true });
  close();
});

// The client of Node closes such a connection without a word: the request waited for its time to be up.
test('an upgrade that was not asked for is an answer with its status', async () => {
  const { client, close } = await answering(
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
    () => {},
  );
  const answer = await client.request(REQUEST, AbortSignal.timeout(60_000));
  expect(answer.status).toBe(101);
  close();
});

// Each attempt would leave a connection behind, until no descriptor is left.
test('the connection of a request that is refused before its body is read is closed', async () => {
  let isClosed = Promise.resolve<unknown>(undefined);
  const { client, close } = await answering('HTTP/1.1 503 x\r\ncontent-length: 0\r\n\r\n', (connection) => {
    isClosed = once(connection, 'close');
    connection.pause();
    setTimeout(() => connection.resume(), 500);
  });
  const body = Buffer.alloc(64 * 1024 * 1024);
  const answer = await client.request({ ...REQUEST, body }, new AbortController().signal);
  expect(answer).toMatchObject({ status: 503, isTaken: false });
  const received = isClosed.then(() => 'closed');
  expect(await Promise.race([received, sleep(30_000, 'open', { ref: false })])).toBe('closed');
  close();
});

/** In a process of its own, which ends its connections while this one is busy. A stale one is reset at its next request. */
const CLOSING = `
const all = new Set();
const server = require('node:http').createServer((request, response) => {
  if (request.socket.isStale) request.socket.resetAndDestroy();
  else request.resume().on('end', () => setTimeout(() => response.end('{}'), 50));
});
server.on('connection', (socket) => {
  all.add(socket);
  socket.on('close', () => all.delete(socket)).on('error', () => {});
});
process.on('message', (how) => {
  for (const socket of all) {
    if (how === 'stale') socket.isStale = true;
    else socket.end();
  }
  if (how === 'end') setTimeout(() => all.forEach((socket) => socket.destroy()), 20);
  process.send('done');
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
`;

describe('a service that closes connections as they are used again', () => {
  const begun = async () => {
    const script = join(temporaryDirectory(), 'closing.cjs');
    writeFileSync(script, CLOSING);
    const child = fork(script);
    service = child;
    const [port] = (await once(child, 'message')) as [number];
    const client = new HttpClient({ url: new URL(`http://127.0.0.1:${port}`), onRequest: () => {} });
    return { child, client };
  };
  const post = (client: HttpClient, body: Buffer, isOnce?: true) =>
    client.request(
      { method: 'POST', path: '', headers: {}, body, operation: 'test', ...(isOnce && { isOnce }) },
      AbortSignal.timeout(60_000),
    );

  // Those of a balancer end together: one attempt after another failed, and each was counted as a lost answer.
  test.each([undefined, true] as const)('several idle ones cost one attempt (once: %s)', async (isOnce) => {
    const { child, client } = await begun();
    const body = Buffer.from('{}');
    await Promise.all([1, 2, 3, 4].map(() => post(client, body)));
    const told = once(child, 'message');
    child.send('stale');
    await told;
    const first = await post(client, body, isOnce).catch((error: unknown) => error);
    expect(first).toMatchObject(isOnce ? { code: 'ECONNRESET', isSent: true } : { status: 200, isRepeated: true });
    expect((await post(client, body, isOnce)).status).toBe(200);
    client.close();
  });

  // The end is in the kernel, and this process has not read it. Then its writes fail with EPIPE.
  test.each([undefined, true] as const)('a body that is not taken is resent (once: %s)', async (isOnce) => {
    const { child, client } = await begun();
    await post(client, Buffer.from('{}'));
    child.send('end');
    // Not for a turn of the loop: it would read the end.
    block(1000);
    expect((await post(client, Buffer.alloc(300_000), isOnce)).status).toBe(200);
    client.close();
  });
});
