/** Runs a program under the library, with its outputs kept as bytes. */
import { spawn } from 'node:child_process';
import { LIBRARY_ENV } from '../../src/contract.js';
import { library } from './run.js';

/** The library's variables by their key in LIBRARY_ENV. */
export type TapSettings = Partial<Record<keyof typeof LIBRARY_ENV, string>>;

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface TapOptions {
  readonly settings?: TapSettings;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Library to preload; this machine's when absent. */
  readonly preload?: string;
  /** When it has to have ended. @default 120000 */
  readonly timeoutMs?: number;
}

export function variables(settings: TapSettings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [LIBRARY_ENV[key as keyof typeof LIBRARY_ENV].name, value]),
  );
}

/** Runs a program as it is. */
export function runPlain(command: string, args: readonly string[], options: Omit<TapOptions, 'settings'> = {}) {
  return new Promise<Outcome>((settle, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, LC_ALL: 'C', ...options.env },
      timeout: options.timeoutMs ?? 120_000,
      killSignal: 'SIGKILL',
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk) => stdout.push(chunk));
    child.stderr.on('data', (chunk) => stderr.push(chunk));
    child.once('error', reject);
    child.once('close', (code, signal) =>
      settle({ code, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }),
    );
  });
}

/** Runs a program with the library preloaded. */
export function runTapped(command: string, args: readonly string[], options: TapOptions = {}): Promise<Outcome> {
  const preload = { LD_PRELOAD: options.preload ?? library };
  return runPlain(command, args, {
    ...options,
    env: { ...preload, ...variables(options.settings ?? {}), ...options.env },
  });
}

/** What the constructs set: frames to a socket, both streams. */
export function toSocket(socket: string, settings: TapSettings = {}): TapSettings {
  return { TAP_INTO: '3', TARGET: `socket:${socket}`, FORMAT: 'frame', CONTAINER: 'app', ...settings };
}

/** A program that reads lines from us, for tests in which something happens between two writes. */
export interface Conversation {
  /** What it was sent so far. */
  said(): string;
  /** What it wrote to the original of its stdout so far. */
  stdout(): string;
  say(line: string): void;
  /** Ends its input and waits for it. */
  end(): Promise<number | null>;
}

/** Starts a shell script under the library whose input we write. */
export function converse(script: string, settings: TapSettings): Conversation {
  // --norc: bash takes a socket as its input, which is what a pipe of Node's is, for a remote login.
  const child = spawn('bash', ['--norc', '-c', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, LC_ALL: 'C', LD_PRELOAD: library, ...variables(settings) },
  });
  const ended = new Promise<number | null>((settle, reject) => {
    child.once('error', reject);
    child.once('close', settle);
  });
  let said = '';
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  return {
    said: () => said,
    stdout: () => stdout,
    say(line) {
      said += `${line}\n`;
      child.stdin.write(`${line}\n`);
    },
    end() {
      child.stdin.end();
      return ended;
    },
  };
}
