/**
 * The other end of the library in its tests: a unix socket and a decoder of frames, written for this purpose against
 * contract.ts and shared with no other code, so that an error of the shipper's decoder cannot hide one of the library.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  FRAME_HEADER_BYTES,
  FRAME_MAGIC,
  FRAME_MAX_PAYLOAD_BYTES,
  FRAME_TYPES,
  HELLO_PAYLOAD_BYTES,
  STREAMS,
} from '../../src/contract.js';
import { temporaryDirectory } from './run.js';

export type FrameType = keyof typeof FRAME_TYPES;

export interface Frame {
  readonly type: FrameType;
  readonly flags: number;
  readonly stream: number;
  readonly timeNs: bigint;
  readonly seq: bigint;
  readonly thread: number;
  readonly payload: Buffer;
}

export interface Hello {
  readonly version: number;
  /** Release of the library, in bits. */
  readonly library: number;
  readonly pid: number;
  readonly ppid: number;
  readonly startTicks: bigint;
  readonly instance: string;
  readonly process: string;
  readonly container: string;
  /** Line ends that were handed over before this connection; undefined where the library does not say. */
  readonly handed: bigint | undefined;
}

export interface Loss {
  readonly lines: bigint;
  readonly bytes: bigint;
}

const typeNames = new Map<number, FrameType>(
  Object.entries(FRAME_TYPES).map(([name, { value }]) => [value, name as FrameType]),
);

/** Frames after the magic, and how many bytes of a frame without end follow them. */
export function decodeFrames(bytes: Buffer): { frames: Frame[]; trailing: number } {
  const magic = Buffer.from(FRAME_MAGIC);
  if (!bytes.subarray(0, magic.length).equals(magic)) throw new Error('the connection does not start with the magic');
  const frames: Frame[] = [];
  let at = magic.length;
  while (bytes.length - at >= FRAME_HEADER_BYTES) {
    const length = bytes.readUInt32LE(at);
    const type = typeNames.get(bytes.readUInt8(at + 4));
    if (type === undefined || length > FRAME_MAX_PAYLOAD_BYTES) throw new Error(`no frame at byte ${at}`);
    if (bytes.length - at < FRAME_HEADER_BYTES + length) break;
    frames.push({
      type,
      flags: bytes.readUInt8(at + 5),
      stream: bytes.readUInt16LE(at + 6),
      timeNs: bytes.readBigUInt64LE(at + 8),
      seq: BigInt(bytes.readUIntLE(at + 16, 6)),
      thread: bytes.readUInt16LE(at + 22),
      payload: bytes.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + length),
    });
    at += FRAME_HEADER_BYTES + length;
  }
  return { frames, trailing: bytes.length - at };
}

/** The magic and all frames that are whole; nothing where no frame is. */
function wholeFrames(bytes: Buffer): Buffer {
  if (bytes.length < FRAME_MAGIC.length + FRAME_HEADER_BYTES) return Buffer.alloc(0);
  const { frames, trailing } = decodeFrames(bytes);
  return frames.length === 0 ? Buffer.alloc(0) : bytes.subarray(0, bytes.length - trailing);
}

export function readHello({ payload, seq }: Frame): Hello & { readonly lost: Loss } {
  const names = HELLO_PAYLOAD_BYTES;
  const container = names + payload.readUInt16LE(2);
  const end = container + payload.readUInt16LE(4);
  if (end !== payload.length) throw new Error(`the names of HELLO end at ${end} of ${payload.length} bytes`);
  return {
    version: payload.readUInt16LE(0),
    library: payload.readUInt16LE(6),
    pid: payload.readUInt32LE(8),
    ppid: payload.readUInt32LE(12),
    startTicks: payload.readBigUInt64LE(16),
    instance: payload.readBigUInt64LE(24).toString(16).padStart(16, '0'),
    process: payload.toString('utf8', names, container),
    container: payload.toString('utf8', container, end),
    handed: seq > 0n ? seq - 1n : undefined,
    lost: { lines: payload.readBigUInt64LE(32), bytes: payload.readBigUInt64LE(40) },
  };
}

export function readLost({ payload }: Frame): Loss {
  return { lines: payload.readBigUInt64LE(0), bytes: payload.readBigUInt64LE(8) };
}

/** What one process handed over, on all its connections. */
export interface TappedProcess {
  readonly hello: Hello;
  readonly connections: number;
  readonly data: readonly Frame[];
  readonly lost: Loss;
  /** Streams and files, by their paths, of which bytes came. */
  streams(): string[];
  /** DATA frames of a stream or of a file, named by its path, in the order of arrival. */
  frames(stream: 'stdout' | 'stderr' | string): Frame[];
  /** Their bytes. */
  bytes(stream: 'stdout' | 'stderr' | string): Buffer;
}

/** Reads connections (or files of frames), each from its magic to its end, and checks the rules that hold for all. */
export function readProcesses(connections: readonly Buffer[]): TappedProcess[] {
  const processes = new Map<string, MutableProcess>();
  for (const bytes of connections) {
    const { frames, trailing } = decodeFrames(bytes);
    const [first, ...rest] = frames;
    if (trailing > 0) throw new Error(`a connection ends within a frame, after ${trailing} bytes of it`);
    if (first?.type !== 'HELLO') throw new Error(`a connection starts with ${first?.type}`);
    const hello = readHello(first);
    const process = processes.get(hello.instance) ?? new MutableProcess(hello);
    processes.set(hello.instance, process);
    process.add(hello.lost, rest);
  }
  return [...processes.values()];
}

