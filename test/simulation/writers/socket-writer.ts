/** A process that hands its lines over by the socket: native/src/handover/transport_socket.c in TypeScript. */
import { FRAME_HEADER_BYTES } from '../../../src/contract.js';
import { lost } from '../../support/frames.js';
import type { Connection } from '../world/machine.js';
import { FramedWriter } from './writer.js';

export const SOCKET = '/run/logtap/logtap.sock';
/** Bytes that the kernel keeps for one connection. */
const SEND_BUFFER_BYTES = 208 * 1024;

export class SocketWriter extends FramedWriter {
  protected readonly transport = 'socket';
  #connection: Connection | undefined;
  #toldBytes = 0n;
  /** Line ends that the kernel has taken. */
  #handed = 0;

  end(): void {
    if (!this.isAlive) return;
    // Its last words: a process that has lost lines says how many.
    if (this.lostBytes !== this.#toldBytes && !this.#send(Buffer.alloc(0))) this.#excuse();
    this.kill();
  }

  kill(): void {
    if (!this.isAlive) return;
    if (this.lostBytes !== this.#toldBytes) this.#excuse();
    this.isAlive = false;
    this.#connection?.toServer.end();
  }

  protected hand(frame: Buffer): boolean {
    return this.#send(frame) || this.#send(frame);
  }

  protected noteLoss(): void {}

  /** Whether the kernel has taken it. */
  #send(frame: Buffer): boolean {
    let greeting: Buffer = Buffer.alloc(0);
    if (this.#connection === undefined || this.#connection.toServer.isBroken) {
      const connection = this.machine.connect(SOCKET);
      this.#connection = typeof connection === 'string' ? undefined : connection;
      if (this.#connection === undefined) return false;
      this.greetings += 1;
      greeting = this.greeting(this.#handed);
      this.#toldBytes = this.lostBytes;
    }
    const note = this.lostBytes === this.#toldBytes ? Buffer.alloc(0) : lost(this.lostLines, this.lostBytes);
    const { toServer } = this.#connection;
    const bytes = Buffer.concat([greeting, note, frame]);
    if (toServer.bytes + bytes.length > SEND_BUFFER_BYTES) return false;
    toServer.write(bytes);
    this.#handed += frame.subarray(FRAME_HEADER_BYTES).filter((byte) => byte === 10).length;
    this.#toldBytes = this.lostBytes;
    return true;
  }

  #excuse(): void {
    this.books.untold += this.lost;
    this.books.excusedLosses += Number(this.lostLines);
  }
}
