/** What a thousand processes cost the shipper, each with a ring of its own: silent, and with a line a second each. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { directory, library, print, shipper } from './workshop.js';

const SECONDS = 10;
const RING_BYTES = 65_536;
const TICKS = 100;

function look(pid: number): { cpuSeconds: number; rssMb: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS, rssMb: Number(rss) / 1024 };
}

/** Memory, and the part of a processor that it takes over some seconds. */
async function watch(pid: number): Promise<readonly [rss: string, cpu: string]> {
  const before = look(pid);
  await sleep(SECONDS * 1000);
  const after = look(pid);
  return [after.rssMb.toFixed(0), `${((after.cpuSeconds - before.cpuSeconds) * (100 / SECONDS)).toFixed(1)} %`];
}

async function measure(processes: number): Promise<readonly string[]> {
  const rings = join(directory, `rings-${processes}`);
  mkdirSync(rings);
  const child = spawn(process.execPath, [shipper], {
    env: {
      LOGTAP_SOCKET: join(directory, `many-${processes}.sock`),
      LOGTAP_RING_DIR: rings,
      LOGTAP_RING_BYTES: String(RING_BYTES),
      LOGTAP_RING_TOTAL_BYTES: String(2000 * RING_BYTES),
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
  while (!said.includes('"listening"')) await sleep(20);
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
  const silent = await watch(child.pid!);
  const ticks = setInterval(() => {
    for (const { stdin } of writers) stdin?.write(`${'x'.repeat(119)}\n`);
  }, 1000);
  const busy = await watch(child.pid!);
  clearInterval(ticks);
  for (const { stdin } of writers) stdin?.end();
  await Promise.all(writers.map((writer) => once(writer, 'exit')));
  child.kill('SIGTERM');
  await once(child, 'exit');
  const { held, balanced, dropped } = JSON.parse(said.trimEnd().split('\n').at(-1) ?? '{}');
  if (held !== 0 || !balanced || Object.keys(dropped).length > 0)
    throw new Error(`the ledger does not balance: ${said}`);
  return [String(processes), ...silent, ...busy];
}

export async function manyRings(): Promise<void> {
  const rows = [['rings', 'silent: MB', 'CPU', 'a line a second each: MB', 'CPU']];
  for (const processes of [1, 1000]) rows.push([...(await measure(processes))]);
  print(`The shipper with many rings of ${RING_BYTES / 1024} KiB, over ${SECONDS} s each`, rows);
}
