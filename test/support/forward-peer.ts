/** A peer of the Forward protocol, as its specification has it: greets, checks, decodes, confirms. A test spoils what it wants to. */
import { createHash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { Decoder, decodeMulti, encode } from '@msgpack/msgpack';
import { type StreamPeer, startStreamPeer } from './stream-peer.js';

export interface Request {
  readonly tag: string;
  readonly messages: string[];
  readonly option: { readonly chunk?: string; readonly size: number };
}

export interface ForwardPeerOptions {
  readonly port?: number;
  readonly sharedKey?: string;
  /** Users with their passwords; none is asked for without it. */
  readonly users?: Readonly<Record<string, string>>;
  /** Instead of confirming a request. */
  readonly answer?: (socket: Socket, request: Request, number: number) => void;
  /** Instead of a right PONG. */
  readonly pong?: (right: unknown[]) => unknown;
}

export interface ForwardPeer extends StreamPeer {
  readonly requests: Request[];
}

const sha512 = (...parts: (string | Uint8Array)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha512')).digest('hex');
const HOST = 'collector';

export const confirm = (socket: Socket, { option }: Request) => socket.write(encode({ ack: option.chunk }));

export async function startForwardPeer(options: ForwardPeerOptions = {}): Promise<ForwardPeer> {
  const { sharedKey, users, answer = confirm, pong = (right) => right } = options;
  const requests: Request[] = [];

  async function serve(socket: Socket): Promise<void> {
    const messages = new Decoder().decodeStream(socket);
    if (sharedKey !== undefined) {
      const [nonce, auth] = [randomBytes(16), users === undefined ? Buffer.alloc(0) : randomBytes(16)];
      socket.write(encode(['HELO', { nonce, auth, keepalive: true }]));
      const { value } = await messages.next();
      const [ping, host, salt, proof, user, password] = value as [string, string, Uint8Array, string, string, string];
      const isKnown =
        ping === 'PING' &&
        proof === sha512(salt, host, nonce, sharedKey) &&
        (users === undefined || password === sha512(auth, user, users[user] ?? ''));
      const reason = isKnown ? '' : 'shared_key or password mismatch';
      socket.write(encode(pong(['PONG', isKnown, reason, HOST, sha512(salt, HOST, nonce, sharedKey)])));
      if (!isKnown) socket.end();
    }
    for await (const message of messages) {
      const [tag, entries, option] = message as [string, Uint8Array, Request['option']];
      const records = [...decodeMulti(entries)] as [unknown, { message: string }][];
      const request = { tag, option, messages: records.map(([, record]) => record.message) };
      answer(socket, request, requests.push(request) - 1);
    }
  }

  const peer = await startStreamPeer(
    (socket) => {
      // A connection that the sink breaks ends the stream in the middle.
      serve(socket).catch(() => {});
    },
    options.port === undefined ? {} : { port: options.port },
  );
  return { ...peer, requests };
}
