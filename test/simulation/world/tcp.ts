/**
 * A connection over TCP between a simulated process and a peer: bytes wait in the kernel of the process until the peer's kernel has
 * room, and leave that queue once its acknowledgement is there. What the peer's kernel has acknowledged, the peer has.
 */
import type { Machine, MachineProcess } from './machine.js';

/** The other end, as it reads. */
export interface TcpPeer {
  /** Bytes that its kernel takes now; none, and it is asked again after so long. */
  readonly window: () => { readonly bytes: number; readonly againMs: number };
  /** Throws away what it does not want to have got. */
  readonly received: (bytes: Buffer) => void;
  /** Nothing more comes. */
  readonly ended: () => void;
}

/** The end in the process. */
interface Client {
  got(bytes: Buffer): void;
  ended(): void;
  reset(): void;
}

const SEND_BUFFER_BYTES = 128 * 1024;
const SEGMENT_BYTES = 16 * 1024;
const WAY_MS = { least: 0, most: 3 };

export class TcpConnection {
  readonly localPort: number;
  readonly remotePort: number;
  readonly #machine: Machine;
  readonly #process: MachineProcess;
  readonly #queue: Buffer[] = [];
  /** Of the kernel: not sent, or not acknowledged. */
  #bytes = 0;
  /** Called when there is room for more. */
  readonly #writers: (() => void)[] = [];
  #peer: TcpPeer | undefined;
  #client: Client | undefined;
  #isSending = false;
  #isEnding = false;
  /** Reset, by either side: the kernel knows nothing of it any more. */
  #isGone = false;

  constructor(process: MachineProcess, localPort: number, remotePort: number) {
    this.#process = process;
    this.#machine = process.machine;
    this.localPort = localPort;
    this.remotePort = remotePort;
  }

  join(client: Client, peer: TcpPeer): void {
    this.#client = client;
    this.#peer = peer;
  }

  /** Bytes that are not acknowledged. */
  get queueBytes(): number {
    return this.#bytes;
  }

  isOf(process: MachineProcess): boolean {
    return process === this.#process;
  }

  /** Of the process. */
  write(bytes: Buffer, done: () => void): void {
    if (this.#isGone) return;
    this.#queue.push(Buffer.from(bytes));
    this.#bytes += bytes.length;
    if (this.#bytes <= SEND_BUFFER_BYTES) this.#later(0, done);
    else this.#writers.push(done);
    this.#send();
  }

  /** The process closes it, or ends: what the kernel has is sent all the same. */
  close(): void {
    if (this.#isEnding || this.#isGone) return;
    this.#isEnding = true;
    this.#client = undefined;
    this.#send();
  }

  /** The peer says something. */
  say(bytes: Buffer): void {
    this.#later(this.#wayMs, () => this.#client?.got(bytes));
  }

  /** The peer says that nothing more comes from it. */
  end(): void {
    this.#later(this.#wayMs, () => this.#client?.ended());
  }

  /** The peer breaks it: what the kernel has is lost. */
  reset(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#peer?.ended();
    this.#machine.tcp.delete(this);
    const client = this.#client;
    this.#later(this.#wayMs, () => client?.reset());
  }

  get #wayMs(): number {
    return this.#machine.random.between(WAY_MS.least, WAY_MS.most);
  }

  #later(ms: number, call: () => void): void {
    this.#machine.scheduler.after(ms, this.#process, call);
  }

  /** The kernel goes on when the process has ended. */
  #send(afterMs = this.#wayMs): void {
    if (this.#isSending || this.#isGone) return;
    if (this.#queue.length === 0 && !this.#isEnding) return;
    this.#isSending = true;
    this.#machine.scheduler.after(afterMs, undefined, () => {
      this.#isSending = false;
      if (!this.#isGone) this.#arrive();
    });
  }

  #arrive(): void {
    const first = this.#queue[0];
    if (first === undefined) {
      this.#isGone = true;
      this.#machine.tcp.delete(this);
      this.#peer!.ended();
      return;
    }
    const { bytes, againMs } = this.#peer!.window();
    if (this.#isGone) return;
    const part = first.subarray(0, Math.min(bytes, SEGMENT_BYTES));
    if (part.length === first.length) this.#queue.shift();
    else this.#queue[0] = first.subarray(part.length);
    if (part.length > 0) {
      this.#peer!.received(part);
      this.#machine.scheduler.after(this.#wayMs, undefined, () => this.#acknowledged(part.length));
    }
    this.#send(againMs);
  }

  #acknowledged(bytes: number): void {
    if (this.#isGone) return;
    this.#bytes -= bytes;
    while (this.#bytes <= SEND_BUFFER_BYTES && this.#writers.length > 0) this.#later(0, this.#writers.shift()!);
  }
}
