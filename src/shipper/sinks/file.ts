/** Records appended to a file, one JSON object a line. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { ConfigError, messageOf } from '../errors.js';
import type { Sink } from '../parts.js';
import { LINE_LIMITS, LineOutput } from './line-output.js';
import { NdjsonEncoder } from './ndjson.js';
import type { SinkContext } from './sink-context.js';

export function openFile({ settings }: SinkContext): Sink {
  const path = settings.filePath!;
  const encoder = new NdjsonEncoder(settings);
  const fd = open(path);
  const output = new LineOutput(fd, path, isTorn(path));
  return {
    name: 'file',
    limits: LINE_LIMITS,
    send(batch, signal) {
      const { bytes, ends } = encoder.encode(batch);
      return output.send(bytes, ends, signal);
    },
    async close() {
      closeSync(fd);
    },
  };
}

/** Whether a shipper that was killed left half a line at the end: the next one must not be written on to it. */
function isTorn(path: string): boolean {
  const stat = statSync(path);
  if (!stat.isFile() || stat.size === 0) return false;
  const fd = openSync(path, 'r');
  try {
    const last = Buffer.alloc(1);
    return readSync(fd, last, 0, 1, stat.size - 1) === 1 && last.toString() !== '\n';
  } finally {
    closeSync(fd);
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'a');
  } catch (error) {
    throw new ConfigError(
      [
        `LOGTAP_FILE_PATH='${path}': cannot be opened for appending: ${messageOf(error)}. Make its directory, and let user ${process.getuid?.()} write to it.`,
      ],
      { cause: error },
    );
  }
}
