/** The wait for a shipper that drains after the end of the program: it tells the shipper when no process is left that could write, and the user what is waited for. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exit } from './child-exit.js';
import type { Account } from './counts.js';
import type { LivingWriter, LivingWriters } from './living-writers.js';
import type { Report } from './report.js';
import type { ShipperProcess } from './shipper-process.js';

const LOOK_MS = 50;
/** A process may be between fork(2) and execve(2) at one look. */
const EMPTY_LOOKS = 2;
/** A longer wait is reported. */
const REPORT_MS = 2000;
const NAMES_SHOWN = 3;

export class Wait {
  readonly #writers: LivingWriters;
  readonly #report: Report;
  /** Whether a status line can show it at once. */
  readonly #hasStatusLine: boolean;

  constructor(writers: LivingWriters, report: Report, hasStatusLine: boolean) {
    this.#writers = writers;
    this.#report = report;
    this.#hasStatusLine = hasStatusLine;
  }

  /** Resolves with the end of the shipper. */
  async during(shipper: ShipperProcess, ask: () => Promise<Account | undefined>): Promise<Exit> {
    let ended: Exit | undefined;
    const end = shipper.exit.then((exit) => {
      ended = exit;
    });
    const beganMs = performance.now();
    let emptyLooks = 0;
    let isReported = false;
    while (ended === undefined) {
      const living = emptyLooks < EMPTY_LOOKS ? this.#writers.find(shipper.pid) : [];
      if (living.length > 0) emptyLooks = 0;
      else if (emptyLooks < EMPTY_LOOKS) {
        emptyLooks += 1;
        if (emptyLooks === EMPTY_LOOKS) shipper.tellNoWriters();
      }
      const waitedMs = performance.now() - beganMs;
      if (waitedMs > REPORT_MS && (this.#hasStatusLine || !isReported)) {
        const text = reasonOf(living, await ask());
        if (this.#hasStatusLine) this.#report.status(`logtap: ${text}`);
        else this.#report.say(text);
        isReported = true;
      }
      await Promise.race([end, sleep(isReported ? LOOK_MS * 10 : LOOK_MS)]);
    }
    this.#report.status('');
    const left = emptyLooks < EMPTY_LOOKS ? this.#writers.find(shipper.pid) : [];
    if (left.length > 0) this.#report.say(`${namesOf(left)}: not ended, and not tapped any more`, 'warn');
    return ended;
  }
}

function reasonOf(living: readonly LivingWriter[], account: Account | undefined): string {
  if (living.length > 0) {
    return `waiting for processes that the program started and that go on: ${namesOf(living)}`;
  }
  const held = account?.totals.held ?? 0;
  if (account === undefined || held === 0) return 'waiting for the shipper to read the remaining lines';
  const [problem] = account.problems;
  return `waiting for the shipper to deliver the remaining records: ${held} held${problem === undefined ? '' : `; ${problem}`}`;
}

function namesOf(living: readonly LivingWriter[]): string {
  const names = living.slice(0, NAMES_SHOWN).map(({ pid, name }) => `${name} (${pid})`);
  const others = living.length > NAMES_SHOWN ? ` and ${living.length - NAMES_SHOWN} more` : '';
  return `${names.join(', ')}${others}`;
}
