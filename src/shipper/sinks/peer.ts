/** A connection to a peer that reads a stream, over TCP or TLS: how it is opened, written to, and known to have arrived. */
import { readFileSync } from 'node:fs';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { PeerAddress } from '../../catalog/values/peer-address.js';
import { codeOf, messageOf, NoAnswerError } from '../errors.js';
import { withDescriptor } from '../process/descriptor-reserve.js';
import { hintText, networkHint } from './hints.js';
import type { ReloadedFile } from './reloaded-file.js';

export const addressText = ({ host, port }: PeerAddress) =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** An open connection. Throws a NoAnswerError when there is none to be had. */
export async function connectPeer(
  address: PeerAddress,
  ca: ReloadedFile | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  signal.throwIfAborted();
  const { host, port, isTls } = address;
  const target = { host, port };
  const socket = isTls
    ? connectTls({ ...target, ...(isIP(host) === 0 && { servername: host }), ...(ca && { ca: ca.content }) })
    : connectTcp(target);
  // An error while no call waits: the next one finds the socket destroyed.
  socket.on('error', () => {});
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  await during(socket, address, signal, (done) => socket.once(isTls ? 'secureConnect' : 'connect', done));
  if (unacknowledgedBytes(socket) !== undefined) listed.add(socket);
  return socket;
}

/** Connections that the kernel has told of: one that it no longer tells of is broken, and its bytes are lost. */
const listed = new WeakSet<Socket>();

/** Finds a peer that has gone without a word while nothing is sent. */
const KEEP_ALIVE_MS = 30_000;

/** Written at a time. */
const PIECE_BYTES = 64 * 1024;

/** Hands bytes to the kernel, piece by piece; waits while the peer is slow. */
export async function writePeer(
  socket: Socket,
  address: PeerAddress,
  bytes: Uint8Array,
  signal: AbortSignal,
  onProgress = () => {},
): Promise<void> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const piece = bytes.subarray(at, at + PIECE_BYTES);
    await during(socket, address, signal, (done) => socket.write(piece, (error) => error || done()));
    onProgress();
  }
}

/** Between two looks at the send queue. */
const LOOK_MS = [1, 2, 4, 8, 16, 32] as const;

/**
 * Waits until the kernel of the peer has acknowledged all that was written. Nothing more can be known of a peer that never
 * answers; without /proc not even this, and only what broke the connection so far is seen.
 */
export async function acknowledgedPeer(
  socket: Socket,
  address: PeerAddress,
  signal: AbortSignal,
  onProgress = () => {},
): Promise<void> {
  let before = Number.POSITIVE_INFINITY;
  for (let look = 0; ; look++) {
    const bytes = unacknowledgedBytes(socket);
    if (typeof bytes === 'number' && bytes < before) {
      before = bytes;
      onProgress();
    }
    if (bytes === 0) break;
    // The kernel forgets a connection that was reset before this process learns of it.
    if (bytes === undefined && listed.has(socket)) throw broken(socket, address);
    if (bytes === undefined) return during(socket, address, signal, (done) => setImmediate(done));
    await during(socket, address, signal, (done) => setTimeout(done, LOOK_MS[Math.min(look, LOOK_MS.length - 1)]));
  }
  if (socket.destroyed) throw broken(socket, address);
}

/** Waits for `start` to call `done`; throws when the connection breaks first, or the signal aborts, which ends it. */
export async function during(
  socket: Socket,
  address: PeerAddress,
  signal: AbortSignal,
  start: (done: () => void) => void,
): Promise<void> {
  const isAborted = () => socket.destroy(signal.reason);
  let fail = () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      fail = () => reject(signal.aborted ? signal.reason : broken(socket, address));
      if (signal.aborted) isAborted();
      if (socket.destroyed) return fail();
      signal.addEventListener('abort', isAborted, { once: true });
      socket.once('close', fail);
      start(resolve);
    });
  } finally {
    signal.removeEventListener('abort', isAborted);
    socket.off('close', fail);
  }
}

function broken(socket: Socket, address: PeerAddress): NoAnswerError {
  const { errored } = socket;
  const [code, why] =
    errored === null ? ['closed', 'the peer closed the connection'] : [codeOf(errored), messageOf(errored)];
  const hint = networkHint(code);
  const words = hint === undefined ? '' : hintText(hint);
  return new NoAnswerError({ code, detail: `connection to ${addressText(address)}: ${why}${words}` });
}

/** Of a file that is not there, or not for this process. */
const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM']);

/** Bytes that the kernel keeps to send them, perhaps again; undefined where it does not tell, `unread` where it could not be asked. */
function unacknowledgedBytes({ localPort, remotePort }: Socket): number | 'unread' | undefined {
  const hex = (port = 0) => port.toString(16).toUpperCase().padStart(4, '0');
  // "  sl  local_address rem_address st tx_queue:rx_queue": proc(5).
  const row = new RegExp(`: [0-9A-F]+:${hex(localPort)} [0-9A-F]+:${hex(remotePort)} [0-9A-F]{2} ([0-9A-F]{8}):`, 'g');
  let bytes: number | undefined;
  let isUnread = false;
  for (const file of ['/proc/self/net/tcp', '/proc/self/net/tcp6']) {
    try {
      // Without a descriptor for it, records would count as acknowledged that are not.
      for (const [, queue = ''] of withDescriptor(() => readFileSync(file, 'latin1')).matchAll(row))
        bytes = Math.max(bytes ?? 0, parseInt(queue, 16));
    } catch (error) {
      // Else no /proc, or no IPv6.
      isUnread ||= !ABSENT.has(codeOf(error));
    }
  }
  return bytes ?? (isUnread ? 'unread' : undefined);
}
