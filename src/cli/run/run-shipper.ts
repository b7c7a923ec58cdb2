/**
 * The shipper of `logtap run`. If it ends early, it is restarted, as the kubelet restarts a sidecar. Undelivered records are
 * still in the rings.
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
/** Pause before a restart. Each further pause is twice as long, up to the longest one. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** Number of shippers that may try to drain the rings after the program has ended. */
const LAST_ATTEMPTS = 3;
/** A longer wait is reported. */
const REPORT_MS = 2000;

interface Running {
  readonly child: ChildProcess;
  readonly exit: Promise<Exit>;
  /** Whether its last message reports unread lines. */
  readonly isUnread: () => boolean;
}

/** Whether the shipper has drained, or has reported the number of undelivered records. */
const isDrained = ({ code }: Exit) => code === EXIT.OK || code === EXIT.UNDELIVERED;

export class RunShipper {
  /** @param directory for the socket and the rings */
  constructor(
    private readonly directory: string,
    private readonly sink: string | undefined,
    /** Take precedence over the environment. */
    private readonly settings: Readonly<Record<string, string>> = {},
  ) {}

  readonly #stopping = new AbortController();
  #current: Running | undefined;
  #supervision: Promise<void> = Promise.resolve();
  #restarts = 0;
  /** Whether a second signal has ended the wait. */
  #isHurried = false;

  /** Resolves when the shipper listens. A shipper that ends instead has written the reason to standard error. */
  async start(): Promise<void> {
    this.#current = await this.#startOne();
    this.#supervision = this.#supervise();
  }

  /** Resolves when the shipper has drained; false if unread bytes remain in the rings. */
  async stop(): Promise<boolean> {
    this.#stopping.abort();
    const report = setTimeout(() => say('waiting for the shipper to deliver the remaining records'), REPORT_MS);
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
      clearTimeout(report);
    }
  }

  async #drain(): Promise<boolean> {
    let last: Exit = { code: EXIT.INTERNAL };
    for (let attempt = 0; attempt < (this.#isHurried ? 1 : LAST_ATTEMPTS); attempt += 1) {
      if (this.#current === undefined && !(await this.#restart())) continue;
      const { child, exit, isUnread } = this.#current!;
      child.kill('SIGTERM');
      last = await exit;
      this.#current = undefined;
      if (!isDrained(last)) continue;
      // A shipper that got a second signal ended at once, without draining.
      if (isUnread() && holdsUnread(join(this.directory, RING_DIR))) continue;
      // The exit code is the program's, so only a message can report this.
      if (last.code !== EXIT.OK) say(`not every line was delivered: the shipper ended with ${last.code}`);
      if (this.#restarts > 0)
        say(
          `the counts in the last line of the shipper begin at its last start: it was restarted ${this.#restarts} times`,
        );
      return true;
    }
    say(
      `not every line was delivered: the shipper ended with ${last.code}. Its unread bytes are in ${this.directory}. ` +
        `Run \`logtap ship\` with LOGTAP_RING_DIR=${join(this.directory, RING_DIR)} and the same settings, then remove the directory`,
    );
    return false;
  }

  /** Restarts the shipper until `stop`. Afterwards a shipper runs, or none. */
  async #supervise(): Promise<void> {
    const { signal } = this.#stopping;
    const stopped = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
    let pause = FIRST_PAUSE_MS;
    for (;;) {
      const ended = await Promise.race([this.#current?.exit, stopped]);
      if (ended === undefined) return;
      this.#current = undefined;
      say(`the shipper ended with ${ended.code} before the program and is restarted`);
      while (!signal.aborted && this.#current === undefined) {
        await sleep(pause, undefined, { signal }).catch(() => {});
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
        if (!signal.aborted) await this.#restart();
      }
      if (signal.aborted) return;
    }
  }

  async #restart(): Promise<boolean> {
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
      // In its own process group: Ctrl-C in the terminal must reach the program, but not the shipper, which still has to drain.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: {
        LOGTAP_STATUS_PORT: 'off',
        ...process.env,
        LOGTAP_SOCKET: socket,
        LOGTAP_RING_DIR: join(this.directory, RING_DIR),
        ...(this.sink === undefined ? {} : { LOGTAP_SINK: this.sink }),
        ...this.settings,
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
        throw new CommandError('the shipper did not start, so the program was not started', ended.code);
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
