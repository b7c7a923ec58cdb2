/** The end of a child process. */
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';

export interface Exit {
  /** Its exit code, or 128 + n if signal n ended it. */
  readonly code: number;
}

/** Rejects if the child could not be started. */
export function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolveExit, reject) => {
    child.once('error', reject);
    // Not `exit`, which may come before the last messages of the child.
    child.once('close', (code, signal) => {
      resolveExit({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) });
    });
  });
}
