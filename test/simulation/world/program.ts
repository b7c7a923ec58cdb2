/**
 * The shipper's own source, bundled for a simulated world: what it takes from Node, and all that has to do with time and
 * chance, comes from the process it runs in. Nothing of it is replaced.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';
import * as zlib from 'node:zlib';
import { build, type Plugin } from 'esbuild';
import { awsOf } from './aws.js';
import { type Clocks, clocksOf } from './clocks.js';
import { fileSystemOf } from './fs.js';
import { httpOf } from './http.js';
import type { MachineProcess } from './machine.js';
import { netOf } from './net.js';

const root = join(__dirname, '../../..');
const requireReal = createRequire(__filename);
/** Without a way to time, chance or the outside. */
const PURE = new Set([
  'node:events',
  'node:util',
  'util',
  'node:path',
  'node:url',
  'node:buffer',
  'node:readline',
  'node:stream',
  // With the hash that it is given.
  '@smithy/signature-v4',
]);
const SHADOWED = [
  ...['require', 'module', 'exports', 'process', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
  ...['setImmediate', 'performance', 'Date', 'Math', '__dirname'],
] as const;

type Zipped = (error: null, zipped: Buffer) => void;
type Shipper = (...shadowed: readonly unknown[]) => void;
export type Environment = Readonly<Record<string, string>>;

export interface StartOptions {
  readonly environment: Environment;
  /** Of a few records, so that several are out at once. */
  readonly hasSmallRequests?: boolean;
}

/** A deliberate fault: a text of one file of the source, which must be there once, and what takes its place. */
export interface Mutation {
  readonly name: string;
  /** Below the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** The only change: as rings are small, so that several requests are out at once. */
const SMALL_REQUESTS: readonly Mutation[] = [
  {
    name: 'requests to OpenSearch are small',
    file: 'src/shipper/sinks/opensearch/sink.ts',
    find: 'maxRecords: 6000,',
    replace: 'maxRecords: 4,',
  },
  {
    name: 'requests to CloudWatch Logs are small',
    file: 'src/shipper/sinks/cloudwatch/sink.ts',
    find: 'maxRecords: BATCH_MAX_EVENTS,',
    replace: 'maxRecords: 4,',
  },
  {
    name: 'requests to OTLP endpoints are small',
    file: 'src/shipper/sinks/otlp/sink.ts',
    find: 'maxRecords: 6000,',
    replace: 'maxRecords: 4,',
  },
  {
    name: 'objects in a bucket are small',
    file: 'src/shipper/sinks/s3/sink.ts',
    find: 'const RECORDS_MAX = 100_000;',
    replace: 'const RECORDS_MAX = 4;',
  },
  {
    name: 'requests to peers that read a stream are small',
    file: 'src/shipper/sinks/lines/output.ts',
    find: 'maxRecords: 10_000,',
    replace: 'maxRecords: 4,',
  },
];

/**
 * In all bundles: batches of a few records are in memory that is used again, which is overwritten as soon as it is released. Whatever still
 * reads it stores other bytes.
 */
const SMALL_MEMORY: readonly Mutation[] = [
  ['few bytes are worth it', 'export const LEAST_BYTES = FULL_BYTES / 2;', 'export const LEAST_BYTES = 32;'],
  ['batches are small', 'sizeOf(FULL_RECORDS + 1280, FULL_BYTES + READ_BYTES + FRAME_MAX_BYTES)', 'sizeOf(16, KIB)'],
  [
    'requests are small',
    'sizeOf(10_240, 1280 * KIB), sizeOf(10_240, 4096 * KIB)',
    'sizeOf(32, 2 * KIB), sizeOf(64, 4 * KIB)',
  ],
  ['released memory is overwritten', 'let overwritesReleased = false;', 'let overwritesReleased = true;'],
].map(([name = '', find = '', replace = '']) => ({ name, file: 'src/shipper/records/batch-memory.ts', find, replace }));

/** A shipper that can be started in any number of simulated processes. */
export class Program {
  readonly #whole: Shipper;
  readonly #small: Shipper;

  private constructor(whole: Shipper, small: Shipper) {
    this.#whole = whole;
    this.#small = small;
  }

  static async build(mutations: readonly Mutation[] = []): Promise<Program> {
    const common = [...mutations, ...SMALL_MEMORY];
    return new Program(await Program.#bundle(common), await Program.#bundle([...common, ...SMALL_REQUESTS]));
  }

  static async #bundle(mutations: readonly Mutation[]): Promise<Shipper> {
    const { outputFiles } = await build({
      entryPoints: [join(root, 'src/shipper/main.ts')],
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      write: false,
      logLevel: 'error',
      external: ['@aws-sdk/*', '@smithy/*', '@opensearch-project/*'],
      plugins: [mutated(mutations)],
    });
    const text = outputFiles[0]!.text;
    return new Script(`(function (${SHADOWED.join(', ')}) {${text}\n})`).runInThisContext() as Shipper;
  }

  start(process: MachineProcess, { environment, hasSmallRequests = false }: StartOptions): void {
    const { machine } = process;
    const run = hasSmallRequests ? this.#small : this.#whole;
    machine.trace(`start ${process.pid}`);
    const clocks = clocksOf(process);
    const shadowed: Readonly<Record<string, unknown>> = {
      ...clocks.globals,
      require: requireFor(process, clocks),
      module: { exports: {} },
      exports: {},
      __dirname: '/shipper',
      process: nodeProcessOf(process, environment),
    };
    machine.scheduler.after(0, process, () => run(...SHADOWED.map((name) => shadowed[name])));
  }
}

/** Changes the source on its way into the bundle. The files stay as they are. */
function mutated(mutations: readonly Mutation[]): Plugin {
  return {
    name: 'mutations',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const own = mutations.filter(({ file }) => path === join(root, file));
        if (own.length === 0) return undefined;
        let contents = readFileSync(path, 'utf8');
        for (const { name, file, find, replace } of own) {
          const parts = contents.split(find);
          if (parts.length !== 2)
            throw new Error(`mutation '${name}': its text is ${parts.length - 1} times in ${file}`);
          contents = parts.join(replace);
        }
        return { contents, loader: 'ts' };
      });
    },
  };
}

