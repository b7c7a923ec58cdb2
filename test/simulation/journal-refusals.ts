/** Whether the disk has refused something of the journal of counts, and has taken nothing of it since: then a kill takes counts. */
import type { MachineProcess } from './world/machine.js';

const JOURNAL = /\.journal(\.new)?$/;

export class JournalRefusals {
  /** The text of the journal when the disk refused something last. */
  #left: string | undefined;
  /** When it was full last: the journal has a reserve (docs/decisions/0058), and the shipper says so where that is not enough. */
  #full: string | undefined;
  /** Since when it has refused everything. */
  #sinceMs = 0;
  /** Whether it ever did for so long that rings did not wait for it. */
  wasLong = false;

  /** A call failed. `journal` is its text now. */
  refused({ path, code }: NodeJS.ErrnoException, journal: () => string, nowMs: number): void {
    if (path === undefined || !JOURNAL.test(path) || code === 'ENOENT') return;
    const text = journal();
    if (text !== this.#full && text !== this.#left) this.#sinceMs = nowMs;
    this.wasLong ||= nowMs - this.#sinceMs >= WAIT_MS;
    if (code === 'ENOSPC') this.#full = text;
    else this.#left = text;
  }

  /** What the disk took since has all that it had refused: an entry that follows a refusal writes the file anew. */
  isBehind(journal: string, shipper: MachineProcess): boolean {
    if (this.#full === journal && isUnkept(shipper)) return true;
    return this.#left === journal || (journal !== '' && !journal.endsWith(']'));
  }
}

/** Almost so long rings keep lines until the journal has the counts of these: src/shipper/accounting/ledger.ts. */
const WAIT_MS = 9000;

/** Whether counts could not be kept. */
export const isUnkept = ({ log }: MachineProcess): boolean =>
  log.some(({ message }) => String(message).startsWith('counts cannot be kept'));
