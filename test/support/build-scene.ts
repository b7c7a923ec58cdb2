/** A place for the library of one build and the shipper of another, and a program that writes numbers until it is told to stop. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIBRARY_ENV } from '../../src/contract.js';
import type { Build } from './releases.js';
import { type Running, start, temporaryDirectory, until } from './run.js';
import { type Shipper, startShipper, tapEnvironment } from './tapped.js';

export const TRANSPORTS = ['ring', 'socket'] as const;

export class Scene {
  readonly rings = temporaryDirectory('/dev/shm');
  readonly #directory = temporaryDirectory();
  readonly #socket = join(this.#directory, 'logtap.sock');
  readonly #output = join(this.#directory, 'output');
  readonly #stop = join(this.#directory, 'stop');
  readonly #total = join(this.#directory, 'total');
  readonly #transport: (typeof TRANSPORTS)[number];
  #program: Running | undefined;

  constructor(transport: (typeof TRANSPORTS)[number]) {
    this.#transport = transport;
  }

  ship({ shipper }: Build, settings: Readonly<Record<string, string>> = {}): Promise<Shipper> {
    const all = {
      ...{ LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: this.#output },
      ...{ LOGTAP_SOCKET: this.#socket, LOGTAP_GRACE_SECONDS: '2', LOGTAP_BATCH_LINGER_MS: '20' },
      ...(this.#transport === 'ring' && { LOGTAP_RING_DIR: this.rings }),
      ...settings,
    };
    return startShipper(all, [], shipper);
  }

  /** With `suppress`, only the lines that cannot be handed over are written to the original. */
  write({ library }: Build, { suppress = false }: { readonly suppress?: boolean } = {}): void {
    const script =
      'i=0; while [ ! -e "$0" ]; do echo $i; i=$((i+1)); [ $((i % 20)) -eq 0 ] && sleep 0.02; done; echo end $i; echo $((i+1)) >"$1"';
    this.#program = start('sh', ['-c', script, this.#stop, this.#total], {
      env: {
        ...tapEnvironment(this.#socket, { suppress }),
        ...(suppress && { [LIBRARY_ENV.ON_FULL.name]: 'pass' }),
        LD_PRELOAD: library,
        ...(this.#transport === 'ring' && { [LIBRARY_ENV.TARGET.name]: `ring:${this.rings}` }),
      },
    });
  }

  /** What the program has written to its original output until now. */
  original(): string[] {
    return this.#program!.stdout().split('\n').slice(0, -1);
  }

  /** Lines that the program wrote, once it has ended. */
  get total(): number {
    return Number(readFileSync(this.#total, 'utf8'));
  }

  /** Ends the program, and gives the lines of its original output. */
  async written(): Promise<string[]> {
    writeFileSync(this.#stop, '');
    return (await this.#program!.ended).stdout.split('\n').slice(0, -1);
  }

  delivered(): string[] {
    try {
      const lines = readFileSync(this.#output, 'utf8').split('\n').slice(0, -1);
      return lines.map((line) => JSON.parse(line).message);
    } catch {
      return [];
    }
  }

  async deliversMore(): Promise<void> {
    const before = this.delivered().length;
    await until('more lines are delivered', () => this.delivered().length > before + 50);
  }
}
