/** How a program that was started has ended. */
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';

export interface Exit {
  /** Its exit code, or 128 + n when signal n ended it. */
  readonly code: number;
}

/** Rejects when it could not be started. */
export function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolveExit, reject) => {
    child.once('error', reject);
    // Not at once with `exit`: what it has said over a channel comes before this.
    child.once('close', (code, signal) => {
      resolveExit({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) });
    });
  });
}
