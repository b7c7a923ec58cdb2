/** `node:net` for the shipper in a simulated process: unix sockets, and the pipe of wake-ups. */
import { EventEmitter } from 'node:events';
import { isIP } from 'node:net';
import { dirname } from 'node:path';
import { systemError } from './files.js';
import { type Connection, type Listener, type MachineProcess, Pipe } from './machine.js';
import { type TcpAddress, TcpSocket } from './tcp-socket.js';

const CHUNK_BYTES = 64 * 1024;
const DELAY_MS = { least: 0, most: 3 };
/** Connections that wait to be accepted while no descriptor is free. */
const ACCEPT_AGAIN_MS = 50;

/** One end of a connection, or a pipe: as much of a Socket as the shipper uses. */
class SimulatedSocket extends EventEmitter {
  readonly #process: MachineProcess;
  #from: Pipe | undefined;
  #to: Pipe | undefined;
  #fd: number | undefined;
  #isFlowing = false;
  #isPaused = false;
  #isLooking = false;
  #isDestroyed = false;
  #encoding: BufferEncoding | undefined;

  constructor(process: MachineProcess, from?: Pipe, to?: Pipe) {
    super();
    this.#process = process;
    if (from !== undefined) this.attach(from, to);
  }

  /** How the shipper finds the descriptor of a connection. */
  get _handle(): { readonly fd: number } | undefined {
    return this.#fd === undefined ? undefined : { fd: this.#fd };
  }

  attach(from: Pipe, to: Pipe | undefined, fd = this.#open(from)): void {
    this.#from = from;
    this.#to = to;
    this.#fd = fd;
    from.onNews = () => this.#look();
    this.#look();
  }

  // biome-ignore lint/suspicious/noExplicitAny: as Node's own.
  override on(name: string, call: (...given: any[]) => void): this {
    super.on(name, call);
    if (name === 'data' && !this.#isPaused) this.resume();
    return this;
  }

  pause(): this {
    this.#isPaused = true;
    this.#isFlowing = false;
    return this;
  }

  resume(): this {
    this.#isPaused = false;
    this.#isFlowing = true;
    this.#look();
    return this;
  }

  /** A paused socket keeps nothing outside of the kernel here. */
  read(): null {
    return null;
  }

  setEncoding(encoding: BufferEncoding): this {
    this.#encoding = encoding;
    return this;
  }

  setTimeout(ms: number, call: () => void): this {
    this.#process.machine.scheduler.after(ms, this.#process, () => this.#isDestroyed || call());
    return this;
  }

  unref(): this {
    return this;
  }

  end(text: string | Buffer, done?: () => void): this {
    this.#to?.write(Buffer.from(text));
    this.#to?.end();
    if (done !== undefined) this.#after(0, done);
    return this;
  }

  destroy(error?: Error): this {
    if (this.#isDestroyed) return this;
    this.#isDestroyed = true;
    this.#from?.break();
    this.#to?.end();
    if (this.#fd !== undefined) this.#process.descriptors.delete(this.#fd);
    this.#after(0, () => {
      if (error !== undefined) this.emit('error', error);
      this.emit('close');
    });
    return this;
  }

  #open(pipe: Pipe): number {
    const { descriptors } = this.#process;
    let fd = 20;
    while (descriptors.has(fd)) fd += 1;
    const inode = this.#process.machine.files.find('/')!;
    descriptors.set(fd, { path: 'socket:', inode, isAppending: false, position: 0, pipe });
    return fd;
  }

  #look(): void {
    if (this.#isLooking || this.#isDestroyed || !this.#isFlowing || this.#from === undefined) return;
    if (this.#from.bytes === 0 && !this.#from.isEnded) return;
    this.#isLooking = true;
    const { least, most } = DELAY_MS;
    this.#after(this.#process.random.between(least, most), () => {
      this.#isLooking = false;
      if (this.#isDestroyed || !this.#isFlowing) return;
      const chunk = this.#from!.read(CHUNK_BYTES);
      if (chunk !== undefined) {
        this.#process.machine.trace(`${this.#process.pid} got ${chunk.length}`);
        this.emit('data', this.#encoding === undefined ? chunk : chunk.toString(this.#encoding));
      } else if (this.#from!.isEnded) {
        this.emit('end');
        this.destroy();
        return;
      }
      this.#look();
    });
  }

  #after(ms: number, call: () => void): void {
    this.#process.machine.scheduler.after(ms, this.#process, call);
  }
}

type OnConnection = (socket: SimulatedSocket) => void;

