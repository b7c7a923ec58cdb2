/** Whether the disk has refused something of the journal of counts, and has taken nothing of it since: then a kill takes counts. */

const JOURNAL = /\.journal(\.new)?$/;

export class JournalRefusals {
  /** The text of the journal when the disk refused something last. */
  #left: string | undefined;

  /** A call failed. `journal` is its text now. */
  refused({ path, code }: NodeJS.ErrnoException, journal: () => string): void {
    if (path !== undefined && JOURNAL.test(path) && code !== 'ENOENT') this.#left = journal();
  }

  /** What the disk took since has all that it had refused: an entry that follows a refusal writes the file anew. */
  isBehind(journal: string): boolean {
    return this.#left === journal || (journal !== '' && !journal.endsWith('\n'));
  }
}
