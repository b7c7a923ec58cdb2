/** What a thousand processes cost the shipper, each with a ring of its own: silent, and with a line a second each. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startShipper, usageOf } from './running-shipper.js';
import { directory, library, print } from './workshop.js';

const SECONDS = 10;
const RING_BYTES = 65_536;

/** Memory, and the part of a processor that it takes over some seconds. */
async function watch(pid: number): Promise<readonly [rss: string, cpu: string]> {
  const before = usageOf(pid);
  await sleep(SECONDS * 1000);
  const after = usageOf(pid);
  return [after.rssMb.toFixed(0), `${((after.cpuSeconds - before.cpuSeconds) * (100 / SECONDS)).toFixed(1)} %`];
}

async function measure(processes: number): Promise<readonly string[]> {
  const rings = join(directory, `rings-${processes}`);
  mkdirSync(rings);
  const running = await startShipper({
    LOGTAP_SOCKET: join(directory, `many-${processes}.sock`),
    LOGTAP_RING_DIR: rings,
    LOGTAP_RING_BYTES: String(RING_BYTES),
    LOGTAP_RING_TOTAL_BYTES: String(2000 * RING_BYTES),
    LOGTAP_SINK: 'file',
    LOGTAP_FILE_PATH: '/dev/null',
  });
  const env = {
    PATH: process.env.PATH,
    LD_PRELOAD: library,
    LLT_TAP_INTO: '1',
    LLT_TARGET: `ring:${rings}`,
    LLT_SUPPRESS_STDOUT: 'true',
  };
  const start = (script: string): ChildProcess =>
    spawn('bash', ['--norc', '-c', script], { env, stdio: ['pipe', 'ignore', 'ignore'] });
  const writers: ChildProcess[] = [];
  for (let i = 0; i < processes; i += 1) {
    // It waits without another process: for input that never comes, or that comes once a second.
    writers.push(start('echo begin; while read -r line; do echo "$line"; done'));
    if (i % 20 === 19) await sleep(20);
  }
  while (readdirSync(rings).filter((name) => name.startsWith('ring-')).length < processes) await sleep(50);
  await sleep(2000);
  const silent = await watch(running.pid);
  const ticks = setInterval(() => {
    for (const { stdin } of writers) stdin?.write(`${'x'.repeat(119)}\n`);
  }, 1000);
  const busy = await watch(running.pid);
  clearInterval(ticks);
  for (const { stdin } of writers) stdin?.end();
  await Promise.all(writers.map((writer) => once(writer, 'exit')));
  running.stop();
  const { held, balanced, dropped } = (await running.ended).ledger;
  if (held !== 0 || !balanced || Object.keys(dropped).length > 0)
    throw new Error(`the ledger does not balance: ${running.said()}`);
  return [String(processes), ...silent, ...busy];
}

export async function manyRings(): Promise<void> {
  const rows = [['rings', 'silent: MB', 'CPU', 'a line a second each: MB', 'CPU']];
  for (const processes of [1, 1000]) rows.push([...(await measure(processes))]);
  print(`The shipper with many rings of ${RING_BYTES / 1024} KiB, over ${SECONDS} s each`, rows);
}
