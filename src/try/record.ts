/** Records a tape: a server that takes the library's frames instead of the shipper. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { TapeRecorder } from '../cli/try/try-module.js';
import { FRAME_FLAGS, FRAME_HEADER_BYTES, FRAME_MAGIC, FRAME_MAX_PAYLOAD_BYTES, STREAMS } from '../contract.js';
import { FrameDecoder, type FrameReader, type Hello, type Lost } from '../shipper/source/frames/decoder.js';
import { type Entry, TAPE_VERSION } from './tape.js';

const MAGIC = Buffer.from(FRAME_MAGIC);
const EMPTY = Buffer.alloc(0);

export async function recordTape(tape: string, socket: string): Promise<TapeRecorder> {
  const handle = openSync(tape, 'w');
  const startMs = Date.now();
  // Each entry at once, so that the tape of a killed recorder ends early, but can be read.
  const write = (line: object) => writeSync(handle, `${JSON.stringify(line)}\n`);
  write({ tape: TAPE_VERSION, startMs });
  const open = new Map<Socket, Promise<void>>();
  let processes = 0;
  const server = createServer((connection) => {
    const recording = record(connection, new Connection(processes++, startMs, write));
    open.set(connection, recording);
    void recording.then(() => open.delete(connection));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  return {
    close: () => close(server, open, handle),
    stop: () => {
      for (const connection of open.keys()) connection.destroy();
    },
  };
}

/** Resolves when the connection has ended. The frames before an error are on the tape. */
function record(socket: Socket, connection: Connection): Promise<void> {
  return new Promise((resolve) => {
    socket
      .on('data', (chunk) => {
        try {
          connection.write(chunk);
        } catch (error) {
          process.stderr.write(`logtap: a connection sent no frames: ${(error as Error).message}\n`);
          socket.destroy();
        }
      })
      .on('error', () => {})
      .on('close', () => resolve());
  });
}

async function close(server: Server, open: ReadonlyMap<Socket, Promise<void>>, handle: number): Promise<void> {
  // Connections that are still in the backlog come before this.
  await new Promise(setImmediate);
  while (open.size > 0) await Promise.all(open.values());
  await new Promise((resolve) => server.close(resolve));
  closeSync(handle);
}

/** The frames of one process as entries. */
class Connection implements FrameReader {
  readonly #decoder = new FrameDecoder(this, { start: MAGIC.length });
  readonly #files = new Map<number, string>([
    [STREAMS.STDOUT, 'stdout'],
    [STREAMS.STDERR, 'stderr'],
  ]);
  #isFramed = false;
  #rest = EMPTY;
  /** Flags of the frame that the decoder reads. */
  #flags = 0;

  constructor(
    private readonly number: number,
    private readonly startMs: number,
    private readonly tape: (entry: Entry) => void,
  ) {}

  write(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#isFramed && bytes.length >= MAGIC.length) {
      if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('it does not start with the magic of frames');
      this.#isFramed = true;
      bytes = bytes.subarray(MAGIC.length);
    }
    while (this.#isFramed && bytes.length >= FRAME_HEADER_BYTES) {
      const payload = bytes.readUInt32LE(0);
      const length = FRAME_HEADER_BYTES + Math.min(payload, FRAME_MAX_PAYLOAD_BYTES);
      if (bytes.length < length) break;
      this.#flags = bytes[5]!;
      // Judges the length as well.
      this.#decoder.write(bytes.subarray(0, length));
      bytes = bytes.subarray(length);
    }
    this.#rest = Buffer.from(bytes);
  }

  hello({ process, pid, container }: Hello): void {
    this.tape({ p: this.number, process, pid, container });
  }

  file(stream: number, path: string): void {
    this.#files.set(stream, path);
  }

  data(stream: number, timeMs: number, seq: number, bytes: Buffer, start: number, end: number, thread: number): void {
    const s = this.#files.get(stream);
    if (s === undefined) return;
    const continues = (this.#flags & FRAME_FLAGS.CONTINUES.value) !== 0;
    const d = bytes.toString('latin1', start, end);
    this.tape({ p: this.number, s, t: this.#since(timeMs), n: seq, h: thread, ...(continues && { c: 1 }), d });
  }

  lost(_stream: number, timeMs: number, { lines, bytes }: Lost): void {
    this.tape({ p: this.number, t: this.#since(timeMs), lost: { lines, bytes } });
  }

  /** In milliseconds, to the microsecond. */
  #since(timeMs: number): number {
    return Math.round((timeMs - this.startMs) * 1000) / 1000;
  }
}