class SimulatedServer extends EventEmitter implements Listener {
  readonly owner: MachineProcess;
  maxConnections = Number.POSITIVE_INFINITY;
  #path: string | undefined;

  constructor(owner: MachineProcess, onConnection: OnConnection) {
    super();
    this.owner = owner;
    this.on('connection', onConnection);
  }

  listen({ path: given }: { readonly path: string }, done: () => void): this {
    const { machine } = this.owner;
    this.owner.enter('listen', given);
    const path = this.#resolved(given);
    const code = this.#problem(path);
    machine.trace(`${this.owner.pid} listen ${path} ${code}`);
    if (code !== undefined) {
      machine.scheduler.after(0, this.owner, () => this.emit('error', systemError(code, 'listen', path)));
      return this;
    }
    const inode = machine.files.make(path, 'socket', machine.scheduler.nowMs + machine.scheduler.wallOffsetMs);
    inode.server = this;
    this.owner.listeners.add(inode);
    this.#path = path;
    machine.scheduler.after(0, this.owner, done);
    return this;
  }

  accept(connection: Connection): void {
    const { machine, descriptors, descriptorLimit } = this.owner;
    if (descriptors.size >= descriptorLimit) {
      this.emit('error', systemError('EMFILE', 'accept', this.#path));
      // It waits in the kernel's queue.
      machine.scheduler.after(ACCEPT_AGAIN_MS, this.owner, () => this.accept(connection));
      return;
    }
    connection.toServer.isAccepted = true;
    this.emit('connection', new SimulatedSocket(this.owner, connection.toServer, connection.toClient));
  }

  unref(): this {
    return this;
  }

  /** Removes its path, as libuv does. */
  close(): this {
    if (this.#path === undefined || !this.owner.isAlive) return this;
    const { files } = this.owner.machine;
    const inode = files.find(this.#path);
    if (inode !== undefined && inode.server === this) {
      inode.server = undefined;
      files.unlink(this.#path);
    }
    this.#path = undefined;
    return this;
  }

  #resolved(path: string): string {
    const [, fd, rest] = /^\/proc\/self\/fd\/(\d+)\/(.*)$/.exec(path) ?? [];
    return fd === undefined ? path : `${this.owner.descriptors.get(Number(fd))?.path}/${rest}`;
  }

  #problem(path: string): string | undefined {
    const { machine } = this.owner;
    if (machine.files.find(path) !== undefined) return 'EADDRINUSE';
    if (machine.files.find(dirname(path)) === undefined) return 'ENOENT';
    return machine.trouble('listen', path);
  }
}

export function netOf(process: MachineProcess) {
  const { machine } = process;

  function connect(given: string | TcpAddress | { readonly path: string }, done?: () => void) {
    if (typeof given !== 'string' && 'port' in given) return new TcpSocket(process, given);
    const asked = typeof given === 'string' ? given : given.path;
    process.enter('connect', asked);
    const socket = new SimulatedSocket(process);
    if (done !== undefined) socket.once('connect', done);
    const [, fd, rest] = /^\/proc\/self\/fd\/(\d+)\/(.*)$/.exec(asked) ?? [];
    const path = fd === undefined ? asked : `${process.descriptors.get(Number(fd))?.path}/${rest}`;
    const connection = machine.trouble('connect', path) ?? machine.connect(path);
    machine.trace(`${process.pid} connect ${path} ${typeof connection === 'string' ? connection : ''}`);
    if (typeof connection === 'string') {
      socket.destroy(systemError(connection, 'connect', path));
      return socket;
    }
    process.connections.add(connection.toClient);
    machine.scheduler.after(0, process, () => {
      socket.emit('connect');
      socket.attach(connection.toClient, connection.toServer);
    });
    return socket;
  }

  /** Of the pipe of wake-ups, whose descriptor the shipper has opened. */
  class Socket extends SimulatedSocket {
    constructor({ fd }: { readonly fd: number }) {
      super(process);
      const pipe = new Pipe();
      process.descriptors.get(fd)!.inode.server = { owner: process, pipe } satisfies Bell;
      this.attach(pipe, undefined, fd);
    }
  }

  return {
    isIP,
    connect,
    createConnection: connect,
    /** With or without options before it. */
    createServer: (...given: readonly (object | OnConnection)[]) =>
      new SimulatedServer(process, given.at(-1) as OnConnection),
    Socket,
  };
}

/** Who reads the pipe of wake-ups. */
export interface Bell {
  readonly owner: MachineProcess;
  readonly pipe: Pipe;
}
