/** Records to standard output, one JSON object per line: the sink of a sidecar without a log service. */
import { constants, fstatSync, openSync } from 'node:fs';
import type { Sink } from '../../parts.js';
import type { SinkContext } from '../sink-context.js';
import { NdjsonEncoder } from './ndjson.js';
import { LINE_LIMITS, LineOutput } from './output.js';

const STDOUT = 1;

export function openStdout({ settings }: SinkContext): Sink {
  const encoder = new NdjsonEncoder(settings);
  const output = new LineOutput(nonBlocking(STDOUT), 'stdout');
  return {
    name: 'stdout',
    limits: LINE_LIMITS,
    send(batch, signal) {
      const { bytes, ends } = encoder.encode(batch);
      return output.send(bytes, ends, signal);
    },
    async close() {},
  };
}

/**
 * A pipe opened anew, so that a reader that has stopped cannot block a thread, nor the exit. Setting O_NONBLOCK on the
 * inherited descriptor would set it for every program that shares it. Anything but a pipe is used as it is.
 */
function nonBlocking(fd: number): number {
  try {
    if (!fstatSync(fd).isFIFO()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // No /proc, or a pipe of another user.
    return fd;
  }
}
