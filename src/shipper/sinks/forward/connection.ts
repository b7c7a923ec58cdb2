/**
 * A connection of the Forward protocol: MessagePack both ways. Where there is a shared key, both sides first prove that they know it:
 *
 *     peer to us    ["HELO", {"nonce": bytes, "auth": bytes, "keepalive": boolean}]; "auth" is empty unless it asks for a user
 *     us to peer    ["PING", host name, salt, digest of (salt, host name, nonce, key), user, digest of (auth, user, password)]
 *     peer to us    ["PONG", accepted, reason, host name, digest of (salt, host name, nonce, key)]
 *
 * Digests are SHA-512 in hexadecimal.
 *
 * @see https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1.5
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { Decoder, encode } from '@msgpack/msgpack';
import type { PeerAddress } from '../../../catalog/values/peer-address.js';
import { messageOf, NoAnswerError } from '../../errors.js';
import { addressText, connectPeer, during, writePeer } from '../peer.js';
import type { ReloadedFile } from '../reloaded-file.js';

/** Bytes of an answer at most: a peer needs no longer ones, and an endless one would fill the memory. */
const ANSWER_MAX = 4096;
const DECODER_LIMITS = {
  maxStrLength: ANSWER_MAX,
  maxBinLength: ANSWER_MAX,
  maxArrayLength: 16,
  maxMapLength: 16,
  maxExtLength: 16,
};

export interface ForwardIdentity {
  readonly sharedKey: string;
  readonly username: string;
  readonly password: string;
}

export interface ForwardPeer {
  readonly address: PeerAddress;
  readonly ca: ReloadedFile | undefined;
  /** As the files are now; nothing where there is no shared key. */
  readonly identity: () => ForwardIdentity | undefined;
}

export class ForwardConnection {
  readonly socket: Socket;
  readonly #peer: ForwardPeer;
  readonly #answers: AsyncGenerator<unknown>;
  /** Since the last answer. */
  #bytesRead = 0;
  /** Whether the peer has said something that was not asked for yet. */
  #hasSpoken = false;
  /** Asked for before it is wanted, so that a peer that ends the connection meanwhile is seen. */
  #next: Promise<IteratorResult<unknown>>;

  private constructor(socket: Socket, peer: ForwardPeer) {
    this.socket = socket;
    this.#peer = peer;
    // Strings of older peers hold bytes that are not UTF-8, such as a nonce.
    this.#answers = new Decoder({ ...DECODER_LIMITS, rawStrings: true }).decodeStream(this.#bytes());
    this.#next = this.#ask();
  }

  /** Throws a NoAnswerError when the peer is not there, or does not accept us. */
  static async open(peer: ForwardPeer, signal: AbortSignal): Promise<ForwardConnection> {
    const socket = await connectPeer(peer.address, peer.ca, signal);
    const connection = new ForwardConnection(socket, peer);
    try {
      const identity = peer.identity();
      if (identity !== undefined) await connection.#shakeHands(identity, signal);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return connection;
  }

  write(bytes: Uint8Array, signal: AbortSignal, onProgress?: () => void): Promise<void> {
    return writePeer(this.socket, this.#peer.address, bytes, signal, onProgress);
  }

  /** The next thing that the peer says; strings in it are bytes. */
  async answer(signal: AbortSignal): Promise<unknown> {
    const next = this.#next;
    try {
      await during(this.socket, this.#peer.address, signal, (done) => {
        next.then(({ done: isEnd }) => isEnd === true || done()).catch(() => {});
      });
    } catch (error) {
      const [{ reason }] = (await Promise.allSettled([next])) as [{ readonly reason?: { readonly code?: string } }];
      // Those of the connection have a code.
      if (signal.aborted || reason === undefined || reason.code !== undefined) throw error;
      const detail = `${addressText(this.#peer.address)} speaks another protocol than Forward: ${messageOf(reason)}`;
      throw new NoAnswerError({ code: 'protocol', detail });
    }
    this.#next = this.#ask();
    return (await next).value;
  }

  /** An unasked message of the peer within this time. */
  async said(withinMs: number, signal: AbortSignal): Promise<unknown> {
    if (!this.#hasSpoken && withinMs > 0) {
      await during(this.socket, this.#peer.address, signal, (done) => {
        const timer = setTimeout(done, withinMs);
        const isSaid = () => {
          clearTimeout(timer);
          done();
        };
        this.#next.then(({ done: isEnd }) => isEnd === true || isSaid()).catch(() => clearTimeout(timer));
      });
    }
    return this.#hasSpoken ? this.answer(signal) : undefined;
  }

  #ask(): Promise<IteratorResult<unknown>> {
    const next = this.#answers.next();
    this.#hasSpoken = false;
    // An error of the decoder ends the connection by itself.
    next
      .then(({ done }) => {
        this.#bytesRead = 0;
        this.#hasSpoken = done !== true;
        if (done === true) this.socket.destroy();
      })
      .catch(() => {});
    return next;
  }

  async *#bytes(): AsyncGenerator<Uint8Array> {
    for await (const bytes of this.socket) {
      this.#bytesRead += bytes.length;
      if (this.#bytesRead > ANSWER_MAX) throw new Error(`an answer has more than ${ANSWER_MAX} bytes`);
      yield bytes;
    }
  }

  /** Also ends the wait of the decoder. */
  close(): void {
    this.socket.destroy();
  }

  async #shakeHands({ sharedKey, username, password }: ForwardIdentity, signal: AbortSignal): Promise<void> {
    const [helo, options] = listOf(await this.answer(signal));
    if (textOf(helo) !== 'HELO') throw this.#refused('it did not greet with HELO: it has no shared key');
    const { nonce, auth } = (options ?? {}) as { readonly nonce?: unknown; readonly auth?: unknown };
    const salt = randomBytes(16);
    const ours = hostname();
    const digestOf = (host: string) => digest(salt, host, bytesOf(nonce), sharedKey);
    const asksForUser = bytesOf(auth).length > 0;
    const user = asksForUser ? [username, digest(bytesOf(auth), username, password)] : ['', ''];
    await this.write(encode(['PING', ours, salt, digestOf(ours), ...user]), signal);
    const [pong, isAccepted, reason, theirs, proof] = listOf(await this.answer(signal));
    if (textOf(pong) !== 'PONG') throw this.#refused('it did not answer PING with PONG');
    if (isAccepted !== true) throw this.#refused(textOf(reason).slice(0, 200));
    const expected = Buffer.from(digestOf(textOf(theirs)));
    const given = Buffer.from(bytesOf(proof));
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw this.#refused('it does not know the shared key');
    }
  }

  #refused(why: string): NoAnswerError {
    const detail = `handshake with ${addressText(this.#peer.address)}: ${why} (LOGTAP_FORWARD_SHARED_KEY_FILE, LOGTAP_FORWARD_USERNAME)`;
    return new NoAnswerError({ code: 'handshake', detail });
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const bytesOf = (value: unknown): Uint8Array =>
  value instanceof Uint8Array ? value : Buffer.from(String(value ?? ''));
export const textOf = (value: unknown): string => Buffer.from(bytesOf(value)).toString();

function digest(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
