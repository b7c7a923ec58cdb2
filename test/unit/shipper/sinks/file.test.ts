/** The file sink opened again: what a shipper that was killed left behind spoils no line. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sink } from '../../../../src/shipper/parts.js';
import { BatchBuilder } from '../../../../src/shipper/records/batch-builder.js';
import { Secrets } from '../../../../src/shipper/secrets.js';
import { parseSettings } from '../../../../src/shipper/settings.js';
import { type FileSettings, openFile } from '../../../../src/shipper/sinks/lines/file.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'logtap-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function openAt(path: string) {
  const settings = parseSettings({ LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: path }, () => {});
  return openFile({
    settings: settings as FileSettings,
    secrets: new Secrets(),
    onRequest: () => {},
    onNotice: () => {},
  });
}

const send = async (sink: Sink, message: string) =>
  expect(await attempt(sink, message)).toEqual({ retry: [], rejected: [] });

function attempt(sink: Sink, message: string) {
  const builder = new BatchBuilder();
  const origin = { id: 'a-1', stream: 'stdout', pid: 1, process: 'app', container: 'app' } as const;
  const bytes = Buffer.from(message);
  builder.record(origin, builder.copy(bytes, 0, bytes.length), bytes.length, 0, 1);
  return sink.send(builder.finish(), new AbortController().signal);
}

async function append(path: string, message: string): Promise<void> {
  const sink = openAt(path);
  await send(sink, message);
  await sink.close();
}

const messagesIn = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).message);

test.each([
  ['half a line', '{"message":"first"}\n{"mess', ['{"message":"first"}', '{"mess']],
  ['whole lines', '{"message":"first"}\n', ['{"message":"first"}']],
  ['nothing', '', []],
])('after %s', async (_, before, left) => {
  const path = join(directory, 'out');
  writeFileSync(path, before);
  await append(path, 'next');
  const lines = readFileSync(path, 'utf8').split('\n');
  expect(lines.slice(0, -2)).toEqual(left);
  expect(JSON.parse(lines.at(-2)!)).toMatchObject({ message: 'next' });
});

test.each([
  ['removed', (path: string) => rmSync(path)],
  ['moved, as logrotate does', (path: string) => renameSync(path, `${path}.1`)],
  [
    'moved and made, as logrotate does with create',
    (path: string) => renameSync(path, `${path}.1`) ?? writeFileSync(path, ''),
  ],
  ['copied and cut, as logrotate does with copytruncate', (path: string) => truncateSync(path)],
])('a file that was %s gets the next line, at its path', async (_, change) => {
  const path = join(directory, 'out');
  const sink = openAt(path);
  await send(sink, 'before');
  change(path);
  await send(sink, 'after');
  expect(messagesIn(path)).toEqual(['after']);
  await send(sink, 'more');
  expect(messagesIn(path)).toEqual(['after', 'more']);
  await sink.close();
});

test('a file whose directory is away is a failure to be tried again', async () => {
  const path = join(directory, 'in', 'out');
  mkdirSync(join(directory, 'in'));
  const sink = openAt(path);
  rmSync(join(directory, 'in'), { recursive: true });
  await expect(send(sink, 'a line')).rejects.toMatchObject({ code: 'ENOENT', detail: expect.stringContaining(path) });
  mkdirSync(join(directory, 'in'));
  await send(sink, 'a line');
  expect(messagesIn(path)).toEqual(['a line']);
  await sink.close();
});

test('a file that is opened again on request is the one at the path', async () => {
  const path = join(directory, 'out');
  const sink = openAt(path);
  renameSync(path, `${path}.1`);
  sink.reopen!();
  expect(readFileSync(path, 'utf8')).toBe('');
  await send(sink, 'a line');
  expect(messagesIn(path)).toEqual(['a line']);
  await sink.close();
});

test.each([1, 2, 3, 4])(
  'opened again %i times before a line: the line is there, and each descriptor is closed once',
  async (times) => {
    const path = join(directory, 'out');
    const sink = openAt(path);
    await send(sink, 'before');
    const open = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < times; i += 1) {
      sink.reopen?.();
      await new Promise(setImmediate);
    }
    await send(sink, 'after');
    expect(messagesIn(path)).toEqual(['before', 'after']);
    expect(readdirSync('/proc/self/fd').length).toBe(open);
    await sink.close();
  },
);

// Opening one waits for its reader: the whole shipper, deaf to signals, without a word.
test('a named pipe that no program reads is told at the start', () => {
  const path = join(directory, 'pipe');
  execFileSync('mkfifo', [path]);
  expect(() => openAt(path)).toThrow(/LOGTAP_FILE_PATH='.*pipe'.*no program reads this named pipe: start its reader/);
});

function lineFrom(pipe: number) {
  const bytes = Buffer.alloc(4096);
  return JSON.parse(bytes.toString('utf8', 0, readSync(pipe, bytes)));
}

test('lines to a named pipe wait for a reader that is started again', async () => {
  const path = join(directory, 'pipe');
  execFileSync('mkfifo', [path]);
  const read = () => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const first = read();
  const sink = openAt(path);
  await send(sink, 'first');
  expect(lineFrom(first)).toMatchObject({ message: 'first' });
  closeSync(first);
  expect(await attempt(sink, 'second')).toMatchObject({ retry: [0], rejected: [], failure: { code: 'EPIPE' } });
  const second = read();
  await send(sink, 'second');
  expect(lineFrom(second)).toMatchObject({ message: 'second' });
  closeSync(second);
  await sink.close();
});

test('a file in whose place a named pipe is put that no program reads is a failure to be tried again', async () => {
  const path = join(directory, 'out');
  const sink = openAt(path);
  await send(sink, 'before');
  rmSync(path);
  execFileSync('mkfifo', [path]);
  await expect(send(sink, 'after')).rejects.toMatchObject({
    code: 'ENXIO',
    detail: expect.stringMatching(/no program/),
  });
  rmSync(path);
  await send(sink, 'after');
  expect(messagesIn(path)).toEqual(['after']);
  await sink.close();
});
