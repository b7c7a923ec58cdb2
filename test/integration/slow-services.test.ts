/** Services that are slow, or hang: what counts as progress, and what is left of the time when the shipper stops. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpClient, PIECE_BYTES } from '../../src/shipper/sinks/http/client.js';
import { until } from '../support/run.js';
import { drain, startShipper } from '../support/tapped.js';

test('each piece of a body that the kernel has taken is progress; while the peer does not read there is none', async () => {
  const sockets: Socket[] = [];
  const server = createTcpServer({ pauseOnConnect: true }, (socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new HttpClient({
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    onRequest: () => {},
  });
  // More than the buffers of a loopback connection.
  const body = Buffer.alloc(64 * 1024 * 1024);
  let pieces = 0;
  const request = { method: 'POST', path: '', headers: {}, body, operation: 'test' };
  const answer = client.request(request, new AbortController().signal, () => {
    pieces += 1;
  });
  await until('the service is connected', () => sockets.length === 1);
  let before = -1;
  while (before !== pieces) {
    before = pieces;
    await sleep(500);
  }
  const whole = body.length / PIECE_BYTES;
  expect(pieces).toBeLessThan(whole - 1);
  let received = 0;
  sockets[0]!.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > body.length) sockets[0]!.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
  });
  sockets[0]!.resume();
  expect((await answer).status).toBe(200);
  // The last one is the end of the request.
  expect(pieces).toBe(whole - 1);
  client.close();
  sockets[0]!.destroy();
  server.close();
});

test.each(['opensearch', 'cloudwatch'])(
  'rule 45: %s: a request that hangs when the shipper stops leaves time for another, on a new connection',
  async (sink) => {
    /** The one connection that never answers again. */
    let hung: Socket | undefined;
    let isHanging = false;
    const stored: string[] = [];
    const server: Server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (isHanging) hung ??= request.socket;
        if (request.socket === hung) return;
        const body = Buffer.concat(chunks).toString();
        for (const [line] of body.matchAll(/line \d+/g)) stored.push(line);
        const items = Array(body.split('\n').length >> 1).fill({ create: { status: 201 } });
        response.end(sink === 'opensearch' ? JSON.stringify({ errors: false, items }) : '{}');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const shipper = await startShipper({
      LOGTAP_SINK: sink,
      LOGTAP_OPENSEARCH_URL: url,
      LOGTAP_CLOUDWATCH_LOG_GROUP: '/g',
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
      LOGTAP_BATCH_LINGER_MS: '10',
      LOGTAP_GRACE_SECONDS: '25',
    });
    const write = async (line: string) => {
      const peer = connect(shipper.socket, () => peer.end(`${line}\n`));
      await once(peer.resume(), 'close');
    };
    await write('line 1');
    await until('the first line is stored', () => stored.length === 1);
    isHanging = true;
    await write('line 2');
    await until('a request hangs', () => hung !== undefined);
    const { code, stderr } = await drain(shipper);
    expect([code, stored]).toEqual([0, ['line 1', 'line 2']]);
    expect(stderr).toContain('"nextAttemptMs"');
    server.closeAllConnections();
    server.close();
  },
);
