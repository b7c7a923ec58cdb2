/** Runs one row in one cell between the referee's pipes and socket, and keeps all that came of it. */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Libc } from '../../../test/support/native-programs.js';
import { variables } from '../../../test/support/native-tap.js';
import { RingReceiver } from '../../../test/support/ring-receiver.js';
import { library, root, temporaryDirectory } from '../../../test/support/run.js';
import type { Place, Platform, ZooCase } from './case.js';
import { refereeProgram } from './compile.js';
import { type Cell, settingsOf } from './targets.js';

/** One connection to the socket. */
export interface Connection {
  /** 0; 1 after the target was restarted. */
  readonly generation: number;
  readonly bytes: Buffer;
}

/** What came of a run. */
export interface Observed {
  /** `exit CODE`, `signal SIGNAME` or `timeout`. */
  readonly ended: string;
  /** What reached the originals. */
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** What lies on the disk of the row's files; a file that is not there is empty. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly connections: readonly Connection[];
  /** 1 once the target went away. */
  readonly generation: number;
  /** What came into the raw file. */
  readonly raw: Buffer;
  /** The program's working directory, by which the paths of captured files start. */
  readonly directory: string;
}

/** The command, its environment beside PATH, and where it runs. */
export interface Launch {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** How a platform starts a row's command; `tap` is absent in a run without the library. */
export type Launcher = (row: ZooCase, place: Place, tap?: Readonly<Record<string, string>>) => Launch;

const LIBCS: Readonly<Record<Platform, Libc>> = {
  glibc: 'glibc',
  musl: 'musl',
  aarch64: 'aarch64 glibc',
  container: 'glibc',
};

const EMULATED = ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu'];

/** Starts the command on this machine, emulated where the platform is another. */
export function launchHere(platform: Platform): Launcher {
  const isEmulated = platform === 'aarch64';
  const preload = isEmulated ? join(root, 'dist', 'native', 'aarch64', 'liblogtap.so') : library;
  return (row, place, tap) => ({
    command: [...(isEmulated ? EMULATED : []), ...row.command(place)],
    env: { ...row.env, ...(tap === undefined ? {} : { LD_PRELOAD: preload, ...tap }) },
  });
}

/** The first name of each: SIGABRT, not SIGIOT. */
const signalNames = new Map<number, string>(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
);

/** For a machine that is busy: most rows end within a tenth of a second. */
const PATIENCE_MS = 120_000;

let home: string | undefined;
let runs = 0;

/** A directory that programs of any user may enter. */
function openDirectory(path: string): string {
  mkdirSync(path);
  chmodSync(path, 0o777);
  return path;
}

export interface RunOptions {
  /** How to start it. @default this machine, or its emulator */
  readonly launcher?: Launcher;
  /** After how many bytes of connections a target goes away, where it does. @default 1 */
  readonly halfBytes?: number;
}

/** @param cell absent: without the library */
export async function runCase(
  row: ZooCase,
  platform: Platform,
  cell?: Cell,
  { launcher = launchHere(platform), halfBytes = 1 }: RunOptions = {},
): Promise<Observed> {
  if (home === undefined) {
    home = realpathSync(temporaryDirectory());
    chmodSync(home, 0o755);
  }
  runs += 1;
  const base = openDirectory(join(home, String(runs)));
  const directory = openDirectory(join(base, 'work'));
  const results = openDirectory(join(base, 'results'));
  const sockets = openDirectory(join(base, 'run'));
  const input = row.stdin === undefined ? '/dev/null' : join(base, 'input');
  if (row.stdin !== undefined) writeFileSync(input, row.stdin);
  const rings = cell?.target === 'ring' ? new RingReceiver({ pool: 3 }).start() : undefined;
  const socket = join(sockets, 'tap.sock');
  const rawFile = join(sockets, 'raw');
  const tapFile = (row.tapFile ?? '')
    .split(':')
    .map((path) => (path === '' ? '' : join(directory, path)))
    .join(':');
  const tap =
    cell === undefined
      ? undefined
      : variables(settingsOf(cell, { socket, rings: rings?.directory ?? '', rawFile, tapFile }));
  const { command, env } = launcher(row, { directory, libc: LIBCS[platform], isRoot: process.getuid?.() === 0 }, tap);
  const target = cell === undefined || cell.target === 'raw file' || cell.target === 'ring' ? 'absent' : cell.target;
  const timeoutMs = row.timeoutMs ?? PATIENCE_MS;
  const { ended, generation } = await referee([
    ...[target, String(halfBytes), String(timeoutMs), results, socket, directory, input],
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...['--', ...command],
  ]);
  await rings?.settled();
  const read = (path: string) => (existsSync(path) ? readFileSync(path) : Buffer.alloc(0));
  const paths = new Set([row.files, row.onDisk, row.untapped].flatMap((files) => Object.keys(files ?? {})));
  const observed: Observed = {
    ended,
    stdout: read(join(results, 'stdout')),
    stderr: read(join(results, 'stderr')),
    files: new Map([...paths].map((path) => [path, read(join(directory, path))])),
    connections: [
      ...(rings?.raw() ?? []).map((bytes) => ({ generation, bytes })),
      ...readdirSync(results)
        .filter((name) => name.startsWith('connection-'))
        .sort()
        .map((name) => ({ generation: Number(name.split('-')[1]), bytes: read(join(results, name)) })),
    ],
    generation,
    raw: read(rawFile),
    directory,
  };
  await rings?.close();
  rmSync(base, { recursive: true, force: true });
  return observed;
}

function referee(args: readonly string[]): Promise<Pick<Observed, 'ended' | 'generation'>> {
  return new Promise((settle, reject) => {
    const env = { PATH: process.env.PATH, LC_ALL: 'C' };
    execFile(refereeProgram(), args, { env, encoding: 'utf8' }, (error, stdout, stderr) => {
      if (error !== null) reject(new Error(`the referee failed: ${stderr || error.message}`));
      const [ended = '', generation] = stdout.split('\n');
      const [how, number] = ended.split(' ');
      settle({
        ended: how === 'signal' ? `signal ${signalNames.get(Number(number))}` : ended,
        generation: Number(generation),
      });
    });
  });
}
