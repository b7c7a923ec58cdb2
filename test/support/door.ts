/** A TCP relay in front of a service, whose connections fail as a test tells it to. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export type Way =
  | 'open'
  /** No process listens. */
  | 'refused'
  /** RST at the first bytes of a request. */
  | 'reset while sending'
  /** RST instead of the answer, which the service has given. */
  | 'reset before the answer'
  /** A connection that was used in this way never answers, even later. */
  | 'silent'
  /** Each piece, both ways, waits. */
  | 'slow';

const SLOW_MS = 30;

export class Door {
  readonly port: number;
  /** Connections or pieces that failed in the present way. */
  hits = 0;
  #way: Way = 'open';
  #server: Server;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket: Socket) => this.#relay(socket));
  }

  static async before(url: string): Promise<Door> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Door(server, Number(new URL(url).port));
  }

  async set(way: Way): Promise<void> {
    const previous = this.#way;
    if (way === previous) return;
    this.#way = way;
    this.hits = 0;
    if (way === 'refused') await this.stop();
    if (previous !== 'refused') return;
    this.#server = createServer((socket) => this.#relay(socket)).listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #relay(client: Socket): void {
    const service = connect(this.#target, '127.0.0.1');
    let isSilent = false;
    const end = () => {
      client.destroy();
      service.destroy();
    };
    for (const socket of [client, service]) {
      this.#sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    const reset = () => {
      this.hits += 1;
      client.resetAndDestroy();
      service.destroy();
    };
    const pass = (from: Socket, to: Socket, piece: Buffer) => {
      if (this.#way !== 'slow') {
        to.write(piece);
        return;
      }
      this.hits += 1;
      from.pause();
      setTimeout(() => {
        to.write(piece);
        from.resume();
      }, SLOW_MS);
    };
    client.on('data', (piece: Buffer) => {
      if (this.#way === 'silent') isSilent = true;
      if (isSilent) this.hits += 1;
      else if (this.#way === 'reset while sending') reset();
      else pass(client, service, piece);
    });
    service.on('data', (piece: Buffer) => {
      if (this.#way === 'reset before the answer') reset();
      else if (!isSilent) pass(service, client, piece);
    });
  }
}
