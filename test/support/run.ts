/** Starts programs and the built CLI, and collects what they print. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const root = resolve(__dirname, '../..');
export const logtap = join(root, 'dist', 'cli', 'logtap.js');
export const shipper = join(root, 'dist', 'shipper', 'main.js');
const native = join(root, 'dist', 'native', process.arch === 'arm64' ? 'aarch64' : 'x86_64');
export const library = join(native, 'liblogtap.so');
export const probe = join(native, 'logtap-probe');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** What it printed so far. */
  stdout(): string;
  stderr(): string;
  readonly ended: Promise<Ended>;
}

const directories: string[] = [];
const running = new Set<ChildProcess>();
/** A test that fails leaves nothing behind either. */
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/**
 * A new empty directory under the system's temporary one or `parent`, removed after the last test of the file. Its short path
 * leaves room for a socket name.
 */
export function temporaryDirectory(parent = tmpdir()): string {
  const directory = mkdtempSync(join(parent, 'lt-'));
  directories.push(directory);
  return directory;
}

/** Starts a program with exactly this environment on top of PATH and HOME. */
export function start(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { input?: string | Uint8Array; isInputOpen?: boolean } = {},
): Running {
  const child = spawn(command, args, {
    stdio: 'pipe',
    ...options,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env },
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
    });
  }
  // A program may end without having read its input.
  child.stdin?.on('error', () => {});
  if (options.isInputOpen !== true) child.stdin?.end(options.input ?? '');
  return {
    child,
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    ended: new Promise((settle, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => settle({ code, signal, ...printed }));
    }),
  };
}

/** Runs a program to its end. */
export function run(command: string, args: readonly string[], options?: Parameters<typeof start>[2]): Promise<Ended> {
  return start(command, args, options).ended;
}

/** Between two looks at a condition, in ms: at least this, and as many times as long as the look took. */
const PAUSE = { least: 20, times: 3, most: 2000 };

/**
 * Waits until `condition` holds; fails with `what` after the time. A look that starts a program leaves most of a processor to
 * those that it waits for.
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 120_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const before = performance.now();
    if (await condition()) return;
    if (Date.now() > deadline) throw new Error(`gave up after ${timeoutMs} ms waiting until ${what}`);
    await sleep(Math.min(PAUSE.most, Math.max(PAUSE.least, PAUSE.times * (performance.now() - before))));
  }
}
