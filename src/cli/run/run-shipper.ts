/**
 * The shipper of `logtap run`. If it ends early, it is restarted, as the kubelet restarts a sidecar. Undelivered records are
 * still in the rings.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RING_DIR } from '../../contract.js';
import { CommandError, EXIT } from '../usage.js';
import type { Exit } from './child-exit.js';
import { type Account, joined, ofKilled } from './counts.js';
import type { Report } from './report.js';
import { type ShipperOptions, ShipperProcess } from './shipper-process.js';
import { holdsUnread } from './unread-rings.js';
import type { Wait } from './wait.js';

/** Pause before a restart. Each further pause is twice as long, up to the longest one. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** A Ctrl-C this soon after the end of the program is the one that ended it. */
const SAME_MS = 500;
/** Number of shippers that may try to drain the rings after the program has ended. */
const LAST_ATTEMPTS = 3;

/** Whether the shipper has drained, or has reported the number of undelivered records. */
const isDrained = ({ code }: Exit) => code === EXIT.OK || code === EXIT.UNDELIVERED;

export interface Drained {
  /** False if unread bytes remain in the rings. */
  readonly isDrained: boolean;
  /** Of all shippers; `undefined` if none could tell. */
  readonly account: Account | undefined;
  /** Whether a shipper was killed, whose last counts are missing. */
  readonly wasKilled: boolean;
}

export class RunShipper {
  readonly #options: ShipperOptions;
  readonly #report: Report;
  readonly #wait: Wait;
  readonly #stopping = new AbortController();
  #current: ShipperProcess | undefined;
  #supervision: Promise<void> = Promise.resolve();
  #restarts = 0;
  #account: Account | undefined;
  #wasKilled = false;
  /** Whether a second signal has ended the wait. */
  #isHurried = false;

  constructor(options: ShipperOptions, report: Report, wait: Wait) {
    this.#options = options;
    this.#report = report;
    this.#wait = wait;
  }

  /** Resolves when the shipper listens. A shipper that ends instead has written the reason to standard error. */
  async start(): Promise<void> {
    this.#current = await ShipperProcess.start(this.#options);
    this.#supervision = this.#supervise();
  }

  /** The counts of the present shipper; `undefined` while there is none. */
  async ask(): Promise<Account | undefined> {
    const account = await this.#current?.ask();
    return account && joined(this.#account, account);
  }

  /** Resolves when the shipper has drained. */
  async stop(): Promise<Drained> {
    this.#stopping.abort();
    // The second signal ends a shipper at once.
    const beganMs = performance.now();
    const hurry = (signal: NodeJS.Signals) => {
      // A terminal sends Ctrl-C to the program and to this process: the program may have ended before this process got it.
      const isFirst = signal === 'SIGINT' && process.stdin.isTTY && performance.now() - beganMs < SAME_MS;
      if (isFirst) return;
      this.#isHurried = true;
      this.#current?.kill('SIGTERM');
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, hurry);
    await this.#supervision;
    return { isDrained: await this.#drain(), account: this.#account, wasKilled: this.#wasKilled };
  }

  async #drain(): Promise<boolean> {
    let last: Exit = { code: EXIT.INTERNAL };
    for (let attempt = 0; attempt < (this.#isHurried ? 1 : LAST_ATTEMPTS); attempt += 1) {
      if (this.#current === undefined && !(await this.#restart())) continue;
      const shipper = this.#current!;
      shipper.kill('SIGTERM');
      last = await this.#wait.during(shipper, () => this.ask());
      this.#ended(shipper, last);
      if (!isDrained(last)) continue;
      // A shipper that got a second signal ended at once, without draining.
      if (shipper.isUnread && holdsUnread(join(this.#options.directory, RING_DIR))) continue;
      // The exit code is the program's, so only a message can report this.
      if (last.code !== EXIT.OK)
        this.#report.say(`not every line was delivered: the shipper ended with ${last.code}`, 'error');
      return true;
    }
    const { directory } = this.#options;
    this.#report.say(
      `not every line was delivered: the shipper ended with ${last.code}. Its unread bytes are in ${directory}. ` +
        `Run \`logtap ship\` with LOGTAP_RING_DIR=${join(directory, RING_DIR)} and the same settings, then remove the directory`,
      'error',
    );
    return false;
  }

  /** Restarts the shipper until `stop`. Afterwards a shipper runs, or none. */
  async #supervise(): Promise<void> {
    const { signal } = this.#stopping;
    const stopped = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
    let pause = FIRST_PAUSE_MS;
    for (;;) {
      const shipper = this.#current!;
      const ended = await Promise.race([shipper.exit, stopped]);
      if (ended === undefined) return;
      this.#ended(shipper, ended);
      this.#report.say(`the shipper ended with ${ended.code} before the program and is restarted`, 'warn');
      while (!signal.aborted && this.#current === undefined) {
        await sleep(pause, undefined, { signal }).catch(() => {});
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
        if (!signal.aborted) await this.#restart();
      }
      if (signal.aborted) return;
    }
  }

  #ended(shipper: ShipperProcess, exit: Exit): void {
    this.#current = undefined;
    const { account, isLastAccount } = shipper;
    // What a killed shipper has counted as lost, the next one has read from its journal.
    if (!isDrained(exit) || !isLastAccount) this.#wasKilled = true;
    if (account !== undefined) this.#account = joined(this.#account, isLastAccount ? account : ofKilled(account));
  }

  async #restart(): Promise<boolean> {
    this.#restarts += 1;
    try {
      this.#current = await ShipperProcess.start(this.#options);
      return true;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      return false;
    }
  }

  get restarts(): number {
    return this.#restarts;
  }
}
