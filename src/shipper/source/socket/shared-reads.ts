/**
 * Lets accepted connections read into one buffer. Node gives each read of up to 64 KiB memory of its own, which is most of the garbage of a
 * busy socket, and it has its option for that (`onread`) for connections that a process opens only, not for those that it accepts.
 */
import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { READ_BYTES } from '../../records/batch-memory.js';

/** Of all connections: a read is taken before the next one. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES);

/**
 * The connection of a server with `pauseOnConnect`, as a socket that gives what it reads to `onRead`, in bytes that are valid during the
 * call. It begins to read.
 */
export function withSharedReads(accepted: Socket, onRead: (socket: Socket, bytes: Buffer) => void): Socket {
  const connection = accepted as unknown as { _handle?: object | null };
  const handle = connection._handle;
  if (typeof handle !== 'object' || handle === null || !('useUserBuffer' in handle)) {
    accepted.on('data', (bytes) => onRead(accepted, bytes));
    accepted.resume();
    return accepted;
  }
  // A connection has one owner.
  connection._handle = null;
  accepted.destroy();
  // Node knows `handle`, and its types do not.
  const options: SocketConstructorOpts & ConnectOpts & { readonly handle: object } = {
    handle,
    onread: {
      buffer: shared,
      callback: (bytes: number) => {
        onRead(socket, shared.subarray(0, bytes));
        return true;
      },
    },
  };
  const socket: Socket = new Socket(options);
  return socket;
}
