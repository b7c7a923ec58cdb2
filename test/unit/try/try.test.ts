/** `logtap try`: records of a text and of a tape, without a clock, a socket or a sink. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { tryCommand } from '../../../src/cli/try/try.js';
import type { Entry } from '../../../src/try/tape.js';
import { runCommand } from '../../support/command.js';

jest.mock('../../../src/cli/package-files.js', () => ({ tryFile: `${process.cwd()}/src/try/main.ts` }));

const directory = mkdtempSync(join(tmpdir(), 'logtap-try-'));
afterAll(() => rmSync(directory, { recursive: true }));

function fileOf(content: string | Buffer, name = 'input'): string {
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
}

const START_MS = Date.UTC(2026, 0, 2);
const process0: Entry = { p: 0, process: 'app', pid: 7, container: 'web' };
const tapeOf = (...entries: readonly object[]) =>
  [{ tape: 1, startMs: START_MS }, ...entries].map((entry) => `${JSON.stringify(entry)}\n`).join('');
const write = (n: number, d: string, rest: object = {}) => ({ p: 0, s: 'stdout', t: n, n, h: 1, d, ...rest });

async function recordsOf(input: string | Buffer, ...flags: string[]) {
  const { stdout, error } = await runCommand(tryCommand, [fileOf(input), '-o', 'json', ...flags]);
  if (error !== undefined) throw error;
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const messagesOf = async (input: string | Buffer, ...flags: string[]) =>
  (await recordsOf(input, ...flags)).map(({ stream, message }) => `${stream}: ${message}`);

describe('a text', () => {
  test('is printed record by record', async () => {
    const { stdout, code } = await runCommand(tryCommand, ['-'], 'one\r\ntwo\u001b[31m\u202e');
    expect(code).toBe(0);
    expect(stdout).toBe('stdout 1\n  | one\n\nstdout 2\n  | two\\u001b[31m\\u202e\n');
  });

  test('has the stream and the container that the command names', async () => {
    const [record] = await recordsOf('a\n', '--stream', '/var/log/a.log', '--container', 'web');
    expect(record).toMatchObject({ stream: '/var/log/a.log', container: 'web', message: 'a' });
  });

  test('longer than a frame is one record per line', async () => {
    const long = 'x'.repeat(100_000);
    expect(await messagesOf(`${long}\nafter\n${long}\n`)).toEqual([
      `stdout: ${long}`,
      'stdout: after',
      `stdout: ${long}`,
    ]);
  });

  test('of no line has no record', async () => {
    expect(await recordsOf('')).toEqual([]);
  });
});

describe('a tape', () => {
  test('keeps streams, files and processes apart', async () => {
    const tape = tapeOf(
      process0,
      write(1, 'one, '),
      write(2, 'an error\n', { s: 'stderr' }),
      { p: 1, process: 'child', pid: 8, container: 'web' },
      { ...write(1, 'of a child\n'), p: 1, t: 2.5 },
      write(3, 'in a file\n', { s: '/var/log/a.log' }),
      write(4, 'two\n'),
    );
    const records = await recordsOf(tape);
    expect(records.map(({ process, stream, message }) => [process, stream, message])).toEqual([
      ['app', 'stdout', 'one, two'],
      ['app', 'stderr', 'an error'],
      ['child', 'stdout', 'of a child'],
      ['app', '/var/log/a.log', 'in a file'],
    ]);
  });

  test('ends an idle line by its own times', async () => {
    const tape = tapeOf(process0, write(1, 'Password: '), write(2, 'next\n', { t: 5000 }));
    expect(await messagesOf(tape)).toEqual(['stdout: Password: ', 'stdout: next']);
  });

  test('reports lost lines', async () => {
    const tape = tapeOf(process0, write(1, 'a\n'), { p: 0, t: 2, lost: { lines: 3, bytes: 30 } }, write(9, 'b\n'));
    expect(await messagesOf(tape)).toEqual([
      'stdout: a',
      expect.stringMatching(/3 lines, 30 bytes not captured between 2026-01-02T00:00:00/),
      'stdout: b',
    ]);
  });

  test('is read compressed, and without the last line of a killed recorder', async () => {
    const tape = tapeOf(process0, write(1, 'ä\n'));
    const bytes = Buffer.from('ä\n').toString('latin1');
    const exact = tapeOf(process0, write(1, bytes));
    expect(await messagesOf(gzipSync(exact))).toEqual(['stdout: ä']);
    expect(await messagesOf(`${exact}{"p":0,"s":"std`)).toEqual(['stdout: ä']);
    expect(tape).not.toBe(exact);
  });

  test.each([
    ['of another version', '{"tape":2,"startMs":0}\n', /a tape of version 2 cannot be read/],
    ['with a damaged line', tapeOf(process0).replace('"p":0', '"p":').concat('{}\n'), /line 2 of the tape is damaged/],
  ])('%s is refused with 65', async (_what, tape, says) => {
    const { stdout, error } = await runCommand(tryCommand, [fileOf(tape)]);
    expect(stdout).toBe('');
    expect(error).toMatchObject({ exitCode: 65, message: expect.stringMatching(says) });
  });
});

describe('--expect', () => {
  test('an equal output prints nothing and ends with 0', async () => {
    const input = fileOf('a\nb\n');
    const { stdout: first } = await runCommand(tryCommand, [input]);
    const expected = fileOf(first, 'expected');
    expect(await runCommand(tryCommand, [input, '--expect', expected])).toEqual({ stdout: '', stderr: '', code: 0 });
  });

  test('another output prints the difference and ends with 1', async () => {
    const expected = fileOf('stdout 1\n  | a\n\nstdout 2\n  | c\n', 'expected');
    const { stdout, code } = await runCommand(tryCommand, [fileOf('a\nb\n'), '--expect', expected]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^- {2}\| c\n\+ {2}\| b$/m);
  });
});

describe('events', () => {
  const trace = 'Exception in thread "main" java.lang.Error: x\n\tat A.a(A.java:1)\n\tat A.b(A.java:2)\n';

  test('have the number of their lines, and what joined them', async () => {
    const records = await recordsOf(`${trace}next\n`);
    expect(records).toMatchObject([
      { record: 1, lines: 3, formed: ['grammar'], message: trace.trimEnd() },
      { record: 2, lines: 1, message: 'next' },
    ]);
    expect(records[1].formed).toBeUndefined();
    const { stdout } = await runCommand(tryCommand, ['-'], trace);
    expect(stdout).toMatch(/^stdout 1, 3 lines, formed by grammar.*\n {2}\| Exception/);
  });

  test('are told by the text of the lines: a file has no boundaries of writes', async () => {
    const failure = 'ERROR order 7\njava.io.IOException: disk\nafter 30 s\n\tat shop.Disk.read(Disk.java:9)\n';
    expect((await recordsOf(`${failure}INFO next\n`)).map(({ lines }) => lines)).toEqual([4, 1]);
  });

  test('follow the settings', async () => {
    expect(await recordsOf(trace, '--set', 'events.mode=off')).toHaveLength(3);
    expect(await recordsOf('a\n b\nc\n', '--set', 'events.mode=indent')).toHaveLength(2);
    expect(await recordsOf('1 a\nb\n2 c\n', '--set', 'events.pattern=^[0-9]')).toHaveLength(2);
    expect(await recordsOf(trace, '--set', 'events.maxLines=2')).toHaveLength(2);
  });

  test('of two threads are kept apart on a tape', async () => {
    const lines = trace.split(/(?<=\n)/);
    const tape = tapeOf(
      process0,
      ...lines.flatMap((line, i) => [
        write(2 * i + 1, line, { h: 1, s: 'stderr' }),
        write(2 * i + 2, line.replace(': x', ': y'), { h: 2, s: 'stderr' }),
      ]),
    );
    expect((await recordsOf(tape)).map(({ lines: count, message }) => [count, message.split('\n')[0].at(-1)])).toEqual([
      [3, 'x'],
      [3, 'y'],
    ]);
  });

  test('end when idle by the times of the tape', async () => {
    const [first = '', ...rest] = trace.split(/(?<=\n)/);
    const tape = (pause: number) => tapeOf(process0, write(1, first), write(2, rest.join(''), { t: 1 + pause }));
    expect(await recordsOf(tape(500))).toHaveLength(1);
    expect((await recordsOf(tape(5000))).length).toBeGreaterThan(1);
  });
});

test('fields are those that sinks put on the record', async () => {
  const [json, plain] = await recordsOf('{"level":"error","logger":"shop.Orders","msg":"x"}\nhello\n');
  expect(json).toMatchObject({ level: 'error', fields: { logger: 'shop.Orders' } });
  expect(plain).not.toHaveProperty('fields');
  const [off] = await recordsOf('{"level":"error","logger":"shop.Orders"}\n', '--set', 'fields.fromText=false');
  expect(off).not.toHaveProperty('fields');
  const { stdout } = await runCommand(tryCommand, ['-'], '{"level":"error","logger":"shop.Orders\\u001b"}\n');
  expect(stdout).toContain('\n  logger: shop.Orders\\u001b\n');
});

test('redacted messages have the stage that changed them', async () => {
  const [record] = await recordsOf('paid by a@example.com\n', '--set', 'redact.kinds=email');
  expect(record).toMatchObject({ message: 'paid by [redacted:email]', changedBy: ['redact'] });
});

describe('stages', () => {
  test('withheld records have the reason and the rule, and levels are those that the rules see', async () => {
    const config = fileOf(
      "sink: { stdout: }\nrules: ['keep text~/payment/', 'drop level<info']\nbudget: { deduplicateSeconds: 60 }\n",
      'logtap.yaml',
    );
    const { stdout } = await runCommand(
      tryCommand,
      ['-', '--config', config],
      'DEBUG payment\nDEBUG cache\nINFO x\nINFO x\n',
    );
    expect(stdout).toBe(
      [
        'stdout 1, debug\n  | DEBUG payment\n',
        'stdout 2, debug, withheld: rule_2 (drop level<info)\n  | DEBUG cache\n',
        'stdout 3, info\n  | INFO x\n',
        'stdout 4, info, withheld: duplicate\n  | INFO x\n',
        'stdout 1, made by bill\n  | logtap: repeated once more until 1970-01-01T00:00:00.000Z: INFO x\n',
      ].join('\n'),
    );
  });

  test('records that the flight recorder sends after all are not withheld', async () => {
    const settings = ['--set', 'flightRecorder.minutes=1'];
    const recorded = 'INFO first\nINFO second\n';
    const withheld = (await recordsOf(recorded, ...settings)).map(({ reason }) => reason);
    expect(withheld).toEqual(['recorder', 'recorder']);
    const sent = await recordsOf(`${recorded}ERROR broken\n`, ...settings);
    expect(sent.map(({ reason }) => reason)).toEqual([undefined, undefined, undefined]);
  });
});

describe('settings', () => {
  test('come from logtap.yaml, and --set overrides it', async () => {
    const config = fileOf(
      'sink: { stdout: }\nshipper: { settings: { LOGTAP_LINE_MAX_BYTES: "1000" } }\n',
      'logtap.yaml',
    );
    const line = 'y'.repeat(1500);
    expect(await recordsOf(line, '--config', config)).toHaveLength(2);
    const more = 'shipper.settings.LOGTAP_LINE_MAX_BYTES=2000';
    expect(await recordsOf(line, '--config', config, '--set', more)).toHaveLength(1);
    expect(await recordsOf(line, '--set', 'shipper.settings.LOGTAP_LINE_MAX_BYTES=1000')).toHaveLength(2);
  });

  test('of the environment override both, and wrong ones end with 78', async () => {
    process.env.LOGTAP_LINE_MAX_BYTES = 'long';
    try {
      const { error } = await runCommand(tryCommand, ['-'], 'a');
      expect(error).toMatchObject({ exitCode: 78, message: expect.stringMatching(/LOGTAP_LINE_MAX_BYTES='long'/) });
    } finally {
      delete process.env.LOGTAP_LINE_MAX_BYTES;
    }
  });
});

test.each([
  [[], /FILE\|TAPE\|- is missing/],
  [['-', '--stream', 'stdot'], /--stream \(stdot\) must be stdout, stderr or/],
  [['-', '-o', 'sarif'], /--output \(sarif\) must be one of text, json, yaml/],
  [['-', '--confg', 'x'], /Did you mean --config\?/],
  [['/does/not/exist'], /cannot read '\/does\/not\/exist'/],
])('refuses %j', async (args, says) => {
  const { stdout, error } = await runCommand(tryCommand, args);
  expect(stdout).toBe('');
  expect(error?.message).toMatch(says);
});
