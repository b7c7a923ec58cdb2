/**
 * The shipper beside a program of `logtap run`. It is started again when it ends before it is told to, as the kubelet does
 * with a sidecar: what it had not delivered is still in the rings.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RING_DIR, SOCKET_NAME } from '../../contract.js';
import { shipperFile } from '../package-files.js';
import { CommandError, EXIT } from '../usage.js';
import { type Exit, exitOf } from './child-exit.js';
import { holdsUnread } from './unread-rings.js';

const START_MS = 15_000;
/** Between a shipper that has ended and the next, doubled up to the longest one. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** Once the program has ended, a shipper that ends in another way than by draining is followed by so many. */
const LAST_ATTEMPTS = 3;
/** A wait of this length is reported. */
const SAID_MS = 2000;

interface Running {
  readonly child: ChildProcess;
  readonly exit: Promise<Exit>;
  /** Whether it has said with its last line that it left lines unread. */
  readonly isUnread: () => boolean;
}

/** Ends of a shipper that has drained, or has said how much it could not. */
const isDrained = ({ code }: Exit) => code === EXIT.OK || code === EXIT.UNDELIVERED;

export class RunShipper {
  /** @param directory for the socket and the rings */
  constructor(
    private readonly directory: string,
    private readonly sink: string | undefined,
  ) {}

  readonly #stopping = new AbortController();
  #current: Running | undefined;
  #supervision: Promise<void> = Promise.resolve();
  #restarts = 0;
  /** Whether the user has waited long enough. */
  #isHurried = false;

  /** Resolves once it listens. A shipper that ends instead has said why on standard error. */
  async start(): Promise<void> {
    this.#current = await this.#startOne();
    this.#supervision = this.#supervise();
  }

  /** Resolves once it has drained, with whether nothing that was read is left in the rings. */
  async stop(): Promise<boolean> {
    this.#stopping.abort();
    const said = setTimeout(() => say('waiting for the shipper, which delivers what is left'), SAID_MS);
    // The second signal ends a shipper at once.
    const hurry = () => {
      this.#isHurried = true;
      this.#current?.child.kill('SIGTERM');
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, hurry);
    try {
      await this.#supervision;
      return await this.#drain();
    } finally {
      clearTimeout(said);
    }
  }

  async #drain(): Promise<boolean> {
    let last: Exit = { code: EXIT.INTERNAL };
    for (let attempt = 0; attempt < (this.#isHurried ? 1 : LAST_ATTEMPTS); attempt += 1) {
      if (this.#current === undefined && !(await this.#startAgain())) continue;
      const { child, exit, isUnread } = this.#current!;
      child.kill('SIGTERM');
      last = await exit;
      this.#current = undefined;
      if (!isDrained(last)) continue;
      // One that was told to end by others, and then by us, has ended at once.
      if (isUnread() && holdsUnread(join(this.directory, RING_DIR))) continue;
      // The exit code is the program's, so this has to be said.
      if (last.code !== EXIT.OK) say(`not every line was delivered: the shipper ended with ${last.code}`);
      if (this.#restarts > 0)
        say(`the last line of the shipper counts since its last start: it was started again ${this.#restarts} times`);
      return true;
    }
    say(
      `not every line was delivered: the shipper ended with ${last.code}. What it has not read is in ${this.directory}: ` +
        `LOGTAP_RING_DIR=${join(this.directory, RING_DIR)} with the same settings and \`logtap ship\` delivers it, then remove the directory`,
    );
    return false;
  }

  /** Until it is told to stop. Leaves a shipper that lives, or none. */
  async #supervise(): Promise<void> {
    const { signal } = this.#stopping;
    const stopped = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
    let pause = FIRST_PAUSE_MS;
    for (;;) {
      const ended = await Promise.race([this.#current?.exit, stopped]);
      if (ended === undefined) return;
      this.#current = undefined;
      say(`the shipper ended with ${ended.code} before the program, and is started again`);
      while (!signal.aborted && this.#current === undefined) {
        await sleep(pause, undefined, { signal }).catch(() => {});
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
        if (!signal.aborted) await this.#startAgain();
      }
      if (signal.aborted) return;
    }
  }

  async #startAgain(): Promise<boolean> {
    this.#restarts += 1;
    try {
      this.#current = await this.#startOne();
      return true;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      return false;
    }
  }

  async #startOne(): Promise<Running> {
    const socket = join(this.directory, SOCKET_NAME);
    const child = spawn(process.execPath, [shipperFile], {
      // A group of its own: Ctrl-C in the terminal must reach the program, not the shipper that still has to drain.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: {
        LOGTAP_STATUS_PORT: 'off',
        ...process.env,
        LOGTAP_SOCKET: socket,
        LOGTAP_RING_DIR: join(this.directory, RING_DIR),
        ...(this.sink === undefined ? {} : { LOGTAP_SINK: this.sink }),
      },
    });
    const exit = exitOf(child).catch((): Exit => ({ code: EXIT.INTERNAL }));
    let isUnread = false;
    child.on('message', (message: { readonly isUnread?: unknown } | null) => {
      isUnread = message?.isUnread === true;
    });
    let ended: Exit | undefined;
    exit.then((result) => {
      ended = result;
    });
    const deadline = performance.now() + START_MS;
    while (!(await accepts(socket))) {
      if (ended !== undefined) {
        throw new CommandError('the shipper did not start, so the program was not started either', ended.code);
      }
      if (performance.now() > deadline) {
        child.kill('SIGKILL');
        throw new CommandError(`the shipper did not listen on ${socket} within ${START_MS} ms`, EXIT.INTERNAL);
      }
      await sleep(10);
    }
    return { child, exit, isUnread: () => isUnread };
  }
}

function say(text: string): void {
  process.stderr.write(`logtap: ${text}\n`);
}

function accepts(socket: string): Promise<boolean> {
  return new Promise((answer) => {
    const connection = createConnection(socket);
    connection.once('connect', () => {
      connection.destroy();
      answer(true);
    });
    connection.once('error', () => answer(false));
  });
}
