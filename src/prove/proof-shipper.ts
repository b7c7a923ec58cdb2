/** The shipper of a proof: started, killed, started again, and ended as the kubelet ends it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../shipper/errors.js';

const START_MS = 60_000;
const LOOK_MS = 50;
/** The end of a proof waits for the service. */
const PATIENT_SECONDS = 300;
const SAID_MAX = 64 * 1024;

/** What a proof reads of `/ledger`. */
export interface LedgerAnswer {
  readonly shipper: { readonly version: string; readonly frames: number };
  readonly libraries: readonly { readonly library: string; readonly frames: number }[];
  readonly read: Readonly<Record<string, { readonly records: number }>>;
  readonly application: { readonly dropped: Readonly<Record<string, { readonly records: number }>> };
  readonly sinks: Readonly<Record<string, SinkAnswer>>;
}

interface SinkAnswer {
  readonly dropped: Readonly<Record<string, { readonly records: number }>>;
  readonly held: { readonly records: number };
}

/** The last line of a shipper. */
export interface LastLine {
  readonly held: number;
  readonly balanced: boolean;
  readonly unread?: number;
  readonly withheld?: Readonly<Record<string, number>>;
  /** By sink. */
  readonly possibleDuplicates?: Readonly<Record<string, number>>;
  readonly deadLettered?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly dropped: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export class ProofShipper {
  readonly #program: string;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #port: number;
  #child: ChildProcess | undefined;
  #said = '';
  #isClosed = false;
  /** Those of shippers that ended in order. Each has what was counted since the one before, also by shippers that were killed. */
  readonly lastLines: LastLine[] = [];

  constructor(program: string, env: Readonly<Record<string, string | undefined>>, port: number) {
    this.#program = program;
    this.#env = env;
    this.#port = port;
  }

  /** Resolves when it listens. Throws a ConfigError with its own message when it does not start. */
  async start({ graceSeconds = PATIENT_SECONDS } = {}): Promise<void> {
    if (this.#isClosed) throw new Error('the proof has ended');
    this.#said = '';
    const child = spawn(process.execPath, [this.#program], {
      env: { ...this.#env, LOGTAP_GRACE_SECONDS: String(graceSeconds) } as NodeJS.ProcessEnv,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = `${this.#said}${text}`.slice(-SAID_MAX);
    });
    const deadline = performance.now() + START_MS;
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new ConfigError([`the shipper does not start: ${this.#said.trim()}`]);
      }
      if ((await this.#ask('/livez')) !== undefined) return;
      if (performance.now() > deadline) throw new Error(`the shipper does not listen after ${START_MS / 1000} s`);
      await sleep(LOOK_MS);
    }
  }

  /** None starts afterwards. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.kill();
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }

  /** Ends it in order. @returns its exit code and last line */
  async stop(): Promise<{ readonly code: number | null; readonly last: LastLine | undefined }> {
    const child = this.#child!;
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    const [code] = await ended;
    const last = lastLine(this.#said);
    if (last !== undefined) this.lastLines.push(last);
    return { code, last };
  }

  async ledger(): Promise<LedgerAnswer | undefined> {
    const text = await this.#ask('/ledger');
    return text === undefined ? undefined : JSON.parse(text);
  }

  async #ask(path: string): Promise<string | undefined> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.#port}${path}`);
      const text = await answer.text();
      return answer.ok ? text : undefined;
    } catch {
      return undefined;
    }
  }
}

/** The line of totals: of the lines of the log, the last one that has them. */
function lastLine(said: string): LastLine | undefined {
  for (const line of said.trim().split('\n').reverse()) {
    try {
      const value = JSON.parse(line);
      if (typeof value.balanced === 'boolean' && value.message !== 'still stopping') return value;
    } catch {
      // Cut at its beginning.
    }
  }
  return undefined;
}
