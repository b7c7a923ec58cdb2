/** A server in front of a real engine that spoils what a test tells it to: answers and requests that are cut, lost, or wrong. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Hands the request to the engine, or a part of it, and resolves with its answer. */
  forward(body?: Buffer): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>;
  readonly response: ServerResponse;
  /** Closes the connection without another word. */
  cut(): void;
}

export interface Front {
  readonly url: string;
  readonly requests: Exchange[];
  /** Connections that were made so far. */
  connections(): number;
  stop(): Promise<void>;
}

/** Calls `handle` for every request; what it does not answer is handed on to the engine. */
export async function startFront(
  engine: string,
  handle: (exchange: Exchange, number: number) => unknown = () => {},
  tls?: ServerOptions,
): Promise<Front> {
  const requests: Exchange[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const listener = async (incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
    } catch {
      // The other side left in the middle.
      return;
    }
    const body = Buffer.concat(chunks);
    const forward = (part = body) => forwardTo(engine, incoming, part);
    const exchange: Exchange = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body,
      forward,
      response,
      cut: () => incoming.socket.destroy(),
    };
    requests.push(exchange);
    await handle(exchange, requests.length);
    if (response.headersSent || incoming.socket.destroyed || incoming.socket.writableEnded) return;
    const answer = await forward();
    response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
    response.end(answer.body);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    connections: () => connections,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function forwardTo(
  engine: string,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    // A signature covers the host that the client asked for; the engine without security reads neither.
    const forwarded = request(
      `${engine}${url}`,
      { method, headers: { ...headers, 'content-length': body.length } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const { 'transfer-encoding': _chunked, ...answered } = answer.headers;
          resolve({ status: answer.statusCode ?? 0, headers: answered, body: Buffer.concat(chunks) });
        });
        answer.on('error', reject);
      },
    );
    forwarded.on('error', reject);
    forwarded.end(body);
  });
}
