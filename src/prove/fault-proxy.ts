/**
 * A proxy between the shipper and the service that makes faults: connections that are cut, and answers that are lost. TLS goes
 * through it as it is, in tunnels, so that it neither sees credentials nor needs a certificate.
 */
import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

type Mode = 'open' | 'cut' | 'deaf';

/** A request with records is longer. A handshake, or a question of a sink about lost answers, is not, and has its answer. */
const REQUEST_BYTES = 2048;

export class FaultProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();
  #mode: Mode = 'open';
  /** Answers that were lost. */
  lost = 0;
  /** Connections that were refused or cut. */
  refused = 0;

  constructor() {
    this.#server = createServer((request, response) => this.#forward(request, response));
    this.#server.on('connect', (request, client, head) => this.#tunnel(request.url ?? '', client, head));
    this.#server.on('connection', (socket) => this.#keep(socket));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends every connection and refuses new ones. */
  cut(): void {
    this.#mode = 'cut';
    this.refused += this.#sockets.size;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Requests arrive, and answers do not: the connection ends instead. */
  loseAnswers(): void {
    this.#mode = 'deaf';
  }

  open(): void {
    this.#mode = 'open';
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (this.#mode === 'cut') this.#refuse(socket);
  }

  #refuse(socket: Duplex): void {
    this.refused += 1;
    socket.destroy();
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const { method, headers, url = '' } = request;
    if (!URL.canParse(url)) {
      response.writeHead(400).end();
      return;
    }
    const onward = forward(url, { method, headers }, (answer) => {
      if (this.#mode === 'deaf') {
        this.lost += 1;
        answer.resume();
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => request.socket.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }

  #tunnel(target: string, client: Duplex, head: Buffer): void {
    const { hostname, port } = new URL(`tcp://${target}`);
    const service: Socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''), () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) service.write(head);
      client.pipe(service);
    });
    this.#keep(service);
    let asked = 0;
    client.on('data', (chunk: Buffer) => {
      asked += chunk.length;
    });
    service.on('data', (chunk) => {
      const isAnswer = asked >= REQUEST_BYTES;
      asked = 0;
      if (this.#mode === 'deaf' && isAnswer) {
        this.lost += 1;
        client.destroy();
        service.destroy();
      } else if (!client.write(chunk)) {
        service.pause();
        client.once('drain', () => service.resume());
      }
    });
    service.once('close', () => client.destroy());
    client.once('close', () => service.destroy());
  }
}
