/** The program of `logtap run`: it has this terminal and its signals, and the library's variables in its environment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';
import { LIBRARY_ENV } from '../../contract.js';
import { libraryFile } from '../package-files.js';
import { CommandError } from '../usage.js';
import { type Exit, exitOf } from './child-exit.js';
import type { RunOptions } from './options.js';

const STDOUT = 1;
const STDERR = 2;

/** A batch program may write faster than the shipper reads, and its user wants all lines. */
const DEFAULT_ON_FULL = 'block:5000';

/** A file as the library compares it. */
function identity(fd: number): string {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return [dev, ino].map((number) => number.toString(16).padStart(16, '0')).join(':');
}

/**
 * The stderr of the program. Where stdout is the same terminal, the library could not tell them apart: the other name of the
 * terminal is another file. Inherited where there is none, or where the streams are one by the user's choice.
 */
function openStderr({ isText, suppressStreams }: RunOptions): number {
  if (!isText || !suppressStreams || !isatty(STDERR) || identity(STDOUT) !== identity(STDERR)) return STDERR;
  try {
    return openSync('/dev/tty', constants.O_RDWR | constants.O_NOCTTY);
  } catch {
    return STDERR;
  }
}

/** The caller's environment with the library's variables. Those that the caller has set take precedence, unless the tap needs them. */
function programEnvironment(options: RunOptions, library: string, target: string, stderr: number): NodeJS.ProcessEnv {
  const { LD_PRELOAD: preload } = process.env;
  return {
    [LIBRARY_ENV.TAP_INTO.name]: '3',
    [LIBRARY_ENV.ON_FULL.name]: DEFAULT_ON_FULL,
    [LIBRARY_ENV.SUPPRESS_STDOUT.name]: String(options.suppressStreams),
    ...(options.files.length === 0
      ? {}
      : {
          [LIBRARY_ENV.TAP_FILE.name]: options.files.join(':'),
          [LIBRARY_ENV.SUPPRESS_TAP_FILE.name]: String(options.suppressFiles),
        }),
    ...process.env,
    [LIBRARY_ENV.TARGET.name]: target,
    [LIBRARY_ENV.FORMAT.name]: 'frame',
    [LIBRARY_ENV.STDIO.name]: `${identity(STDOUT)}:${identity(stderr)}`,
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

export interface Program {
  /** Rejects with a CommandError if it could not be started. */
  readonly exit: Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
}

function reasonOf({ code, message }: NodeJS.ErrnoException, command: string): string {
  if (command === '') return 'its name is empty. Give a program after `--`.';
  if (code === 'EACCES') return `it is not executable. Run \`chmod +x ${command}\`, or start it with its interpreter.`;
  if (code === 'E2BIG') return 'its arguments and variables are longer than the kernel accepts. Shorten them.';
  if (code !== 'ENOENT') return message;
  return command.includes('/')
    ? 'there is no such file, or the interpreter that it names is missing. Correct the path.'
    : `there is no such program in PATH. Correct its name, or give its path, such as ./${command}.`;
}

/** Shells, `env`, `nice` and `timeout` also end with 126 and 127. */
function cannotRun(error: NodeJS.ErrnoException, command: string): CommandError {
  const code = error.code === 'ENOENT' || command === '' ? 127 : 126;
  return new CommandError(`cannot run '${command}': ${reasonOf(error, command)}`, code);
}

/** @param target of the tap, as LLT_TARGET */
export function startProgram(options: RunOptions, target: string): Program {
  const stderr = openStderr(options);
  let program: ChildProcess;
  try {
    program = spawn(options.command, options.args, {
      stdio: ['inherit', 'inherit', stderr],
      env: programEnvironment(options, libraryFile(), target, stderr),
    });
  } catch (error) {
    // Node emits the errors of a missing program, and throws all others.
    throw cannotRun(error as NodeJS.ErrnoException, options.command);
  } finally {
    if (stderr !== STDERR) closeSync(stderr);
  }
  forwardSignals(program);
  const exit = exitOf(program).catch((error: NodeJS.ErrnoException) => {
    throw cannotRun(error, options.command);
  });
  return { exit, kill: (signal) => program.kill(signal) };
}
