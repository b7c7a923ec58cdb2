/**
 * Records programs that fail, with the writes as the library saw them: `npx tsx test/events/record.ts [NAME...]`, as root on
 * a machine with the runtimes of `writers.ts`. The recordings are part of the repository; the suite needs no runtime.
 *
 * A program marks the end of each event with a line in the file `truth`, which is tapped too: the process numbers its frames,
 * so the marks divide them, thread by thread. A program that writes whole buffers cannot mark; its lines are those of a run
 * that does not.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { FRAME_HEADER_BYTES, FRAME_MAGIC, FRAME_TYPES, LIBRARY_ENV } from '../../src/contract.js';
import { type Header, RECORDINGS, type Write } from './recording.js';
import { type Load, type Writer, writers } from './writers.js';

const MARKS = 'truth';
const library = join(__dirname, '../../dist/native/x86_64/liblogtap.so');
const THREAD_SHIFT = 48n;
const SEQ_MASK = (1n << THREAD_SHIFT) - 1n;

async function record(writer: Writer, load: Load): Promise<{ writes: Write[]; truth: Header['truth'] }> {
  const directory = mkdtempSync(join(tmpdir(), 'logtap-record-'));
  const connections: Buffer[][] = [];
  let open = 0;
  const server = createServer((socket) => {
    const chunks: Buffer[] = [];
    connections.push(chunks);
    open += 1;
    socket
      .on('data', (chunk) => chunks.push(chunk))
      .on('close', () => {
        open -= 1;
      });
  });
  const path = join(directory, 'tap.sock');
  await new Promise<void>((settle) => server.listen(path, settle));
  const [command = '', ...args] = writer.command(load, directory);
  const child = spawn(command, args, {
    cwd: directory,
    timeout: 60_000,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      LC_ALL: 'C.UTF-8',
      LD_PRELOAD: library,
      TRUTH: join(directory, MARKS),
      [LIBRARY_ENV.TAP_INTO.name]: '3',
      [LIBRARY_ENV.TARGET.name]: `socket:${path}`,
      [LIBRARY_ENV.FORMAT.name]: 'frame',
      [LIBRARY_ENV.ON_FULL.name]: 'block:20000',
      [LIBRARY_ENV.TAP_FILE.name]: `${join(directory, MARKS)}:${join(directory, '*.log')}`,
      ...writer.env?.(load),
    },
  });
  child.stdout.resume();
  child.stderr.resume();
  await new Promise((settle) => child.once('close', settle));
  while (open > 0) await sleep(20);
  server.close();
  rmSync(directory, { recursive: true, force: true });
  return divide(
    connections.map((chunks) => Buffer.concat(chunks)),
    load,
  );
}

/** A DATA frame. */
interface Frame {
  readonly stream: string;
  readonly timeNs: bigint;
  readonly seq: number;
  readonly thread: number;
  readonly continues: boolean;
  readonly text: string;
}

/** The DATA frames of a connection. */
function framesOf(bytes: Buffer): Frame[] {
  const names = new Map([
    [1, 'stdout'],
    [2, 'stderr'],
  ]);
  const frames: Frame[] = [];
  for (let at = FRAME_MAGIC.length; at + FRAME_HEADER_BYTES <= bytes.length; ) {
    const start = at + FRAME_HEADER_BYTES;
    const end = start + bytes.readUInt32LE(at);
    const type = bytes[at + 4];
    const stream = bytes.readUInt16LE(at + 6);
    const word = bytes.readBigUInt64LE(at + 16);
    const text = bytes.toString('latin1', start, end);
    if (type === FRAME_TYPES.FILE.value) names.set(stream, text.split('/').at(-1) ?? '');
    if (type === FRAME_TYPES.DATA.value) {
      frames.push({
        stream: names.get(stream) ?? String(stream),
        timeNs: bytes.readBigUInt64LE(at + 8),
        seq: Number(word & SEQ_MASK),
        thread: Number(word >> THREAD_SHIFT),
        continues: (bytes[at + 5]! & 1) === 1,
        text,
      });
    }
    at = end;
  }
  return frames;
}

/** Which event each line of a stream belongs to, told by the marks between the writes of its thread. */
class Truth {
  readonly runs: Record<string, [event: number, lines: number][]> = {};
  readonly #open = new Map<number, number>();
  /** Events of lines that are not ended, by stream and thread. */
  readonly #partial = new Map<string, { stream: string; event: number }>();
  #events = 0;

  mark(thread: number): void {
    this.#open.delete(thread);
  }

