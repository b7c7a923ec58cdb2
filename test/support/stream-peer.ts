/** A peer that reads a stream over TCP or TLS and does with each connection what a test says. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

export interface StreamPeer {
  readonly address: string;
  readonly port: number;
  readonly sockets: Socket[];
  /** Ends every connection, and takes no more. */
  stop(): Promise<void>;
}

/** `port` is one that was free, or that of a peer that has stopped. */
export async function startStreamPeer(
  handle: (socket: Socket, number: number) => void,
  { port = 0, tls }: { readonly port?: number; readonly tls?: TlsOptions } = {},
): Promise<StreamPeer> {
  const sockets: Socket[] = [];
  const accept = (socket: Socket) => {
    socket.on('error', () => {});
    handle(socket, sockets.push(socket) - 1);
  };
  const server: Server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: listening } = server.address() as { port: number };
  return {
    address: `127.0.0.1:${listening}`,
    port: listening,
    sockets,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
