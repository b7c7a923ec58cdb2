// Lines of a Unix socket, for the pipelines of Node beside this file: an asynchronous sequence of arrays of lines, each what
// one read brought. A reader that is slow stops the socket.
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';

/**
 * The plain way: text, split at line ends.
 * @param {string} path @param {(lines: string[]) => Promise<void> | void} take
 */
export function readLines(path, take) {
  createServer((socket) => {
    let rest = '';
    socket.setEncoding('utf8');
    socket.on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      const waiting = take(lines);
      if (waiting === undefined) return;
      socket.pause();
      waiting.then(() => socket.resume());
    });
  }).listen(path, 4096);
}

/** One line after the other, of all connections. @param {string} path */
export function linesOf(path) {
  const all = new PassThrough();
  createServer((socket) => socket.pipe(all, { end: false })).listen(path, 4096);
  return createInterface({ input: all, crlfDelay: Number.POSITIVE_INFINITY });
}
