/** What a tapped write costs the application, and what the library costs at the start of a process. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './median.js';
import { compile, directory, library, print } from './workshop.js';

const WRITES = 200_000;
const STARTS = 300;
const ROUNDS = 7;
/** Processes, each with an address space of its own: what depends on where memory lies differs between them. */
const PROCESSES = 32;
const WRITES_OF_EACH = 20_000;

/** Of one write or one start. CPU time hardly depends on what else the machine does; elapsed time does. */
interface Cost {
  readonly elapsed: number;
  readonly cpu: number;
}

interface Targets {
  readonly socket: string;
  readonly rings: string;
}

/** Named as in the table; the first one is what the others are compared with. */
function variants({ socket, rings }: Targets): Readonly<Record<string, Record<string, string>>> {
  const tap = (target: string, suppress: boolean) => ({
    LD_PRELOAD: library,
    LLT_TAP_INTO: '1',
    LLT_TARGET: target,
    LLT_FORMAT: 'frame',
    // Every byte is handed over: a copy that is dropped would look cheap.
    LLT_ON_FULL: 'block:10000',
    LLT_SUPPRESS_STDOUT: String(suppress),
  });
  const file = `file:${join(directory, 'copy')}`;
  return {
    'not loaded': {},
    'loaded, nothing tapped': { LD_PRELOAD: library },
    'file, tee': tap(file, false),
    'file, suppress': tap(file, true),
    'socket, tee': tap(`socket:${socket}`, false),
    'socket, suppress': tap(`socket:${socket}`, true),
    'ring, tee': tap(`ring:${rings}`, false),
    'ring, suppress': tap(`ring:${rings}`, true),
  };
}

function costIn(report: string): Cost {
  const [elapsed = Number.NaN, cpu = Number.NaN] = report.split(' ').map(Number);
  return { elapsed, cpu };
}

/** Nanoseconds a write, to a file in memory. */
function writeOnce(program: string, env: Record<string, string>, threads: number, writes = WRITES): Cost {
  const original = join(directory, 'original');
  const output = openSync(original, 'w');
  const { status, stderr } = spawnSync(program, [String(writes), String(threads)], {
    env,
    stdio: ['ignore', output, 'pipe'],
  });
  closeSync(output);
  truncateSync(original);
  spawnSync('sh', ['-c', `rm -f ${join(directory, 'copy')}*`]);
  if (status !== 0) throw new Error(`the writing program ended with ${status}: ${stderr}`);
  return costIn(stderr.toString());
}

/** Microseconds a start of a process, measured by a small parent: Node's own fork costs more than the process. */
function startMany(starter: string, command: readonly string[], env: Record<string, string>): Cost {
  const given = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const { status, stderr } = spawnSync(starter, [String(STARTS), ...given, ...command], {
    env: {},
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`the starting program ended with ${status}: ${stderr}`);
  return costIn(stderr.toString());
}

type Measure = (env: Record<string, string>) => Cost;

/** A row: the cost, its ratio to the first variant of the same round as median and range, and the elapsed time's ratio. */
function row(name: string, costs: readonly Cost[], first: readonly Cost[]): string[] {
  const ratios = (of: keyof Cost) => costs.map((cost, round) => cost[of] / (first[round]?.[of] ?? Number.NaN));
  const cpu = ratios('cpu');
  return [
    name,
    median(costs.map((cost) => cost.cpu)).toFixed(0),
    median(cpu).toFixed(2),
    `${Math.min(...cpu).toFixed(2)} to ${Math.max(...cpu).toFixed(2)}`,
    median(costs.map((cost) => cost.elapsed)).toFixed(0),
    median(ratios('elapsed')).toFixed(2),
  ];
}

/** Runs all variants in turn, round after round, so that a change of the machine's speed meets all of them. */
function compare(
  title: string,
  unit: string,
  measure: Measure,
  names: readonly string[],
  targets: Targets,
  runs: number,
) {
  const all = variants(targets);
  const rounds = Array.from({ length: runs }, () => names.map((name) => measure(all[name] ?? {})));
  const costs = names.map((_, i) => rounds.flatMap((round) => round[i] ?? []));
  print(title, [
    ['', `CPU ${unit}`, 'ratio', 'range', `elapsed ${unit}`, 'ratio'],
    ...names.map((name, i) => row(name, costs[i] ?? [], costs[0] ?? [])),
  ]);
}

async function startDrain({ socket, rings }: Targets): Promise<ChildProcess[]> {
  mkdirSync(rings);
  const drains = [
    spawn(compile('drain'), [socket], { stdio: 'ignore' }),
    spawn(compile('drain-ring'), [rings], { stdio: 'ignore' }),
  ];
  while (!existsSync(socket) || readdirSync(rings).length === 0) await sleep(5);
  return drains;
}

export async function hookCost(): Promise<void> {
  const targets = { socket: join(directory, 'drain.sock'), rings: join(directory, 'rings') };
  const drains = await startDrain(targets);
  try {
    const program = compile('writes');
    const names = Object.keys(variants(targets));
    for (const threads of [1, 16]) {
      const rounds = `median of ${ROUNDS} rounds of ${WRITES.toLocaleString('en')}`;
      const title = `A write of 120 bytes to a file in memory, ${threads} threads, ${rounds}`;
      compare(title, 'ns', (env) => writeOnce(program, env, threads), names, targets, ROUNDS);
    }
    const each = `${PROCESSES} processes, ${WRITES_OF_EACH.toLocaleString('en')} writes each`;
    const rings = ['not loaded', 'ring, tee', 'ring, suppress'];
    compare(each, 'ns', (env) => writeOnce(program, env, 1, WRITES_OF_EACH), rings, targets, PROCESSES);
    const starter = compile('starts');
    const loaded = ['not loaded', 'loaded, nothing tapped', 'socket, tee', 'ring, tee'];
    // The second one writes a line, so its start holds the connection, or the ring, and the greeting too.
    for (const command of [['/bin/true'], ['/bin/echo', 'a line']]) {
      const title = `The life of ${command[0]}, median of ${ROUNDS} rounds of ${STARTS}`;
      compare(title, 'us', (env) => startMany(starter, command, env), loaded, targets, ROUNDS);
    }
  } finally {
    for (const drain of drains) drain.kill();
  }
}
