/** A shipper under measurement: started with its settings, watched from outside, stopped and asked for its ledger. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { shipper } from './workshop.js';

/** Clock ticks a second in /proc, the same on every Linux that Node runs on. */
const TICKS = 100;

/** Options of Node for each shipper, such as `--cpu-prof --cpu-prof-dir=profiles`. */
const NODE_ARGUMENTS = process.env.LOGTAP_BENCH_NODE_ARGUMENTS?.split(' ') ?? [];

/** What a process has used so far. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly rssMb: number;
  /** The most memory that it ever had. */
  readonly peakMb: number;
}

/** Throws when the process is ending: it has given its memory back then. */
export function usageOf(pid: number): Usage {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = (name: string): number => {
    const kb = new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1];
    if (kb === undefined) throw new Error('no memory left to look at');
    return Number(kb) / 1024;
  };
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
    rssMb: mb('VmRSS'),
    peakMb: mb('VmHWM'),
  };
}

export interface RunningShipper {
  readonly pid: number;
  /** All that it wrote to stderr. */
  said(): string;
  /** Tells it to drain. */
  stop(): void;
  /** Its exit code and the ledger of its last line. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON of its own
  readonly ended: Promise<{ readonly code: number | null; readonly ledger: any }>;
}

/** Starts it, and waits until it listens. */
export async function startShipper(
  settings: Readonly<Record<string, string>>,
  bundle: string = shipper,
): Promise<RunningShipper> {
  const child = spawn(process.execPath, [...NODE_ARGUMENTS, bundle], {
    env: { LOGTAP_STATUS_PORT: 'off', ...settings },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  // `close`, not `exit`: its last line is there by then.
  const ended = once(child, 'close').then(([code]) => ({
    code,
    ledger: JSON.parse(said.trimEnd().split('\n').at(-1) ?? '{}'),
  }));
  while (!said.includes('"listening"')) await sleep(20);
  return { pid: child.pid!, said: () => said, stop: () => child.kill('SIGTERM'), ended };
}
