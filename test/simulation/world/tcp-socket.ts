/** The end of a TCP connection in a simulated process: as much of Node's Socket as the sinks use. */
import { EventEmitter } from 'node:events';
import { systemError } from './files.js';
import type { MachineProcess } from './machine.js';
import { TcpConnection } from './tcp.js';

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

interface Waiting {
  readonly resolve: (result: IteratorResult<Buffer>) => void;
  readonly reject: (error: Error) => void;
}

const FIRST_PORT = 32_768;

export class TcpSocket extends EventEmitter {
  destroyed = false;
  errored: Error | null = null;
  writable = true;
  localPort: number | undefined;
  remotePort: number | undefined;
  readonly #process: MachineProcess;
  readonly #chunks: Buffer[] = [];
  #connection: TcpConnection | undefined;
  #fd: number | undefined;
  #isEnded = false;
  #isRead = false;
  #waiting: Waiting | undefined;

  constructor(process: MachineProcess, { host, port }: TcpAddress) {
    super();
    this.#process = process;
    const { machine } = process;
    process.enter('connect', host);
    machine.trace(`${process.pid} connect ${host}:${port}`);
    if (process.descriptors.size >= process.descriptorLimit) {
      this.destroy(systemError('EMFILE', 'connect', host));
      return;
    }
    this.#fd = this.#open();
    process.machine.scheduler.after(machine.random.between(0, 3), process, () => this.#connect(port));
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  /** What comes is read, and thrown away. */
  resume(): this {
    this.#isRead = true;
    this.#look();
    return this;
  }

  write(bytes: Uint8Array, done: (error?: Error) => void): boolean {
    if (!this.writable) this.#after(0, () => done(systemError('EPIPE', 'write')));
    else this.#connection?.write(Buffer.from(bytes), done);
    return true;
  }

  end(): this {
    this.writable = false;
    this.#connection?.close();
    this.#after(0, () => this.destroy());
    return this;
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.writable = false;
    this.errored = error ?? null;
    this.#connection?.close();
    if (this.#fd !== undefined) this.#process.descriptors.delete(this.#fd);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#after(0, () => {
      if (error !== undefined) this.emit('error', error);
      if (this.#isEnded) waiting?.resolve({ done: true, value: undefined });
      else waiting?.reject(error ?? Object.assign(new Error('closed'), { code: 'ERR_STREAM_PREMATURE_CLOSE' }));
      this.emit('close');
    });
    return this;
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    return {
      next: () =>
        new Promise((resolve, reject) => {
          this.#waiting = { resolve, reject };
          this.#look();
        }),
      return: async () => {
        this.destroy();
        return { done: true, value: undefined };
      },
    };
  }

  #connect(port: number): void {
    if (this.destroyed) return;
    const { machine } = this.#process;
    machine.localPort = Math.max(FIRST_PORT, machine.localPort + 1);
    const connection = new TcpConnection(this.#process, machine.localPort, port);
    const peer = machine.service.accept?.(connection);
    if (peer === undefined || typeof peer === 'string') {
      this.destroy(systemError(peer ?? 'ECONNREFUSED', 'connect'));
      return;
    }
    this.localPort = connection.localPort;
    this.remotePort = port;
    this.#connection = connection;
    machine.tcp.add(connection);
    connection.join(
      {
        got: (bytes) => {
          this.#chunks.push(bytes);
          this.#look();
        },
        ended: () => {
          this.#isEnded = true;
          this.#look();
        },
        reset: () => this.destroy(systemError('ECONNRESET', 'read')),
      },
      peer,
    );
    this.emit('connect');
  }

  /** Hands over what there is to who reads. Without a reader the end of the peer is not seen. */
  #look(): void {
    const waiting = this.#waiting;
    if (this.destroyed || (waiting === undefined && !this.#isRead)) return;
    if (this.#isRead) this.#chunks.length = 0;
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#waiting = undefined;
      waiting!.resolve({ done: false, value: chunk });
    } else if (this.#isEnded) {
      this.#waiting = undefined;
      waiting?.resolve({ done: true, value: undefined });
      this.end();
    }
  }

  #open(): number {
    const { descriptors, machine } = this.#process;
    let fd = 20;
    while (descriptors.has(fd)) fd += 1;
    descriptors.set(fd, { path: 'socket:', inode: machine.files.find('/')!, isAppending: false, position: 0 });
    return fd;
  }

  #after(ms: number, call: () => void): void {
    this.#process.machine.scheduler.after(ms, this.#process, call);
  }
}
