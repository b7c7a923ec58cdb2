/** The program of the shipper's hook and probes: it waits for a 200, and says why there is none. */
import { lstatSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { probe, run, temporaryDirectory } from '../support/run.js';

let open: { close(): unknown }[] = [];
afterEach(() => {
  for (const server of open) server.close();
  open = [];
});

async function listening(server: Server | ReturnType<typeof createTcpServer>, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, resolve));
  open.push(server);
  return (server.address() as AddressInfo).port;
}
const serve = (answer: RequestListener, port?: number) => listening(createServer(answer), port);

/** A port at which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const ask = (port: number | string, path: string, seconds: number | string) =>
  run(probe, [String(port), path, String(seconds)]);

test('ends with 0 when the answer is 200, and asks for the path that it was given', async () => {
  const asked: unknown[] = [];
  const port = await serve(({ method, url }, response) => {
    asked.push([method, url]);
    response.end('ok\n');
  });
  expect(await ask(port, '/livez', 30)).toMatchObject({ code: 0, stdout: '' });
  expect(asked).toEqual([['GET', '/livez']]);
});

test('waits for a shipper that does not listen yet, and for one that is not ready', async () => {
  const port = await freePort();
  const waiting = ask(port, '/livez', 50);
  await new Promise((resolve) => setTimeout(resolve, 300));
  let refusals = 0;
  await serve((_request, response) => {
    response.statusCode = refusals++ < 3 ? 503 : 200;
    response.end();
  }, port);
  expect(await waiting).toMatchObject({ code: 0 });
  expect(refusals).toBe(4);
});

test('prints the last answer, however the next attempt ends', async () => {
  let isAnswering = true;
  const port = await serve((_request, response) => {
    if (!isAnswering) return;
    isAnswering = false;
    response.writeHead(503);
    response.end('one: 3 failures in a row\n');
  });
  expect(await ask(port, '/readyz', 3)).toMatchObject({
    code: 1,
    stdout: `the shipper has not answered 200 at port ${port}/readyz within 3 s: HTTP status 503: one: 3 failures in a row\n`,
  });
});

test('prints that another protocol answered, however the next attempt ends', async () => {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    if (sockets.length === 1) socket.end('220 mail.example ESMTP\r\n');
  });
  const { code, stdout } = await ask(await listening(server), '/livez', 3);
  for (const socket of sockets) socket.destroy();
  expect(code).toBe(1);
  expect(stdout).toContain('error 71');
});

test('says that nothing listens', async () => {
  const port = await freePort();
  const stdout = `the shipper has not answered 200 at port ${port}/livez within 0 s: it does not listen\n`;
  expect(await ask(port, '/livez', 0)).toMatchObject({ code: 1, stdout });
});

test.each([
  ['that takes the connection and is silent', 'it takes connections, and does not answer', () => undefined],
  [
    'of another protocol',
    'error 71',
    (socket: { end(text: string): void }) => socket.end('220 mail.example ESMTP\r\n'),
  ],
])('is not deceived by a peer %s', async (_peer, reason, act) => {
  const sockets: { destroy(): void }[] = [];
  const server = createTcpServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    act(socket);
  });
  const { code, stdout } = await ask(await listening(server), '/livez', 5);
  for (const socket of sockets) socket.destroy();
  expect(code).toBe(1);
  expect(stdout).toContain(reason);
});

test('reads an answer that is longer than its room', async () => {
  const port = await serve((_request, response) => {
    response.statusCode = 503;
    response.end('x'.repeat(100_000));
  });
  const { code, stdout } = await ask(port, '/readyz', 3);
  expect(code).toBe(1);
  expect(stdout).toMatch(/HTTP status 503: x{1000,9000}$/);
});

test.each([
  [[]],
  [['9598', '/livez']],
  [['9598', 'livez', '1']],
  [['65536', '/livez', '1']],
  [['9598', '/livez', '1s']],
  [['', '/livez', '1']],
  [['--pipe']],
])('%j is a usage error', async (args) => {
  const usage = 'usage: logtap-probe PORT PATH SECONDS, or logtap-probe --pipe FILE\n';
  expect(await run(probe, args)).toMatchObject({ code: 64, stdout: usage });
});

describe('--pipe', () => {
  test('makes a FIFO that every user can write, with any umask', async () => {
    const file = join(temporaryDirectory(), 'bell');
    expect(await run('sh', ['-c', 'umask 077 && exec "$@"', 'sh', probe, '--pipe', file])).toMatchObject({ code: 0 });
    const made = lstatSync(file);
    expect([made.isFIFO(), made.mode & 0o777]).toEqual([true, 0o666]);
  });

  test('leaves a file and a link of that name alone', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), 'kept');
    symlinkSync('nowhere', join(directory, 'link'));
    for (const name of ['file', 'link', 'missing/bell']) {
      expect(await run(probe, ['--pipe', join(directory, name)])).toMatchObject({ code: 1 });
    }
    expect(lstatSync(join(directory, 'file')).size).toBe(4);
    expect(lstatSync(join(directory, 'nowhere'), { throwIfNoEntry: false })).toBeUndefined();
  });
});
