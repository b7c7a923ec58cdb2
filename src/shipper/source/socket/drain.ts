/** Takes what a peer has written already, before its connection is closed: a close would discard it. */
import { readSync } from 'node:fs';
import type { Socket } from 'node:net';

const CHUNK_BYTES = 64 * 1024;
/** A peer that writes on meanwhile is cut off; the kernel holds less for one connection, as a rule. */
const MAX_BYTES = 1024 * 1024;

/** Chunks are valid until the next one. */
export function* drain(socket: Socket): Generator<Buffer> {
  // Node has no call that reads a socket at once; the descriptor of a pipe handle is there on every POSIX system.
  const { fd = -1 } = (socket as { readonly _handle?: { readonly fd?: number } })._handle ?? {};
  if (fd < 0) return;
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let left = MAX_BYTES; left > 0; ) {
    let got: number;
    try {
      got = readSync(fd, chunk);
    } catch {
      // EAGAIN: there is no more. Anything else ends the connection, too.
      return;
    }
    if (got === 0) return;
    left -= got;
    yield chunk.subarray(0, got);
  }
}

/**
 * Closes a connection, and returns what its peer had written. Nothing is done between the last read and the close: what is written there is
 * lost, and its writer does not learn of it before its next write.
 */
export function takeAndClose(socket: Socket): Buffer[] {
  const chunks: Buffer[] = [];
  for (const chunk of drain(socket)) chunks.push(Buffer.from(chunk));
  socket.destroy();
  return chunks;
}
