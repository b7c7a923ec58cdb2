/** Records appended to a file, one JSON object per line. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { ConfigError, codeOf, messageOf, NoAnswerError } from '../../errors.js';
import type { Sink } from '../../parts.js';
import { AppendFile } from '../../process/append-file.js';
import { withDescriptor } from '../../process/descriptor-reserve.js';
import type { SettingsOf, SinkContext } from '../sink-context.js';
import { NdjsonEncoder } from './ndjson.js';
import { LINE_LIMITS, LineOutput } from './output.js';

export type FileSettings = SettingsOf<'filePath', 'filePath'>;

export function openFile({ settings }: SinkContext<FileSettings>): Sink {
  const path = settings.filePath;
  const encoder = new NdjsonEncoder(settings);
  // One that is opened again before a line came was never written to.
  const file = open(path, (unused) => (unused === fd ? output.close() : closeSync(unused)));
  let fd = file.fd;
  let output = outputTo(fd, path);
  return {
    name: 'file',
    limits: LINE_LIMITS,
    async send(batch, signal) {
      try {
        const now = file.fd;
        if (now !== fd) output = outputTo(now, path);
        fd = now;
      } catch (error) {
        throw new NoAnswerError({ code: codeOf(error), detail: `open ${path}: ${messageOf(error)}` }, { cause: error });
      }
      const { bytes, ends } = encoder.encode(batch);
      return output.send(bytes, ends, signal);
    },
    reopen: () => file.reopen(),
    async close() {
      file.close();
    },
  };
}

/** A program that reads a named pipe may be started again. */
const outputTo = (fd: number, path: string) =>
  new LineOutput(fd, path, { isTorn: isTorn(path), mayReaderReturn: true });

/** Whether a shipper that was killed left half a line at the end: the next one must not be written on to it. */
function isTorn(path: string): boolean {
  try {
    const stat = statSync(path);
    if (!stat.isFile() || stat.size === 0) return false;
    return withDescriptor(() => {
      const fd = openSync(path, 'r');
      try {
        const last = Buffer.alloc(1);
        return readSync(fd, last, 0, 1, stat.size - 1) === 1 && last.toString() !== '\n';
      } finally {
        closeSync(fd);
      }
    });
  } catch {
    // One that may be written, but not read: an empty line more spoils nothing.
    return true;
  }
}

function open(path: string, retire: (fd: number) => void): AppendFile {
  try {
    return new AppendFile(path, 0o666, retire);
  } catch (error) {
    throw new ConfigError(
      [
        `LOGTAP_FILE_PATH='${path}': cannot be opened for appending: ${messageOf(error)}. Make its directory, and let user ${process.getuid?.()} write to it.`,
      ],
      { cause: error },
    );
  }
}
