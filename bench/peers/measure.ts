/** One run of one peer: started, waited for, fed by a program, watched from outside, and checked at the sink. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Usage, usageOf } from '../running-shipper.js';
import { tapped } from '../workshop.js';
import type { Peer, Task } from './peer.js';
import type { Row } from './rows.js';
import { type CountingSink, openSink } from './sink.js';

const WRITE_BYTES = 64 * 1024;
/** Without a new line at the sink the run is over. */
const STALL_MS = 60_000;
const START_MS = 180_000;
/** After the last line: what is left to acknowledge and to release is part of the cost. */
const REST_MS = 300;
const END_MS = 10_000;

/** What one run used and delivered. */
export interface Run {
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly idleMb: number;
  readonly peakMb: number;
  readonly wireBytes: number;
  readonly lost: number;
  readonly twice: number;
  /** From the write to the sink, at an even rate: of the median request's oldest line, and of the worst. */
  readonly delayMs?: { readonly median: number; readonly worst: number };
}

/** The lines of a row, on disk. */
export interface Input {
  readonly file: string;
  readonly lines: number;
}

export interface Workplace {
  readonly directory: string;
  /** The program that writes the lines. */
  readonly replay: string;
  readonly tls: { readonly cert: Buffer; readonly key: Buffer; readonly caFile: string };
}

/** Nanoseconds of all its threads. /proc/PID/stat counts whole hundredths of a second, but also threads that have ended. */
function cpuSecondsOf(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // The thread has ended, or this kernel does not count.
    }
  }
  return Math.max(nanoseconds / 1e9, usageOf(pid).cpuSeconds);
}

interface Started {
  readonly pid: number;
  usage(): Usage;
  end(): Promise<void>;
}

function failure(peer: Peer, output: string, problem: string): Error {
  return new Error(`${peer.name} ${problem}. The last it printed:\n${output.split('\n').slice(-15).join('\n')}`);
}

/** Waits until it reads, and until it has nothing left to do. */
async function settle(peer: Peer, task: Task, child: ChildProcess, said: () => string): Promise<void> {
  const deadline = Date.now() + START_MS;
  const isReading = () => peer.input === 'files' || existsSync(task.input);
  for (let before = -1; ; ) {
    await sleep(400);
    if (child.exitCode !== null || child.signalCode !== null) throw failure(peer, said(), 'ended at its start');
    if (Date.now() > deadline) throw failure(peer, said(), 'did not start');
    const now = cpuSecondsOf(child.pid!);
    if (isReading() && now - before < 0.02) return;
    before = now;
  }
}

