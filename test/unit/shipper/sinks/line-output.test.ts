import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LineOutput } from '../../../../src/shipper/sinks/lines/output.js';

const never = new AbortController().signal;
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'logtap-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Lines of `bytes` each, and where each ends. */
function linesOf(count: number, bytes: number): { bytes: Buffer; ends: number[] } {
  const lines = Array.from({ length: count }, (_, i) => `${String(i).padStart(bytes - 1, 'x')}\n`);
  return { bytes: Buffer.from(lines.join('')), ends: lines.map((_, i) => (i + 1) * bytes) };
}

function pipe(): { reader: number; writer: number } {
  const path = join(directory, `pipe-${Math.random()}`);
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, writer: openSync(path, constants.O_WRONLY | constants.O_NONBLOCK) };
}

/** Everything in the pipe now. */
function drain(reader: number): string {
  const buffer = Buffer.alloc(1024 * 1024);
  try {
    return buffer.toString('latin1', 0, readSync(reader, buffer));
  } catch {
    return '';
  }
}

describe('LineOutput', () => {
  test('writes lines to a file', async () => {
    const path = join(directory, 'out');
    const { bytes, ends } = linesOf(3, 10);
    const result = await new LineOutput(openSync(path, 'a'), path).send(bytes, ends, never);
    expect(result).toEqual({ retry: [], rejected: [] });
    expect(readFileSync(path)).toEqual(bytes);
  });

  test('stops at its signal when the reader is slow: whole lines are delivered, the torn one is retried', async () => {
    const { reader, writer } = pipe();
    const output = new LineOutput(writer, 'pipe');
    // More than the 64 KiB of a pipe; no line end falls on a page.
    const { bytes, ends } = linesOf(100, 1001);
    const abort = new AbortController();
    const sending = output.send(bytes, ends, abort.signal);
    abort.abort();
    const { retry, failure } = await sending;
    expect(failure?.detail).toContain('pipe');
    const first = drain(reader);
    const whole = Math.floor(first.length / 1001);
    expect(whole).toBeGreaterThan(10);
    expect(retry).toEqual(Array.from({ length: 100 - whole }, (_, i) => whole + i));

    const again = await output.send(bytes.subarray(whole * 1001), ends.slice(0, 100 - whole), never);
    expect(again.retry).toEqual([]);
    // The torn line is ended, so that all others parse.
    const torn = first.slice(whole * 1001);
    const expected =
      first.slice(0, whole * 1001) + torn + (torn === '' ? '' : '\n') + bytes.toString('latin1', whole * 1001);
    expect(first + drain(reader)).toBe(expected);
    closeSync(reader);
  });

  test('what a reader that has gone can never take is permanently rejected', async () => {
    const { reader, writer } = pipe();
    closeSync(reader);
    const { bytes, ends } = linesOf(2, 10);
    expect(await new LineOutput(writer, 'pipe').send(bytes, ends, never)).toEqual({
      retry: [],
      rejected: [
        { index: 0, reason: 'reader_gone' },
        { index: 1, reason: 'reader_gone' },
      ],
    });
  });

  test('another error is reported, and everything is retried', async () => {
    const { bytes, ends } = linesOf(2, 10);
    const result = await new LineOutput(openSync('/dev/full', 'a'), '/dev/full').send(bytes, ends, never);
    expect(result).toEqual({
      retry: [0, 1],
      rejected: [],
      failure: { code: 'ENOSPC', detail: expect.stringContaining('/dev/full') },
    });
  });
});