/** A stream of several processes, one after the other. */
export function textOf(processes: readonly TappedProcess[], stream: string): string {
  return processes.map((process) => process.bytes(stream).toString()).join('');
}

class MutableProcess implements TappedProcess {
  readonly hello: Hello;
  readonly data: Frame[] = [];
  readonly #pathOf = new Map<Frame, string>();
  connections = 0;
  lost: Loss = { lines: 0n, bytes: 0n };

  constructor(hello: Hello) {
    this.hello = hello;
  }

  add(lostBefore: Loss, frames: readonly Frame[]): void {
    this.connections += 1;
    this.#lose(lostBefore);
    const paths = new Map<number, string>([
      [STREAMS.STDOUT, 'stdout'],
      [STREAMS.STDERR, 'stderr'],
    ]);
    for (const frame of frames) {
      if (frame.type === 'HELLO') throw new Error('a second HELLO');
      if (frame.type === 'LOST') this.#lose(readLost(frame));
      if (frame.type === 'FILE') {
        if (paths.has(frame.stream)) throw new Error(`file ${frame.stream} is announced twice on one connection`);
        paths.set(frame.stream, frame.payload.toString());
      }
      if (frame.type !== 'DATA') continue;
      const path = paths.get(frame.stream);
      if (path === undefined) throw new Error(`stream ${frame.stream} was not announced on this connection`);
      this.data.push(frame);
      this.#pathOf.set(frame, path);
    }
  }

  streams(): string[] {
    return [...new Set(this.#pathOf.values())];
  }

  frames(stream: string): Frame[] {
    return this.data.filter((frame) => this.#pathOf.get(frame) === stream);
  }

  bytes(stream: string): Buffer {
    return Buffer.concat(this.frames(stream).map((frame) => frame.payload));
  }

  #lose(total: Loss): void {
    if (total.bytes < this.lost.bytes || total.lines < this.lost.lines) throw new Error('totals of losses went back');
    this.lost = total;
  }
}

export interface ReceiverOptions {
  /** Where to listen; a path in a new directory when absent. */
  readonly socket?: string;
  /** Accept, but do not read until `resume`. */
  readonly paused?: boolean;
}

interface Connection {
  readonly chunks: Buffer[];
  readonly socket: Socket;
  ended: boolean;
}

/** For a machine that is busy: a writer that has ended leaves megabytes to read. */
const SETTLED_MS = 120_000;

/** Listens, keeps every byte of every connection. Close it at the end of a test. */
export class TapReceiver {
  readonly socket: string;
  readonly #server: Server;
  readonly #connections: Connection[] = [];

  private constructor(socket: string, paused: boolean) {
    this.socket = socket;
    this.#server = createServer({ pauseOnConnect: paused }, (connection) => {
      const entry: Connection = { chunks: [], socket: connection, ended: false };
      this.#connections.push(entry);
      if (!paused) this.#read(entry);
      connection.on('error', () => connection.destroy());
      connection.on('close', () => {
        entry.ended = true;
      });
    });
  }

  static async start({ socket = join(temporaryDirectory(), 'tap.sock'), paused = false }: ReceiverOptions = {}) {
    const receiver = new TapReceiver(socket, paused);
    receiver.#server.listen(socket);
    await once(receiver.#server, 'listening');
    return receiver;
  }

  /** Starts reading what was held back. */
  resume(): void {
    for (const connection of this.#connections) this.#read(connection);
  }

  #read({ socket, chunks }: Connection): void {
    socket.on('data', (chunk) => chunks.push(chunk)).resume();
  }

  get connectionCount(): number {
    return this.#connections.length;
  }

  get openCount(): number {
    return this.#connections.filter(({ ended }) => !ended).length;
  }

  /** Waits until every connection has ended: all writers are gone and everything is read. */
  async settled(): Promise<void> {
    const deadline = Date.now() + SETTLED_MS;
    for (let quiet = 0; quiet < 3; quiet += 1) {
      if (Date.now() > deadline)
        throw new Error(`gave up after ${SETTLED_MS} ms waiting until every connection has ended`);
      await sleep(5);
      if (this.openCount > 0) quiet = -1;
    }
  }

  /** The bytes of each connection so far. */
  raw(): Buffer[] {
    return this.#connections.map(({ chunks }) => Buffer.concat(chunks));
  }

  /** Of a connection that is open, the rest of a frame may be on its way. */
  processes(): TappedProcess[] {
    const connections = this.#connections.map(({ chunks, ended }) => {
      const bytes = Buffer.concat(chunks);
      return ended ? bytes : wholeFrames(bytes);
    });
    return readProcesses(connections.filter((bytes, i) => bytes.length > 0 || this.#connections[i]!.ended));
  }

  /** A stream of all processes, in the order in which they connected. */
  text(stream: string): string {
    return textOf(this.processes(), stream);
  }

  /** Stops listening and hangs up. */
  async close(): Promise<void> {
    for (const { socket } of this.#connections) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }
}
