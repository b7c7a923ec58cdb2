/** A name gets another address while requests keep a connection busy. */
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpClient } from '../../src/shipper/sinks/http/client.js';

const NAME = 'logs.test';
const servers: Server[] = [];
let client: HttpClient | undefined;

afterEach(() => {
  jest.restoreAllMocks();
  client?.close();
  for (const server of servers.splice(0)) server.close();
});

/** Answers with the address that it listens on. */
async function serve(address: string, port: number): Promise<number> {
  const server = createServer((request, response) => request.resume().on('end', () => response.end(address)));
  servers.push(server.listen(port, address));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

test.each([
  { connectionMaxMs: 0, answers: ['127.0.0.1', '127.0.0.1', '127.0.0.2'], connections: 3 },
  { connectionMaxMs: 3_600_000, answers: ['127.0.0.1', '127.0.0.1', '127.0.0.1'], connections: 1 },
])('connections last $connectionMaxMs ms: $connections are made', async ({ connectionMaxMs, answers, connections }) => {
  const port = await serve('127.0.0.1', 0);
  await serve('127.0.0.2', port);
  let address = '127.0.0.1';
  const lookup = jest.spyOn(dns, 'lookup').mockImplementation(((
    name: string,
    options: dns.LookupOptions,
    done: (error: null, found: unknown, family: number) => void,
  ) => {
    expect(name).toBe(NAME);
    done(null, options.all ? [{ address, family: 4 }] : address, 4);
  }) as never);
  client = new HttpClient({ url: new URL(`http://${NAME}:${port}`), onRequest: () => {}, connectionMaxMs });
  const ask = async () => {
    const request = { method: 'POST', path: '', headers: {}, body: Buffer.from('{}'), operation: 'test' };
    return (await client!.request(request, new AbortController().signal)).body.toString();
  };
  const heard = [await ask(), await ask()];
  address = '127.0.0.2';
  heard.push(await ask());
  expect(heard).toEqual(answers);
  expect(lookup).toHaveBeenCalledTimes(connections);
});
