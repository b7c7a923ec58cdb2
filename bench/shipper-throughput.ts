/** What the shipper costs: lines from a tapped program, through ring and socket, to a file sink that leads nowhere. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './median.js';
import { startShipper, usageOf } from './running-shipper.js';
import { compile, directory, print, tapped } from './workshop.js';

const LINES = 1_000_000;
const ROUNDS = 3;

interface Cost {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakMb: number;
}

type Target = 'ring' | 'socket';

async function measureOnce(program: string, target: Target, round: number): Promise<Cost> {
  const socket = join(directory, `shipper-${target}-${round}.sock`);
  const rings = join(directory, `rings-${target}-${round}`);
  const running = await startShipper({
    LOGTAP_SOCKET: socket,
    LOGTAP_RING_DIR: rings,
    LOGTAP_SINK: 'file',
    LOGTAP_FILE_PATH: '/dev/null',
  });
  await sleep(100);
  const idle = usageOf(running.pid);
  const begin = performance.now();
  const { status } = spawnSync(program, [String(LINES - 1)], {
    stdio: 'ignore',
    env: { ...tapped(target === 'ring' ? `ring:${rings}` : `socket:${socket}`), LLT_ON_FULL: 'block:10000' },
  });
  if (status !== 0) throw new Error(`the writing program ended with ${status}`);
  // Everything is in the socket or further; ask for the cost only once it is through.
  running.stop();
  let cost = usageOf(running.pid);
  let isOver = false;
  running.ended.then(() => {
    isOver = true;
  });
  while (!isOver) {
    await sleep(5);
    try {
      cost = usageOf(running.pid);
    } catch {
      // It ended between two looks.
    }
  }
  const { ledger: last } = await running.ended;
  if (last.read !== LINES || last.held !== 0 || !last.balanced)
    throw new Error(`the ledger does not balance: ${running.said()}`);
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
