/**
 * Records to a peer that reads one JSON object per line. It never answers, so that a record counts as delivered when the kernel
 * of the peer has acknowledged its bytes: later losses of the peer are counted nowhere. The sink `forward` is answered.
 */

import type { Socket } from 'node:net';
import type { TCP_SETTINGS } from '../../../catalog/sinks/tcp.js';
import type { PeerAddress } from '../../../catalog/values/peer-address.js';
import type { CheckResult, RecordBatch, SendResult, Sink } from '../../parts.js';
import { BodyLimit } from '../body-limit.js';
import { acknowledgedPeer, addressText, connectPeer, writePeer } from '../peer.js';
import { ReloadedFile } from '../reloaded-file.js';
import { REQUEST_MAX_BYTES, sendParts } from '../send-parts.js';
import type { SettingsOf, SinkContext } from '../sink-context.js';
import { NdjsonEncoder } from './ndjson.js';
import { LINE_LIMITS } from './output.js';

type TcpSettings = SettingsOf<keyof typeof TCP_SETTINGS, 'tcpAddress'>;

export function openTcp({ settings }: SinkContext<TcpSettings>): Sink {
  const { tcpAddress, tcpCaFile } = settings;
  const ca = tcpCaFile === undefined ? undefined : new ReloadedFile('LOGTAP_TCP_CA_FILE', tcpCaFile);
  return new TcpSink(tcpAddress, ca, new NdjsonEncoder(settings));
}

class TcpSink implements Sink {
  readonly name = 'tcp';
  readonly limits = LINE_LIMITS;
  readonly #address: PeerAddress;
  readonly #ca: ReloadedFile | undefined;
  readonly #encoder: NdjsonEncoder;
  readonly #bodyLimit = new BodyLimit(REQUEST_MAX_BYTES);
  #socket: Socket | undefined;

  constructor(address: PeerAddress, ca: ReloadedFile | undefined, encoder: NdjsonEncoder) {
    this.#address = address;
    this.#ca = ca;
    this.#encoder = encoder;
  }

  send(batch: RecordBatch, signal: AbortSignal, onProgress = () => {}): Promise<SendResult> {
    return sendParts(batch, this.#bodyLimit, (part) => this.#send(part, signal, onProgress));
  }

  async #send(part: RecordBatch, signal: AbortSignal, onProgress: () => void): Promise<void> {
    const { bytes } = this.#encoder.encode(part);
    const socket = await this.#open(signal);
    try {
      await writePeer(socket, this.#address, bytes, signal, onProgress);
      await acknowledgedPeer(socket, this.#address, signal, onProgress);
    } catch (error) {
      // Half a line may be there. On a connection of its own the next one is not written on to it.
      socket.destroy();
      throw error;
    }
  }

  async check(signal: AbortSignal): Promise<CheckResult> {
    (await connectPeer(this.#address, this.#ca, signal)).destroy();
    return { isRight: true, text: `${addressText(this.#address)} takes connections` };
  }

  async close(): Promise<void> {
    this.#socket?.end();
  }

  async #open(signal: AbortSignal): Promise<Socket> {
    if (this.#socket?.writable !== true) {
      this.#socket = await connectPeer(this.#address, this.#ca, signal);
      // The bytes of a peer are ignored, but unread they would hide the end of the connection.
      this.#socket.resume();
    }
    return this.#socket;
  }
}
