/** Records as lines, and a status line that never mixes with them. */
import { EventEmitter } from 'node:events';
import { RecordLines } from '../../../../src/cli/run/screen/record-lines.js';
import { StatusLine } from '../../../../src/cli/run/screen/status-line.js';
import { coloursFor, wantsColour } from '../../../../src/colours.js';

const record = (fields: Record<string, unknown>) =>
  JSON.stringify({ timestamp: '2026-11-29T12:03:04.5Z', stream: 'stdout', source: 'host', pid: 1, seq: 1, ...fields });
const time = (() => {
  const date = new Date('2026-11-29T12:03:04.5Z');
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
})();

describe('a record', () => {
  const lines = () => new RecordLines(coloursFor(false));

  test.each<[string, Record<string, unknown>, string]>([
    ['of a stream', { stream: 'stderr', message: 'text' }, `${time} stderr text\n`],
    ['of a file has its name', { stream: 'file', source: '/var/log/a.log', message: 'x' }, `${time} a.log x\n`],
    ['of several lines is aligned', { message: 'one\r\n\ttwo' }, `${time} stdout one\n${' '.repeat(16)}\ttwo\n`],
    ['without a time', { timestamp: undefined, message: 'x' }, '--:--:-- stdout x\n'],
    [
      'with control characters',
      { message: 'a\u001b]0;t\u0007b\u009b\u202e' },
      `${time} stdout a\\u001b]0;t\\u0007b\\u009b\\u202e\n`,
    ],
    ['with colours', { message: '\u001b[1;38;5;9mred\u001b[m' }, `${time} stdout red\n`],
    [
      'of a file with a hostile name',
      { stream: 'file', source: 'a\u001b[2J', message: 'x' },
      `${time} a\\u001b[2J x\n`,
    ],
  ])('%s', (_, fields, text) => {
    expect(lines().of(record(fields))).toBe(text);
  });

  test('that was shown before is not shown once more, and not counted', () => {
    const shown = lines();
    const first = record({ seq: 7, message: 'x' });
    expect([shown.of(first), shown.of(first)]).toEqual([`${time} stdout x\n`, '']);
    expect(shown.of(record({ seq: 8, message: 'x' }))).not.toBe('');
    expect(shown.of(record({ seq: 7, pid: 2, message: 'x' }))).not.toBe('');
    expect(shown.shown).toBe(3);
  });

  test.each([['no JSON \u001b[2J'], ['null'], ['{"message":1}']])('text that is none is shown: %j', (text) => {
    const shown = lines();
    expect(shown.of(text)).toBe(`${text.replace('\u001b', '\\u001b')}\n`);
    expect(shown.shown).toBe(0);
  });
});

test.each<[boolean, 'auto' | 'always' | 'never', Record<string, string>, boolean]>([
  [true, 'auto', {}, true],
  [false, 'auto', {}, false],
  [false, 'auto', { TERM: 'dumb' }, true],
  [false, 'auto', { NO_COLOR: '1', FORCE_COLOR: '1' }, true],
  [true, 'auto', { NO_COLOR: '' }, true],
  [true, 'auto', { FORCE_COLOR: '1' }, false],
  [false, 'auto', { FORCE_COLOR: '0' }, true],
  [true, 'always', { NO_COLOR: '1' }, false],
  [false, 'never', { FORCE_COLOR: '1' }, true],
])('colour: %s for %s, %j, terminal: %s', (expected, choice, env, isTerminal) => {
  expect(wantsColour(choice, env, isTerminal)).toBe(expected);
});

class FakeTerminal extends EventEmitter {
  columns = 80;
  written = '';
  write(text: string): boolean {
    this.written += text;
    return true;
  }
  take(): string {
    const { written } = this;
    this.written = '';
    return written;
  }
}

describe('the status line', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test('is erased before others write, drawn again when it is quiet, and gone at the end', () => {
    const terminal = new FakeTerminal();
    const status = new StatusLine(terminal as never);
    status.set('busy');
    expect(terminal.take()).toBe('\r\u001b[Kbusy');
    status.set('busy');
    expect(terminal.take()).toBe('');
    status.clear();
    status.clear();
    expect(terminal.take()).toBe('\r\u001b[K');
    jest.runOnlyPendingTimers();
    expect(terminal.take()).toBe('\r\u001b[Kbusy');
    status.end();
    expect(terminal.take()).toBe('\r\u001b[K');
    jest.runOnlyPendingTimers();
    expect(terminal.take()).toBe('');
    expect([terminal.listenerCount('resize'), process.listenerCount('SIGCONT')]).toEqual([0, 0]);
  });

  test('is never as wide as the terminal', () => {
    const terminal = new FakeTerminal();
    const status = new StatusLine(terminal as never);
    terminal.columns = 5;
    status.set('123456789');
    expect(terminal.take()).toBe('\r\u001b[K1234');
    terminal.columns = 3;
    terminal.emit('resize');
    expect(terminal.take()).toBe('\r\u001b[K\r\u001b[K12');
    status.end();
  });
});
