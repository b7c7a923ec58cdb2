/**
 * `logtap run -- CMD ARGS`: runs a tapped program on this machine, with its own shipper.
 *
 * The shipper starts first, because it must listen before the first byte is written, and stops last, after it has drained. The
 * program keeps this terminal, its signals and its exit code.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, chmodSync, fstatSync, mkdtempSync, constants as modes, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { LIBRARY_ENV, RING_DIR, SOCKET_NAME } from '../../contract.js';
import { diagnoseProgram } from '../../doctor/program.js';
import { DiagnosisError, verdictOf } from '../../doctor/verdict.js';
import { parseCommand } from '../command-line/parse-command.js';
import { RUN } from '../commands/local.js';
import { libraryFile } from '../package-files.js';
import { loadTry } from '../try/load.js';
import { CommandError, EXIT, UsageError } from '../usage.js';
import { type Exit, exitOf } from './child-exit.js';
import { consoleSettings, consoleUrl } from './console-port.js';
import { RunShipper } from './run-shipper.js';

/** A batch program may write faster than the shipper reads, and its user wants all lines. */
const DEFAULT_ON_FULL = 'block:5000';

interface RunOptions {
  /** File to record the writes to, instead of a shipper. */
  readonly record: string | undefined;
  readonly sink: string | undefined;
  /** Absolute paths and patterns. */
  readonly files: readonly string[];
  readonly suppress: boolean;
  /** Whether the shipper has its console. */
  readonly console: boolean;
  readonly command: string;
  readonly args: readonly string[];
}

function parse(args: readonly string[]): RunOptions {
  const { values, program } = parseCommand(RUN, args);
  const [command = '', ...rest] = program;
  const files = values.file ?? [];
  const divided = files.find((file) => file.includes(':'));
  if (divided !== undefined) {
    throw new UsageError(
      `--file (${divided}) must not contain ':', which separates paths. Give --file once for each path.`,
    );
  }
  if (values.record !== undefined && (values.sink !== undefined || values.suppress || values.console)) {
    throw new UsageError('--record excludes --sink, --suppress and --console, because no shipper runs: leave them out');
  }
  return {
    record: values.record,
    sink: values.sink,
    files: files.map((file) => resolve(file)),
    suppress: values.suppress,
    console: values.console,
    command,
    args: rest,
  };
}

/** The stdout and stderr that the program inherits, in the form of LLT_STDIO. */
function ownStreams(): string {
  const hex = (number: bigint) => number.toString(16).padStart(16, '0');
  return [1, 2]
    .flatMap((fd) => {
      const { dev, ino } = fstatSync(fd, { bigint: true });
      return [hex(dev), hex(ino)];
    })
    .join(':');
}

/** The caller's environment with the library's variables. Those that the caller has set take precedence, unless the tap needs them. */
function programEnvironment(options: RunOptions, library: string, target: string): NodeJS.ProcessEnv {
  const { LD_PRELOAD: preload } = process.env;
  const suppress = String(options.suppress);
  return {
    [LIBRARY_ENV.TAP_INTO.name]: '3',
    [LIBRARY_ENV.ON_FULL.name]: DEFAULT_ON_FULL,
    [LIBRARY_ENV.SUPPRESS_STDOUT.name]: suppress,
    ...(options.files.length === 0
      ? {}
      : { [LIBRARY_ENV.TAP_FILE.name]: options.files.join(':'), [LIBRARY_ENV.SUPPRESS_TAP_FILE.name]: suppress }),
    ...process.env,
    [LIBRARY_ENV.TARGET.name]: target,
    [LIBRARY_ENV.FORMAT.name]: 'frame',
    [LIBRARY_ENV.STDIO.name]: ownStreams(),
    LD_PRELOAD: preload ? `${library}:${preload}` : library,
  };
}

/** Forwards signals. A terminal itself delivers Ctrl-C and Ctrl-\ to the program, which must not get them twice. */
function forwardSignals(program: ChildProcess): void {
  const fromTerminal = process.stdin.isTTY === true;
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    process.on(signal, () => {
      if (!fromTerminal) program.kill(signal);
    });
  }
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) {
    process.on(signal, () => program.kill(signal));
  }
}

async function runProgram(options: RunOptions, library: string, target: string): Promise<Exit> {
  const program = spawn(options.command, options.args, {
    stdio: 'inherit',
    env: programEnvironment(options, library, target),
  });
  forwardSignals(program);
  try {
    return await exitOf(program);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Shells, `env`, `nice` and `timeout` also end with 126 and 127.
    throw new CommandError(`cannot run '${options.command}': ${message}`, code === 'ENOENT' ? 127 : 126);
  }
}

/** Warns if lines of the program will be missing. The program still runs. */
function warnWhereUntapped(command: string): void {
  try {
    const { findings } = diagnoseProgram(command);
    const verdict = verdictOf(findings);
    const weight = verdict === 'cannot be tapped' ? 'blocks' : 'limits';
    const reason = findings.find((finding) => finding.weight === weight);
    if (reason === undefined) return;
    process.stderr.write(
      `logtap: '${command}' ${verdict}: ${reason.seen}. \`logtap doctor ${command}\` prints the remedy.\n`,
    );
  } catch (error) {
    // The system itself rejects a missing or unreadable program.
    if (!(error instanceof DiagnosisError)) throw error;
  }
}

/** A directory in memory for the rings, or the one for temporary files if the machine has none. */
function memoryDirectory(): string {
  const memory = '/dev/shm';
  try {
    accessSync(memory, modes.W_OK);
    return memory;
  } catch {
    return tmpdir();
  }
}

/** The same with a recorder instead of a shipper. */
async function runRecorded(options: RunOptions, library: string, directory: string, tape: string): Promise<number> {
  const socket = join(directory, SOCKET_NAME);
  const recorder = await loadTry()
    .recordTape(tape, socket)
    .catch((error: Error) => {
      throw new CommandError(
        `cannot record to '${tape}': ${error.message}. Give a file that can be written`,
        EXIT.CANNOT_CREATE,
      );
    });
  try {
    return (await runProgram(options, library, `socket:${socket}`)).code;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => recorder.stop());
    await recorder.close();
  }
}

/** Resolves when the shipper has drained, with the program's exit code, or 128 + n if signal n ended it. */
export async function run(args: readonly string[]): Promise<number> {
  const options = parse(args);
  const library = libraryFile();
  warnWhereUntapped(options.command);
  const directory = mkdtempSync(join(memoryDirectory(), 'logtap-'));
  // The program may change its user.
  chmodSync(directory, 0o755);
  let isLeft = false;
  try {
    if (options.record !== undefined) return await runRecorded(options, library, directory, options.record);
    const settings = options.console ? await consoleSettings(process.env) : {};
    const shipper = new RunShipper(directory, options.sink, settings);
    await shipper.start();
    if (options.console) process.stderr.write(`logtap: console at ${consoleUrl(settings)}\n`);
    try {
      return (await runProgram(options, library, `ring:${join(directory, RING_DIR)}`)).code;
    } finally {
      isLeft = !(await shipper.stop());
    }
  } finally {
    if (!isLeft) rmSync(directory, { recursive: true, force: true });
  }
}
