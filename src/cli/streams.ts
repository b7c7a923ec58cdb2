/** The streams of a command. */
import type { Readable, Writable } from 'node:stream';
import { CommandError, EXIT } from './usage.js';

const INCOMPLETE = 'cannot write all of the output';
const REMEDY = 'Do not use it, make room for it, and run the command again';

/** The streams that a command reads and writes, such as `process`. */
export interface CommandStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** Rejects with the code EPIPE if the reader of the stream has ended, and with a CommandError if it cannot be written, as on a full disk. */
export function write(stream: Writable, content: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(content, (error) => {
      if (!error) {
        resolve();
        return;
      }
      // The stream also emits the error, which ends a process that does not listen.
      stream.on('error', () => {});
      const { code, message } = error as NodeJS.ErrnoException;
      reject(code === 'EPIPE' ? error : new CommandError(`${INCOMPLETE}: ${message}. ${REMEDY}`, EXIT.CANNOT_CREATE));
    });
  });
}