async function start(peer: Peer, task: Task, program: string): Promise<Started> {
  const { command, args, env } = peer.command(task, program);
  const child = spawn(command, args, {
    cwd: task.directory,
    env: { PATH: process.env.PATH, HOME: task.directory, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said = (said + text).slice(-100_000);
    });
  }
  await Promise.race([once(child, 'spawn'), once(child, 'error').then(([error]) => Promise.reject(error))]);
  const ended = once(child, 'close');
  await settle(peer, task, child, () => said);
  return {
    pid: child.pid!,
    usage() {
      if (child.exitCode !== null || child.signalCode !== null) throw failure(peer, said, 'ended in its run');
      return { ...usageOf(child.pid!), cpuSeconds: cpuSecondsOf(child.pid!) };
    },
    async end() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Starts the program that writes the lines. */
function feed(peer: Peer, { row, input }: Task, { replay }: Workplace, file: string) {
  const { rate = 0, processes = 1, isWritePerLine = false } = row;
  const target = { socket: `unix:${input}`, files: `file:${input.replace(/\.\*$/, '')}`, rings: '-' }[peer.input];
  const args = [file, target, isWritePerLine ? 0 : WRITE_BYTES, rate, processes].map(String);
  const env = peer.input === 'rings' ? { ...tapped(`ring:${input}`), LLT_ON_FULL: 'block:60000' } : {};
  return spawn(replay, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Per request with new lines: when it came, and its oldest line. */
type Arrival = readonly [atMs: number, line: number];

function delays(arrivals: readonly Arrival[], startMs: number, rate: number): NonNullable<Run['delayMs']> {
  const each = arrivals.map(([at, line]) => at - (startMs + (line * 1000) / rate)).sort((a, b) => a - b);
  return { median: Math.round(each[each.length >> 1] ?? 0), worst: Math.round(each.at(-1) ?? 0) };
}

/** Waits until the sink has every line, or gets no more. */
async function delivered(sink: CountingSink, lines: number, look: () => void): Promise<void> {
  let [seen, since] = [-1, Date.now()];
  while (sink.marks.seen < lines) {
    if (sink.marks.seen > seen || sink.isDown) [seen, since] = [sink.marks.seen, Date.now()];
    if (Date.now() - since > STALL_MS) return;
    look();
    await sleep(10);
  }
}

async function run(peer: Peer, task: Task, program: string, input: Input, sink: CountingSink, at: Workplace) {
  const peerProcess = await start(peer, task, program);
  try {
    const idle = peerProcess.usage();
    const wireBefore = sink.wireBytes();
    const { outageSeconds = 0 } = task.row;
    sink.isDown = outageSeconds > 0;
    setTimeout(() => {
      sink.isDown = false;
    }, outageSeconds * 1000);
    const begin = performance.now();
    const writer = feed(peer, task, at, input.file);
    const startMs = once(writer.stderr, 'data').then(([text]) => Number(text));
    const written = once(writer, 'exit');
    await delivered(sink, input.lines, () => peerProcess.usage());
    const seconds = (performance.now() - begin) / 1000;
    await sleep(REST_MS);
    const usage = peerProcess.usage();
    // One that waits for a peer that reads no more would never end.
    writer.kill('SIGKILL');
    await written;
    return {
      // It prints before it writes, or never.
      startMs: await Promise.race([startMs, written.then(() => Number.NaN)]),
      used: {
        cpuSeconds: usage.cpuSeconds - idle.cpuSeconds,
        seconds,
        idleMb: idle.rssMb,
        peakMb: usage.peakMb,
        wireBytes: sink.wireBytes() - wireBefore,
        lost: input.lines - sink.marks.seen,
        twice: sink.marks.twice,
      },
    };
  } finally {
    await peerProcess.end();
  }
}

function taskOf(peer: Peer, row: Row, url: string, { directory, tls }: Workplace): Task {
  const own = join(directory, 'run');
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own);
  const input = join(own, { socket: 'lines.sock', files: 'lines.log.*', rings: 'rings' }[peer.input]);
  if (peer.input === 'rings') mkdirSync(input);
  // A peer looks at files that exist more often than for new ones.
  const files = peer.input === 'files' ? (row.processes ?? 1) : 0;
  for (let i = 0; i < files; i++) writeFileSync(input.replace('*', String(i)), '');
  return { row, directory: own, input, url, ...(url.startsWith('https') ? { caFile: tls.caFile } : {}) };
}

/** Runs a peer once. Throws when it ends by itself. */
export async function measure(peer: Peer, program: string, row: Row, input: Input, at: Workplace): Promise<Run> {
  const arrivals: Arrival[] = [];
  const sink = await openSink({
    lines: input.lines,
    latencyMs: row.latencyMs ?? 0,
    onRequest: (first) => arrivals.push([Date.now(), first]),
    ...(row.service === 'cloudwatch' ? { tls: at.tls } : {}),
  });
  try {
    const { used, startMs } = await run(peer, taskOf(peer, row, sink.url, at), program, input, sink, at);
    const { rate, processes = 1, outageSeconds } = row;
    const isEven = rate !== undefined && processes === 1 && outageSeconds === undefined;
    return { ...used, ...(isEven ? { delayMs: delays(arrivals, startMs, rate) } : {}) };
  } finally {
    sink.close();
  }
}
