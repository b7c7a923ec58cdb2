/** One process of the shipper, and the messages that it exchanges with `logtap run`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RING_DIR, SOCKET_NAME } from '../../contract.js';
import { shipperFile } from '../package-files.js';
import { CommandError, EXIT } from '../usage.js';
import { type Exit, exitOf } from './child-exit.js';
import type { Account } from './counts.js';
import type { Screen } from './screen/screen.js';

const START_MS = 15_000;
/** A busy shipper answers later, or ends meanwhile. */
const ANSWER_MS = 1000;
/** People do not wait for a larger batch, nor for the end of a line that asks for an answer. */
const ON_SCREEN = { LOGTAP_BATCH_LINGER_MS: '100', LOGTAP_LINE_IDLE_MS: '300' };

export interface ShipperOptions {
  /** For the socket and the rings. */
  readonly directory: string;
  readonly sink: string | undefined;
  /** Take precedence over the environment. */
  readonly settings: Readonly<Record<string, string>>;
  /** Shows the records; without it they go to standard output as they are. */
  readonly screen: Screen | undefined;
}

interface Message {
  readonly isUnread?: unknown;
  readonly account?: Account;
}

export class ShipperProcess {
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  /** Waits for the next counts. */
  readonly #waiting: ((account: Account) => void)[] = [];
  #account: Account | undefined;
  #lastWords: Message | undefined;

  private constructor({ directory, sink, settings, screen }: ShipperOptions) {
    this.#child = spawn(process.execPath, [shipperFile], {
      // In its own process group: Ctrl-C in the terminal must reach the program, but not the shipper, which still has to drain.
      detached: true,
      stdio: screen === undefined ? ['ignore', 'inherit', 'inherit', 'ipc'] : ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        LOGTAP_STATUS_PORT: 'off',
        ...(screen === undefined ? {} : ON_SCREEN),
        ...process.env,
        LOGTAP_SOCKET: join(directory, SOCKET_NAME),
        LOGTAP_RING_DIR: join(directory, RING_DIR),
        ...(sink === undefined ? {} : { LOGTAP_SINK: sink }),
        ...settings,
      },
    });
    if (screen !== undefined) {
      const { stdout, stderr } = this.#child;
      stdout!.pipe(screen.recordsOf());
      stderr!.pipe(screen.diagnosticsOf());
      // The shipper then counts what it cannot show.
      process.stdout.on('error', () => stdout!.destroy());
    }
    this.exit = exitOf(this.#child).catch((): Exit => ({ code: EXIT.INTERNAL }));
    this.#child.on('message', (message: Message | null) => this.#take(message ?? {}));
  }

  /**
   * Resolves when it listens.
   *
   * @throws CommandError if it does not
   */
  static async start(options: ShipperOptions): Promise<ShipperProcess> {
    const socket = join(options.directory, SOCKET_NAME);
    const shipper = new ShipperProcess(options);
    let ended: Exit | undefined;
    shipper.exit.then((result) => {
      ended = result;
    });
    const deadline = performance.now() + START_MS;
    while (!(await accepts(socket))) {
      if (ended !== undefined) {
        throw new CommandError('the shipper did not start, so the program was not started', ended.code);
      }
      if (performance.now() > deadline) {
        shipper.kill('SIGKILL');
        throw new CommandError(`the shipper did not listen on ${socket} within ${START_MS} ms`, EXIT.INTERNAL);
      }
      await sleep(10);
    }
    return shipper;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether its last message reports unread lines. */
  get isUnread(): boolean {
    return this.#lastWords?.isUnread === true;
  }

  /** The latest counts. */
  get account(): Account | undefined {
    return this.#account;
  }

  /** Whether these are its last words, and nothing can be missing. */
  get isLastAccount(): boolean {
    return this.#lastWords?.account !== undefined;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** No process is left that could write. */
  tellNoWriters(): void {
    this.#send('no writers');
  }

  /** The counts now; `undefined` if it does not answer. */
  async ask(): Promise<Account | undefined> {
    if (!this.#send('account')) return undefined;
    const stop = new AbortController();
    const late = sleep(ANSWER_MS, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
    const answer = new Promise<Account>((resolve) => this.#waiting.push(resolve));
    const account = await Promise.race([answer, this.exit.then(() => undefined), late]);
    stop.abort();
    return account;
  }

  #take(message: Message): void {
    if (message.isUnread !== undefined) this.#lastWords = message;
    if (message.account === undefined) return;
    this.#account = message.account;
    for (const resolve of this.#waiting.splice(0)) resolve(message.account);
  }

  /** False if it has ended. */
  #send(message: string): boolean {
    if (!this.#child.connected) return false;
    // It may end before it has read this.
    this.#child.send(message, () => {});
    return true;
  }
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
