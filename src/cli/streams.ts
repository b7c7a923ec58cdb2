/** The streams of a command. */
import type { Readable, Writable } from 'node:stream';

/** The streams that a command reads and writes, such as `process`. */
export interface CommandStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** Rejects if the stream cannot be written, for example with the code EPIPE because its reader has ended. */
export function write(stream: Writable, content: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(content, (error) => {
      if (!error) {
        resolve();
        return;
      }
      // The stream also emits the error, which ends a process that does not listen.
      stream.on('error', () => {});
      reject(error);
    });
  });
}
