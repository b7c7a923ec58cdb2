/** A shipper of its own and programs tapped into it, for tests that follow a line through the whole system. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LIBRARY_ENV } from '../../src/contract.js';
import { library, type Running, shipper, start, temporaryDirectory, until } from './run.js';

export interface Shipper extends Running {
  readonly socket: string;
}

/** The default is for an idle machine: on a busy one, a shipper may not deliver in it all that a test has written. */
const BUSY_GRACE_SECONDS = '120';

/**
 * Starts dist/shipper/main.js with these settings and waits until it listens.
 * @param prefix a command that runs it, such as one that sets limits first
 * @param program another build of it
 */
export async function startShipper(
  settings: Readonly<Record<string, string>>,
  prefix: readonly string[] = [],
  program = shipper,
): Promise<Shipper> {
  const directory = join(temporaryDirectory(), 'run');
  mkdirSync(directory, { mode: 0o755 });
  const socket = join(directory, 'logtap.sock');
  const [command = '', ...args] = [...prefix, process.execPath, program];
  const running = start(command, args, {
    env: { LOGTAP_STATUS_PORT: 'off', LOGTAP_SOCKET: socket, LOGTAP_GRACE_SECONDS: BUSY_GRACE_SECONDS, ...settings },
  });
  let ended = false;
  running.ended.then(() => {
    ended = true;
  });
  await until(`the shipper listens (it said: ${running.stderr()})`, () => {
    if (ended) throw new Error(`the shipper ended: ${running.stderr()}`);
    // The file alone is not enough: it is there a moment before a process may connect.
    return running.stderr().includes('"message":"listening"');
  });
  return { ...running, socket: settings.LOGTAP_SOCKET ?? socket };
}

/**
 * The environment that the constructs give to an application, with its streams suppressed or copied; but for LLT_STDIO,
 * which is about the first process of a container.
 */
export function tapEnvironment(
  socket: string,
  options: { suppress?: boolean; file?: string } = {},
): Record<string, string> {
  const suppress = String(options.suppress ?? false);
  return {
    LD_PRELOAD: library,
    [LIBRARY_ENV.TAP_INTO.name]: '3',
    [LIBRARY_ENV.TARGET.name]: `socket:${socket}`,
    [LIBRARY_ENV.FORMAT.name]: 'frame',
    [LIBRARY_ENV.ON_FULL.name]: 'block:5000',
    [LIBRARY_ENV.CONTAINER.name]: 'app',
    [LIBRARY_ENV.SUPPRESS_STDOUT.name]: suppress,
    ...(options.file === undefined
      ? {}
      : { [LIBRARY_ENV.TAP_FILE.name]: options.file, [LIBRARY_ENV.SUPPRESS_TAP_FILE.name]: suppress }),
  };
}

/** Ends a shipper as the kubelet does and returns what it said; the last line on stderr is its ledger. */
export async function drain(running: Shipper): Promise<{ code: number | null; stderr: string; stdout: string }> {
  running.child.kill('SIGTERM');
  return running.ended;
}
