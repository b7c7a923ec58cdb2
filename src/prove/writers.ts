/** The writers of a proof, under the tap, with their streams suppressed: what is not handed over comes back here. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { LIBRARY_ENV } from '../contract.js';
import { LineFinder, Seen } from './lines.js';

export interface WritersOptions {
  readonly proof: string;
  readonly program: string;
  readonly library: string;
  readonly rings: string;
  /** Variables that reach the library: LLT_ON_FULL. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

const WRITERS = 4;

interface Writer {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  readonly count: () => number;
}

export class Writers {
  readonly #options: WritersOptions;
  readonly #writers: Writer[] = [];
  readonly #finder: LineFinder;
  /** Lines that came out of the original output. */
  readonly original = new Seen();

  constructor(options: WritersOptions) {
    this.#options = options;
    this.#finder = new LineFinder(options.proof);
  }

  start(): void {
    for (let i = 0; i < WRITERS; i++) this.#writers.push(this.#start(i));
  }

  /** Lets them end. @returns by writer, the number of its lines */
  async end(): Promise<readonly number[]> {
    for (const { child } of this.#writers) child.stdin?.end();
    await Promise.all(this.#writers.map(({ ended }) => ended));
    return this.#writers.map(({ count }) => count());
  }

  kill(): void {
    for (const { child } of this.#writers) child.kill('SIGKILL');
  }

  #start(index: number): Writer {
    const { proof, program, library, rings, env } = this.#options;
    const child = spawn(process.execPath, [program, proof, String(index)], {
      env: {
        ...(env[LIBRARY_ENV.ON_FULL.name] !== undefined && {
          [LIBRARY_ENV.ON_FULL.name]: env[LIBRARY_ENV.ON_FULL.name],
        }),
        [LIBRARY_ENV.TAP_INTO.name]: '1',
        [LIBRARY_ENV.SUPPRESS_STDOUT.name]: 'true',
        [LIBRARY_ENV.TARGET.name]: `ring:${rings}`,
        [LIBRARY_ENV.FORMAT.name]: 'frame',
        [LIBRARY_ENV.CONTAINER.name]: 'proof',
        LD_PRELOAD: library,
      },
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
    });
    let count = 0;
    (child.stdio[3] as Readable).on('data', (text: Buffer) => {
      count = Number(text);
    });
    createInterface({ input: child.stdout as Readable }).on('line', (line) => {
      this.original.addAll(this.#finder.find(line));
    });
    child.stdin?.on('error', () => {});
    return { child, ended: once(child, 'close'), count: () => count };
  }
}
