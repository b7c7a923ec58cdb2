/**
 * Records to a peer that speaks the Forward protocol: Fluentd, Fluent Bit, the OpenTelemetry Collector. A request is one message
 * of the mode PackedForward:
 *
 *     [tag, bytes of all entries, {"chunk": id, "size": number of entries}]
 *
 * The peer answers {"ack": id} once it holds them. The id is made of the records, so that a request that is repeated has the
 * same: also by the next shipper. Peers do not look for it: what is resent counts as possible duplicates.
 */

import { createHash } from 'node:crypto';
import { encode } from '@msgpack/msgpack';
import type { FORWARD_SETTINGS } from '../../../catalog/sinks/forward.js';
import { NoAnswerError } from '../../errors.js';
import type { CheckResult, RecordBatch, SendResult, Sink } from '../../parts.js';
import { BodyLimit } from '../body-limit.js';
import { LINE_LIMITS } from '../lines/output.js';
import { acknowledgedPeer, addressText } from '../peer.js';
import { ReloadedFile } from '../reloaded-file.js';
import { REQUEST_MAX_BYTES, sendParts } from '../send-parts.js';
import type { SettingsOf, SinkContext } from '../sink-context.js';
import { PossibleDuplicates } from '../unsettled/possible-duplicates.js';
import { ForwardConnection, type ForwardPeer, textOf } from './connection.js';
import { ForwardEncoder } from './encoder.js';

type ForwardSettings = SettingsOf<keyof typeof FORWARD_SETTINGS, 'forwardAddress'>;

export function openForward(context: SinkContext<ForwardSettings>): Sink {
  const { settings, secrets } = context;
  const { forwardAddress, forwardTag, forwardAck, forwardCaFile, forwardUsername = '' } = settings;
  const file = (setting: string, path: string | undefined) =>
    path === undefined ? undefined : new ReloadedFile(setting, path);
  const key = file('LOGTAP_FORWARD_SHARED_KEY_FILE', settings.forwardSharedKeyFile);
  const password = file('LOGTAP_FORWARD_PASSWORD_FILE', settings.forwardPasswordFile);
  const secret = (source: ReloadedFile | undefined) => {
    const text = source?.content.toString().trimEnd() ?? '';
    secrets.hide(text);
    return text;
  };
  const peer: ForwardPeer = {
    address: forwardAddress!,
    ca: file('LOGTAP_FORWARD_CA_FILE', forwardCaFile),
    identity: () => key && { sharedKey: secret(key), username: forwardUsername, password: secret(password) },
  };
  const duplicates = new PossibleDuplicates(context);
  return new ForwardSink(peer, { tag: forwardTag, isAcked: forwardAck, duplicates }, new ForwardEncoder(settings));
}

/** Time for a peer without acknowledgements to ask for a key: records sent without one are lost. */
const GREETING_MS = 200;

interface ForwardOptions {
  readonly tag: string;
  readonly isAcked: boolean;
  readonly duplicates: PossibleDuplicates;
}

class ForwardSink implements Sink {
  readonly name = 'forward';
  readonly limits = LINE_LIMITS;
  readonly #peer: ForwardPeer;
  readonly #options: ForwardOptions;
  readonly #encoder: ForwardEncoder;
  readonly #bodyLimit = new BodyLimit(REQUEST_MAX_BYTES);
  #connection: ForwardConnection | undefined;

  constructor(peer: ForwardPeer, options: ForwardOptions, encoder: ForwardEncoder) {
    this.#peer = peer;
    this.#options = options;
    this.#encoder = encoder;
  }

  send(batch: RecordBatch, signal: AbortSignal, onProgress = () => {}): Promise<SendResult> {
    return sendParts(batch, this.#bodyLimit, (part) => this.#send(part, signal, onProgress));
  }

  async #send(batch: RecordBatch, signal: AbortSignal, onProgress: () => void): Promise<void> {
    const { tag, isAcked, duplicates } = this.#options;
    const chunk = chunkOf(batch);
    const option = { ...(isAcked && { chunk }), size: batch.count };
    const entries = this.#encoder.encode(batch);
    const connection = await this.#open(signal);
    duplicates.leaving(batch);
    try {
      const message = Buffer.concat([requestHead(tag, entries.length), entries, encode(option)]);
      await connection.write(message, signal, onProgress);
      if (isAcked) {
        this.#mustBe(chunk, await connection.answer(signal));
      } else {
        await acknowledgedPeer(connection.socket, this.#peer.address, signal, onProgress);
        this.#mustNotGreet(await connection.said(0, signal));
      }
      duplicates.settled(batch);
    } catch (error) {
      duplicates.lost(batch);
      // A later answer on this connection is one to this request, not to the next.
      connection.close();
      throw error;
    }
  }

  async check(signal: AbortSignal): Promise<CheckResult> {
    (await ForwardConnection.open(this.#peer, signal)).close();
    return { isRight: true, text: `${addressText(this.#peer.address)} takes connections` };
  }

  async close(): Promise<void> {
    this.#connection?.close();
  }

  async #open(signal: AbortSignal): Promise<ForwardConnection> {
    if (this.#connection?.socket.writable === true) return this.#connection;
    const connection = await ForwardConnection.open(this.#peer, signal);
    try {
      if (!this.#options.isAcked) this.#mustNotGreet(await connection.said(GREETING_MS, signal));
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#connection = connection;
    return connection;
  }

  #mustBe(chunk: string, answer: unknown): void {
    const { ack } = (answer ?? {}) as { readonly ack?: unknown };
    if (ack !== undefined && textOf(ack) === chunk) return;
    this.#mustNotGreet(answer);
    throw new NoAnswerError({
      code: 'ack',
      detail: `${addressText(this.#peer.address)} did not confirm the request. Set LOGTAP_FORWARD_ACK=false if it never does.`,
    });
  }

  #mustNotGreet(answer: unknown): void {
    if (!Array.isArray(answer) || textOf(answer[0]) !== 'HELO') return;
    throw new NoAnswerError({
      code: 'handshake',
      detail: `${addressText(this.#peer.address)} asks for a shared key. Set LOGTAP_FORWARD_SHARED_KEY_FILE.`,
    });
  }
}

/** An array of three: the tag, and the head of the entries, which are bytes with a length of 32 bits. */
function requestHead(tag: string, length: number): Buffer {
  const head = Buffer.concat([Buffer.of(0x93), encode(tag), Buffer.of(0xc6, 0, 0, 0, 0)]);
  head.writeUInt32BE(length, head.length - 4);
  return head;
}

/** 128 bits of a hash of which records they are. */
function chunkOf({ count, origin, origins, seq }: RecordBatch): string {
  const hash = createHash('sha256');
  for (const { id } of origins) hash.update(`${id}\n`);
  for (const column of [origin.subarray(0, count), seq.subarray(0, count)]) {
    hash.update(Buffer.from(column.buffer, column.byteOffset, column.byteLength));
  }
  return hash.digest('base64').slice(0, 22);
}
