import { LogOutput } from '../../../src/shipper/process/log-output.js';

/** A pipe that takes `room` bytes until it is read. */
function pipe(room: number) {
  let free = room;
  let text = '';
  let error: string | undefined;
  return {
    write(bytes: Buffer): number {
      if (error !== undefined || free === 0) throw Object.assign(new Error('write'), { code: error ?? 'EAGAIN' });
      const taken = Math.min(free, bytes.length);
      free -= taken;
      text += bytes.toString('utf8', 0, taken);
      return taken;
    },
    read() {
      free = room;
    },
    fail(code: string | undefined) {
      error = code;
    },
    get lines() {
      return text.split('\n').slice(0, -1);
    },
  };
}

describe('the log of the shipper', () => {
  test('lines that a full pipe does not take are written before the exit, whole and in order', () => {
    const reader = pipe(10);
    const output = new LogOutput({ write: reader.write, now: () => 0, sleep: () => reader.read() });
    const lines = Array.from({ length: 50 }, (_, i) => `line ${i}`);
    for (const line of lines) output.write(`${line}\n`);
    output.flush();
    expect(reader.lines).toEqual(lines);
  });

  test('the exit does not wait for a reader that never reads', () => {
    let nowMs = 0;
    const output = new LogOutput({ write: pipe(5).write, now: () => nowMs, sleep: (ms) => (nowMs += ms) });
    output.write('more than five bytes\n');
    output.flush();
    expect(nowMs).toBe(2000);
  });

  test('a reader that stays away costs bounded memory: the oldest lines go, and their number is told', () => {
    const reader = pipe(100);
    const output = new LogOutput({ write: reader.write, now: () => 0, sleep: () => reader.read() });
    const line = `${'x'.repeat(1023)}\n`;
    for (let i = 0; i < 2000; i += 1) output.write(line);
    output.write('the ledger\n');
    output.flush();
    expect(reader.lines.length).toBeLessThan(1030);
    expect(reader.lines.at(-1)).toBe('the ledger');
    expect(JSON.parse(reader.lines[1]!).message).toMatch(/^97\d lines of this log are missing/);
    expect(reader.lines.filter((each) => each.length === 1023).length).toBe(reader.lines.length - 2);
  });

  test.each(['EPIPE', 'ENOSPC'])('%s: later lines are tried, and the missing ones told', (code) => {
    const reader = pipe(1000);
    const output = new LogOutput({ write: reader.write });
    reader.fail(code);
    output.write('one\n');
    reader.fail(undefined);
    output.write('two\n');
    expect(JSON.parse(reader.lines[0]!).message).toMatch(/^1 lines/);
    expect(reader.lines[1]).toBe('two');
  });
});