function requireFor(process: MachineProcess, clocks: Clocks): (name: string) => unknown {
  const { machine, random } = process;
  const bytes = (count: number) => Buffer.from(random.hex(count), 'hex');
  const http = httpOf(process);
  const modules: Readonly<Record<string, unknown>> = {
    'node:fs': fileSystemOf(process),
    'node:net': netOf(process),
    'node:http': http,
    'node:https': http,
    'node:tls': {},
    'node:worker_threads': {},
    'node:timers/promises': clocks.promises,
    'node:crypto': { createHash, createHmac, timingSafeEqual, randomBytes: bytes },
    'node:zlib': {
      ...zlib,
      gzip(body: Buffer, ...rest: readonly [zlib.ZlibOptions, Zipped] | readonly [Zipped]) {
        const [options, done] = rest.length === 2 ? rest : [{}, rest[0]];
        machine.scheduler.after(1, process, () => done(null, zlib.gzipSync(body, options)));
      },
    },
    ...awsOf(process),
    'node:os': { hostname: () => 'machine', ...requireReal('node:os').constants },
    'node:child_process': {
      execFile(_: string, [, path = '']: readonly string[], done: (error: Error | null) => void) {
        machine.scheduler.after(1, process, () => {
          const isMade = machine.hasMkfifo && machine.files.find(path) === undefined;
          if (isMade) machine.files.make(path, 'fifo', 0, 0o666);
          done(isMade ? null : new Error(`no pipe was made: ${path}`));
        });
      },
    },
  };
  return (name) => {
    if (name in modules) return modules[name];
    if (PURE.has(name)) return requireReal(name);
    throw new Error(`the simulation has no module '${name}'`);
  };
}

function nodeProcessOf(process: MachineProcess, env: Environment): object {
  return {
    ...{ env: { ...env }, argv: ['node', 'main.js'], pid: process.pid, platform: 'linux', arch: 'x64', versions: {} },
    getuid: () => 1000,
    umask: () => 0o022,
    geteuid: () => 1000,
    on(name: string, call: () => void) {
      process.signals.set(name, [...(process.signals.get(name) ?? []), call]);
    },
    exit: (code: number) => process.exit(code),
    stdout: { write: () => true },
    // Lines come by `writeSync`.
    stderr: { on() {} },
    memoryUsage: () => ({ rss: 1 }),
    emitWarning() {},
  };
}
