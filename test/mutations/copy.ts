/** A copy of the tree, in which tests run with a fault. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Mutation } from './mutation.js';

/** What found a fault. */
export interface Verdict {
  readonly test: string;
  readonly title: string;
}

/** A faulty shipper may not end. */
const TEST_MS = 120_000;
const SUITE = /^test\/(unit|native|integration)\//;

export class Copy {
  readonly #root: string;
  readonly #directory = mkdtempSync(join(tmpdir(), 'logtap-mutate-'));

  constructor(root: string) {
    this.#root = root;
    const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
    for (const file of files.toString().split('\0').filter(Boolean)) {
      mkdirSync(dirname(join(this.#directory, file)), { recursive: true });
      cpSync(join(root, file), join(this.#directory, file));
    }
    cpSync(join(root, 'dist'), join(this.#directory, 'dist'), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(this.#directory, 'node_modules'));
  }

  /** Runs something with a fault in the copy, and takes it out again. */
  async with<T>({ file, text, by }: Mutation, run: () => Promise<T>): Promise<T> {
    const path = join(this.#directory, file);
    const source = readFileSync(path, 'utf8');
    const parts = source.split(text);
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${text}`);
    const write = (content: string) => {
      writeFileSync(path, content);
      if (file.startsWith('native/')) this.#makeLibrary();
    };
    write(parts.join(by));
    try {
      return await run();
    } finally {
      write(source);
    }
  }

  /** The first test that fails; `undefined` when all pass. */
  async verdict(tests: Mutation['foundBy']): Promise<Verdict | undefined> {
    for (const test of tests) {
      const verdict = typeof test === 'string' ? this.#jest(test) : await this.#simulate(test.seeds);
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #makeLibrary(): void {
    const library = `../dist/native/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}/liblogtap.so`;
    execFileSync('make', ['--silent', '-C', 'native', library], {
      cwd: this.#directory,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }

  #jest(test: string): Verdict | undefined {
    const [, suite] = SUITE.exec(test) ?? [];
    if (suite === undefined) throw new Error(`${test} is in no suite`);
    const report = join(this.#directory, 'report.json');
    rmSync(report, { force: true });
    const args = ['--selectProjects', suite, '--bail', '--json', '--outputFile', report, '--runTestsByPath', test];
    const jest = join(this.#root, 'node_modules/jest/bin/jest.js');
    const { status, signal } = spawnSync(process.execPath, [jest, '--runInBand', '--forceExit', ...args], {
      cwd: this.#directory,
      stdio: 'ignore',
      timeout: TEST_MS,
      killSignal: 'SIGKILL',
      env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    });
    if (status === 0) return undefined;
    if (signal !== null) return { test, title: 'does not end' };
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
    const failed = testResults.flatMap(({ assertionResults }) =>
      assertionResults.filter((each) => each.status === 'failed'),
    );
    if (failed[0] === undefined) throw new Error(`${test} cannot be loaded: the fault is no program`);
    return { test, title: failed[0].fullName };
  }

  /** Up to the first seed that breaks the promise. */
  #simulate(seeds: number): Promise<Verdict | undefined> {
    const tsx = join(this.#root, 'node_modules/tsx/dist/cli.mjs');
    const child = spawn(process.execPath, [tsx, 'test/simulation/main.ts', '--seeds', String(seeds)], {
      cwd: this.#directory,
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    return new Promise((resolve) => {
      let output = '';
      let verdict: Verdict | undefined;
      const end = (title: string) => {
        verdict ??= { test: 'simulation', title };
        kill(child);
      };
      const timer = setTimeout(() => end('does not end'), TEST_MS);
      child.stdout.on('data', (chunk) => {
        output += chunk;
        const found = /^seed \d+: .*$/m.exec(output)?.[0];
        if (found !== undefined && output.includes('\n', output.indexOf(found))) end(found);
      });
      child.once('close', (code) => {
        clearTimeout(timer);
        resolve(verdict ?? (code === 0 ? undefined : { test: 'simulation', title: 'ends with an error' }));
      });
    });
  }
}

/** With the process that it runs in. */
function kill({ pid }: ChildProcess): void {
  try {
    process.kill(-pid!, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}
