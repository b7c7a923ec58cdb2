/** A simulated machine: its clock, its files, its connections, and the processes of shippers on it. */
import { Files, type Inode } from './files.js';
import type { OpenFile } from './open-files.js';
import { Random } from './random.js';
import { Scheduler } from './scheduler.js';
import type { Service } from './service.js';
import type { TcpConnection } from './tcp.js';

/** What a call of a process may meet. Answers the code of an error, or nothing. */
export type Trouble = (call: string, path: string) => string | undefined;

/** Thrown into the code of a process that was killed: whatever it does with it has no effect any more. */
export class Killed extends Error {}

/** A listening unix socket. */
export interface Listener {
  readonly owner: MachineProcess;
  accept(connection: Connection): void;
}

/** The ends of a unix socket: one in a shipper, the other anywhere. */
export interface Connection {
  /** Bytes on their way to the one who accepted it. */
  readonly toServer: Pipe;
  readonly toClient: Pipe;
}

/** Bytes in the kernel, in one direction. */
export class Pipe {
  readonly chunks: Buffer[] = [];
  bytes = 0;
  /** The writer has closed. */
  isEnded = false;
  /** The reader has: what is written from now on is refused. */
  isBroken = false;
  /** Whether the reader has it, or it waits in the kernel's queue. */
  isAccepted = true;
  onNews: () => void = () => {};

  write(bytes: Buffer): void {
    this.chunks.push(bytes);
    this.bytes += bytes.length;
    this.onNews();
  }

  end(): void {
    this.isEnded = true;
    this.onNews();
  }

  /** What there is, up to so much. */
  read(most: number): Buffer | undefined {
    const first = this.chunks[0];
    if (first === undefined) return undefined;
    const part = first.subarray(0, most);
    if (part.length === first.length) this.chunks.shift();
    else this.chunks[0] = first.subarray(part.length);
    this.bytes -= part.length;
    return part;
  }

  break(): void {
    this.isBroken = true;
    this.chunks.length = 0;
    this.bytes = 0;
    this.onNews();
  }
}

/** A process as the machine sees it. */
/** Bounds the log of a run. */
const LOG_MAX = 200;

export class MachineProcess {
  readonly machine: Machine;
  readonly pid: number;
  readonly startedMs: number;
  readonly random: Random;
  readonly descriptors = new Map<number, OpenFile>();
  readonly listeners = new Set<Inode>();
  readonly connections = new Set<Pipe>();
  /** To the service. */
  idleConnections = 0;
  descriptorLimit: number;
  isAlive = true;
  /** Calls until it is killed in the middle of one. */
  callsLeft = Number.POSITIVE_INFINITY;
  /** `undefined` while it lives, and for one that was killed. */
  exitCode: number | undefined;
  readonly signals = new Map<string, (() => void)[]>();
  /** Lines of its stderr, parsed. */
  readonly log: Record<string, unknown>[] = [];

  constructor(machine: Machine, pid: number) {
    this.machine = machine;
    this.pid = pid;
    this.startedMs = machine.scheduler.nowMs;
    this.descriptorLimit = machine.descriptorLimit;
    this.random = machine.random.fork(`process ${pid}`);
  }

  /** A line of its stderr. */
  say(line: string): void {
    if (!this.isAlive) return;
    this.machine.trace(`${this.pid} says ${line.trimEnd()}`);
    this.log.push(JSON.parse(line));
    if (this.log.length > LOG_MAX) this.log.shift();
  }

  /** Entered by each call. */
  enter(call: string, path: string): void {
    if (!this.isAlive) throw new Killed();
    this.callsLeft -= 1;
    if (this.callsLeft < 0) {
      this.machine.trace(`killed in ${call} ${path}`);
      this.kill();
      throw new Killed();
    }
  }

  /** Ends it without a word. */
  kill(): void {
    if (!this.isAlive) return;
    this.machine.onKilled(this);
    this.#end();
  }

  exit(code: number): never {
    if (this.isAlive) {
      this.exitCode = code;
      this.machine.trace(`exit ${this.pid} ${code}`);
      this.#end();
      this.machine.onExit(this);
    }
    throw new Killed();
  }

  signal(name: string): void {
    try {
      for (const call of this.signals.get(name) ?? []) if (this.isAlive) call();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }

  #end(): void {
    this.isAlive = false;
    for (const inode of this.listeners) inode.server = undefined;
    this.machine.onUnaccepted([...this.connections].flatMap(({ isAccepted, chunks }) => (isAccepted ? [] : chunks)));
    for (const pipe of this.connections) pipe.break();
    for (const connection of this.machine.tcp) if (connection.isOf(this)) connection.close();
    for (const file of this.descriptors.values()) if (file.inode.server === this) file.inode.server = undefined;
    this.descriptors.clear();
  }
}

export class Machine {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly files: Files;
  readonly processes: MachineProcess[] = [];
  readonly service: Service;
  /** Connections over TCP that the kernel lists. */
  readonly tcp = new Set<TcpConnection>();
  /** The last one that was taken. */
  localPort = 0;
  trouble: Trouble = () => undefined;
  /** Told the error of each call to files that fails. */
  onFailed: (error: NodeJS.ErrnoException) => void = () => {};
  onKilled: (process: MachineProcess) => void = () => {};
  onExit: (process: MachineProcess) => void = () => {};
  /** Told what was written over connections that a process had not accepted when it ended. */
  onUnaccepted: (bytes: readonly Buffer[]) => void = () => {};
  /** Whether there is a program that makes pipes. */
  hasMkfifo = true;
  /** Of each process that starts. */
  descriptorLimit = 256;
  bootId = '11111111-2222-3333-4444-555555555555';
  #pid = 6;

  constructor(seed: string, isTraced: boolean, service: (machine: Machine) => Service) {
    this.random = new Random(seed);
    const scheduler = new Scheduler(isTraced);
    this.scheduler = scheduler;
    this.files = new Files(() => scheduler.nowMs);
    this.service = service(this);
  }

  trace(line: string): void {
    this.scheduler.trace(line);
  }

  spawn(): MachineProcess {
    this.#pid += 1;
    const process = new MachineProcess(this, this.#pid);
    this.processes.push(process);
    return process;
  }

  get running(): MachineProcess[] {
    return this.processes.filter(({ isAlive }) => isAlive);
  }

  /** Connects to a socket. Throws the system's errors. */
  connect(path: string): Connection | 'ENOENT' | 'ECONNREFUSED' {
    const inode = this.files.find(path);
    if (inode === undefined) return 'ENOENT';
    const listener = inode.server as Listener | undefined;
    if (inode.kind !== 'socket' || listener === undefined || !listener.owner.isAlive) return 'ECONNREFUSED';
    const connection = { toServer: new Pipe(), toClient: new Pipe() };
    connection.toServer.isAccepted = false;
    listener.owner.connections.add(connection.toServer);
    this.scheduler.after(0, listener.owner, () => listener.accept(connection));
    return connection;
  }
}
