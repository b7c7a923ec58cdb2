/** What the shipper costs: lines from a tapped program, through ring and socket, to a file sink that leads nowhere. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compile, directory, library, median, print, shipper } from './workshop.js';

const LINES = 1_000_000;
const ROUNDS = 3;
/** Clock ticks a second in /proc, the same on every Linux that Node runs on. */
const TICKS = 100;

interface Cost {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakMb: number;
}

function processCost(pid: number): { cpuSeconds: number; peakMb: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  // A process that is ending has given its memory back already.
  if (peak === undefined) throw new Error('no memory left to look at');
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS, peakMb: Number(peak) / 1024 };
}

type Target = 'ring' | 'socket';

async function measureOnce(program: string, target: Target, round: number): Promise<Cost> {
  const socket = join(directory, `shipper-${target}-${round}.sock`);
  const rings = join(directory, `rings-${target}-${round}`);
  const child = spawn(process.execPath, [shipper], {
    env: {
      LOGTAP_SOCKET: socket,
      LOGTAP_RING_DIR: rings,
      LOGTAP_STATUS_PORT: 'off',
      LOGTAP_SINK: 'file',
      LOGTAP_FILE_PATH: '/dev/null',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  while (!existsSync(socket)) await sleep(5);
  await sleep(100);
  const idle = processCost(child.pid ?? 0);
  const begin = performance.now();
  const { status } = spawnSync(program, [String(LINES - 1)], {
    stdio: 'ignore',
    env: {
      LD_PRELOAD: library,
      LLT_TAP_INTO: '1',
      LLT_TARGET: target === 'ring' ? `ring:${rings}` : `socket:${socket}`,
      LLT_FORMAT: 'frame',
      LLT_ON_FULL: 'block:10000',
      LLT_SUPPRESS_STDOUT: 'true',
    },
  });
  if (status !== 0) throw new Error(`the writing program ended with ${status}`);
  // Everything is in the socket or further; ask for the cost only once it is through.
  child.kill('SIGTERM');
  let cost = processCost(child.pid ?? 0);
  const ended = once(child, 'exit');
  let isOver = false;
  ended.then(() => {
    isOver = true;
  });
  while (!isOver) {
    await sleep(5);
    try {
      cost = processCost(child.pid ?? 0);
    } catch {
      // It ended between two looks.
    }
  }
  const last = JSON.parse(said.trimEnd().split('\n').at(-1) ?? '{}');
  if (last.read !== LINES || last.held !== 0 || !last.balanced) throw new Error(`the ledger does not balance: ${said}`);
  return {
    cpuSeconds: cost.cpuSeconds - idle.cpuSeconds,
    wallSeconds: (performance.now() - begin) / 1000,
    peakMb: cost.peakMb,
  };
}

export async function shipperThroughput(): Promise<void> {
  const program = compile('writes');
  const costs: Record<Target, Cost[]> = { ring: [], socket: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const target of ['ring', 'socket'] as const) costs[target].push(await measureOnce(program, target, round));
  }
  print(`The shipper, ${LINES.toLocaleString('en')} lines of 120 bytes, one write each, median of ${ROUNDS}`, [
    ['', 'CPU seconds', 'lines/s', 'peak MB'],
    ...Object.entries(costs).map(([target, each]) => {
      const of = (pick: (cost: Cost) => number) => median(each.map(pick));
      return [
        target,
        of((cost) => cost.cpuSeconds).toFixed(2),
        Math.round(LINES / of((cost) => cost.wallSeconds)).toLocaleString('en'),
        of((cost) => cost.peakMb).toFixed(0),
      ];
    }),
  ]);
}