  write(stream: string, thread: number, text: string): void {
    const open = this.#open.get(thread) ?? ++this.#events;
    this.#open.set(thread, open);
    const key = `${stream}/${thread}`;
    // A line belongs to the event of its first byte.
    let event = this.#partial.get(key)?.event ?? open;
    this.#partial.delete(key);
    for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
      if (line.endsWith('\n')) this.#line(stream, event);
      else this.#partial.set(key, { stream, event });
      event = open;
    }
  }

  end(): void {
    for (const { stream, event } of this.#partial.values()) this.#line(stream, event);
  }

  #line(stream: string, event: number): void {
    const runs = this.runs[stream] ?? [];
    this.runs[stream] = runs;
    const last = runs.at(-1);
    if (last?.[0] === event) last[1] += 1;
    else runs.push([event, 1]);
  }
}

/** The frames of each connection as writes, and the events that the marks divide. */
function divide(connections: readonly Buffer[], load: Load): { writes: Write[]; truth: Header['truth'] } {
  // A buffer may be written by another thread than the one that filled it: at the exit, for one.
  const tag = (thread: number) => (load === 'threads' ? thread : 0);
  const all = connections.map(framesOf).filter((frames) => frames.length > 0);
  const [first = 0n] = all.map((frames) => frames[0]!.timeNs).sort((one, other) => Number(one - other));
  const truth: Record<string, readonly (readonly [number, number])[]> = {};
  const writes = all.flatMap((frames, p) => {
    const own = new Truth();
    const written = frames.flatMap((frame): Write[] => {
      const { stream: s, thread: h } = frame;
      if (s === MARKS) {
        own.mark(tag(h));
        return [];
      }
      own.write(s, tag(h), frame.text);
      const t = Number((frame.timeNs - first) / 1000n) / 1000;
      return [{ p, s, t, n: frame.seq, h, ...(frame.continues ? { c: 1 as const } : {}), d: frame.text }];
    });
    own.end();
    for (const [stream, runs] of Object.entries(own.runs)) truth[`${p}/${stream}`] = runs;
    return written;
  });
  return { writes, truth };
}

/** Events by their first lines. */
function byStarts(writes: readonly Write[], starts: RegExp): Header['truth'] {
  const streams = new Map<string, string>();
  for (const { p, s, d } of writes) streams.set(`${p}/${s}`, (streams.get(`${p}/${s}`) ?? '') + d);
  const truth = [...streams].map(([stream, text]) => {
    const runs: [number, number][] = [];
    for (const line of text.trimEnd().split('\n')) {
      if (starts.test(line) || runs.length === 0) runs.push([runs.length + 1, 1]);
      else runs.at(-1)![1] += 1;
    }
    return [stream, runs] as const;
  });
  return Object.fromEntries(truth);
}

const linesOf = (truth: Header['truth']) =>
  Object.values(truth).map((runs) => runs.reduce((sum, [, lines]) => sum + lines, 0));

async function main(names: readonly string[]): Promise<void> {
  mkdirSync(RECORDINGS, { recursive: true });
  for (const writer of writers) {
    if (names.length > 0 && !names.some((name) => writer.name.startsWith(name))) continue;
    const version = writer.version === undefined ? '' : versionOf(writer.version);
    for (const load of writer.loads) {
      const run = await record(writer, load);
      let { truth } = run;
      if (writer.starts !== undefined && (writer.loads.length === 1 || load === 'threads'))
        truth = byStarts(run.writes, writer.starts);
      else if (load === 'block' || load === 'pipe') {
        truth = (await record(writer, 'low')).truth;
        const streams = Object.keys(run.truth);
        // The processes that write differ: the streams are matched in their order.
        truth = Object.fromEntries(Object.values(truth).map((runs, i) => [streams[i] ?? `lacks${i}`, runs]));
        const [expected, found] = [linesOf(truth), linesOf(run.truth)].map(String);
        if (expected !== found) {
          console.log(`${writer.name} ${load}: ${found} lines instead of ${expected}: not kept`);
          continue;
        }
      }
      const header: Header = { writer: writer.name, load, version, truth };
      const text = [header, ...run.writes].map((line) => JSON.stringify(line)).join('\n');
      writeFileSync(join(RECORDINGS, `${writer.name}.${load}.gz`), gzipSync(`${text}\n`, { level: 9 }));
      const events = new Set(Object.values(truth).flatMap((runs) => runs.map(([event]) => event))).size;
      console.log(`${writer.name} ${load}: ${run.writes.length} writes, ${linesOf(truth)} lines, ${events} events`);
    }
  }
}

function versionOf(command: readonly string[]): string {
  const [program = '', ...args] = command;
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return (stdout + stderr).split('\n')[0]?.trim() ?? '';
}

void main(process.argv.slice(2));
