/**
 * Records to a peer that reads one JSON object per line. It never answers, so that a record counts as delivered when the kernel
 * of the peer has acknowledged its bytes: later losses of the peer are counted nowhere. The sink `forward` is answered. What is resent
 * after a connection broke counts as possible duplicates: whole lines of it may have arrived.
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
import { PossibleDuplicates } from '../unsettled/possible-duplicates.js';
import { NdjsonEncoder } from './ndjson.js';
import { LINE_LIMITS } from './output.js';

type TcpSettings = SettingsOf<keyof typeof TCP_SETTINGS, 'tcpAddress'>;

export function openTcp(context: SinkContext<TcpSettings>): Sink {
  const { settings } = context;
  const { tcpAddress, tcpCaFile } = settings;
  const ca = tcpCaFile === undefined ? undefined : new ReloadedFile('LOGTAP_TCP_CA_FILE', tcpCaFile);
  return new TcpSink({
    ...{ address: tcpAddress, ca, encoder: new NdjsonEncoder(settings) },
    duplicates: new PossibleDuplicates(context),
  });
}

interface TcpOptions {
  readonly address: PeerAddress;
  readonly ca: ReloadedFile | undefined;
  readonly encoder: NdjsonEncoder;
  readonly duplicates: PossibleDuplicates;
}

class TcpSink implements Sink {
  readonly name = 'tcp';
  readonly limits = LINE_LIMITS;
  readonly #options: TcpOptions;
  readonly #bodyLimit = new BodyLimit(REQUEST_MAX_BYTES);
  #socket: Socket | undefined;

  constructor(options: TcpOptions) {
    this.#options = options;
  }

  send(batch: RecordBatch, signal: AbortSignal, onProgress = () => {}): Promise<SendResult> {
    return sendParts(batch, this.#bodyLimit, (part) => this.#send(part, signal, onProgress));
  }

  async #send(part: RecordBatch, signal: AbortSignal, onProgress: () => void): Promise<void> {
    const { address, encoder, duplicates } = this.#options;
    const { bytes } = encoder.encode(part);
    const socket = await this.#open(signal);
    duplicates.leaving(part);
    try {
      await writePeer(socket, address, bytes, signal, onProgress);
      await acknowledgedPeer(socket, address, signal, onProgress);
      duplicates.settled(part);
    } catch (error) {
      duplicates.lost(part);
      // Half a line may be there. On a connection of its own the next one is not written on to it.
      socket.destroy();
      throw error;
    }
  }

  async check(signal: AbortSignal): Promise<CheckResult> {
    const { address, ca } = this.#options;
    (await connectPeer(address, ca, signal)).destroy();
    return { isRight: true, text: `${addressText(address)} takes connections` };
  }

  async close(): Promise<void> {
    this.#socket?.end();
  }

  async #open(signal: AbortSignal): Promise<Socket> {
    if (this.#socket?.writable !== true) {
      this.#socket = await connectPeer(this.#options.address, this.#options.ca, signal);
      // The bytes of a peer are ignored, but unread they would hide the end of the connection.
      this.#socket.resume();
    }
    return this.#socket;
  }
}
