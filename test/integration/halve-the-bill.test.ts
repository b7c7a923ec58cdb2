/** The page about the bill, each example executed by a real shipper; and what a page cannot show: kills, signals, modules that fail. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import type { Statement } from '../../src/shipper/accounting/statement.js';
import { root, start, temporaryDirectory, until } from '../support/run.js';
import { drain, type Shipper, startShipper, tapEnvironment } from '../support/tapped.js';

const page = readFileSync(join(root, 'docs', 'guides', 'halve-the-bill.md'), 'utf8');
const LONG = 'x'.repeat(690);

interface Example {
  readonly title: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Lines with their marks: two blanks, `- ` or `+ `. */
  readonly lines: readonly string[];
}

/** Each block of `diff` with the settings or the module before it. */
function examples(): Example[] {
  const found: Example[] = [];
  let title = '';
  let settings: Readonly<Record<string, string>> = {};
  for (const [, heading, kind, text = ''] of page.matchAll(/^## ([^\n]*)$|```(env|diff|js)\n(.*?)```/gms)) {
    if (heading !== undefined) title = heading;
    else if (kind === 'env') settings = Object.fromEntries(text.trim().split('\n').map(settingOf));
    else if (kind === 'js') settings = { LOGTAP_STAGE: moduleOf(text) };
    else found.push({ title: `${title} ${found.length}`, settings, lines: text.trimEnd().split('\n') });
  }
  return found;
}

function settingOf(line: string): [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}

function moduleOf(code: string): string {
  const path = join(temporaryDirectory(), 'stage.mjs');
  writeFileSync(path, code);
  return `module:${path}`;
}

/** A shipper that writes to a file. */
async function ship(settings: Readonly<Record<string, string>>) {
  const output = join(temporaryDirectory(), 'output');
  const port = await freePort();
  const running = await startShipper({
    LOGTAP_SINK: 'file',
    LOGTAP_FILE_PATH: output,
    LOGTAP_STATUS_PORT: String(port),
    LOGTAP_BATCH_LINGER_MS: '10',
    // The text is sent in one write, whose lines would be one event.
    LOGTAP_EVENTS: 'off',
    ...settings,
  });
  const messages = () =>
    existsSync(output)
      ? readFileSync(output, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => (JSON.parse(line) as { message: string }).message)
      : [];
  const ended = async () => {
    const statement = (await (await fetch(`http://127.0.0.1:${port}/ledger`)).json()) as Statement;
    return statement.ended?.processes;
  };
  return { running, messages, ended };
}

/** Hands raw lines to the shipper, as `socat` would. */
const write = ({ socket }: Shipper, lines: readonly string[]) =>
  connect(socket).end(lines.map((line) => `${line}\n`).join(''));

/** The last line of a shipper. */
function totalsOf(stderr: string) {
  const { read, withheld, delivered, balanced } = JSON.parse(stderr.trimEnd().split('\n').at(-1)!);
  return { read, withheld, delivered: delivered.file, balanced };
}

const linesIn = (path: string) => (existsSync(path) ? readFileSync(path, 'latin1').split('\n').length - 1 : 0);

const sum = (counts: Readonly<Record<string, number>> = {}) =>
  Object.values(counts).reduce((all, each) => all + each, 0);

test.each(examples().map((example) => [example.title, example] as const))('%s', async (_, { settings, lines }) => {
  const text = (line: string) => line.slice(2).replace('LONG', LONG);
  const sent = lines.filter((line) => !line.startsWith('+')).map(text);
  // The module of the page changes one of its lines.
  const input = sent.map((line) => line.replace('user=*', 'user=17'));
  const { running, messages } = await ship(settings);
  write(running, input);
  const { code, stderr } = await drain(running);
  const left = lines.filter((line) => !line.startsWith('-')).map(text);
  const found = messages().map((message) => message.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'));
  expect([code, [...found].sort()]).toEqual([0, [...left].sort()]);
  const totals = totalsOf(stderr);
  expect(totals).toMatchObject({ delivered: left.length, balanced: true });
  expect(totals.read).toBe(totals.delivered + sum(totals.withheld));
  expect(sum(totals.withheld)).toBe(lines.filter((line) => line.startsWith('-')).length);
});

test('the page has an example of each setting', () => {
  const settings = new Set(examples().flatMap((example) => Object.keys(example.settings)));
  expect([...settings].sort()).toEqual([
    'LOGTAP_BUDGET_BYTES_PER_DAY',
    'LOGTAP_DEDUPLICATE_SECONDS',
    'LOGTAP_RATE_LIMIT',
    'LOGTAP_RECORDER_LEVEL',
    'LOGTAP_RECORDER_MINUTES',
    'LOGTAP_RULES',
    'LOGTAP_STAGE',
  ]);
});

describe('the flight recorder', () => {
  const settings = { LOGTAP_RECORDER_MINUTES: '5' };

  test('is sent by SIGUSR1', async () => {
    const { running, messages } = await ship(settings);
    write(running, ['INFO one', 'two', 'WARN three']);
    await until('the warning is there', () => messages().length === 1);
    running.child.kill('SIGUSR1');
    await until('all are there', () => messages().length === 3);
    const { stderr } = await drain(running);
    expect(totalsOf(stderr)).toEqual({ read: 3, delivered: 3, balanced: true });
  });

  test.each([
    ['that a signal kills', 'kill -9 $$', ['before', 'last'], { killed: 1 }],
    ['that fails', 'exit 3', ['before', 'last'], { '3': 1 }],
    ['that ends by itself', 'exit 0', [], { '0': 1 }],
  ])('is sent with the last lines of a process %s', async (_, end, expected, processes) => {
    const rings = mkdtempSync('/dev/shm/logtap-rings-');
    try {
      const { running, messages, ended } = await ship({ ...settings, LOGTAP_RING_DIR: rings });
      const env = { ...tapEnvironment(running.socket), [LIBRARY_ENV.TARGET.name]: `ring:${rings}` };
      await start('bash', ['-c', `echo before; sleep 0.3; echo last; ${end}`], { env }).ended;
      await until('the end is known', async () => (await ended()) !== undefined);
      write(running, ['WARN mark']);
      await until('the mark is there', () => messages().includes('WARN mark'));
      if (expected.length > 0) await until('the lines are there', () => messages().length > expected.length);
      expect(await ended()).toEqual(processes);
      const { stderr } = await drain(running);
      expect(messages().filter((message) => message !== 'WARN mark')).toEqual(expected);
      expect(totalsOf(stderr)).toMatchObject({ read: 3, delivered: 1 + expected.length, balanced: true });
    } finally {
      rmSync(rings, { recursive: true, force: true });
    }
  });

  test.each([
    ['fails', 'exit 3', ['debug one', 'debug two']],
    ['ends well', 'exit 0', []],
  ])('of a process that writes to the socket and %s', async (_, end, expected) => {
    const { running, messages, ended } = await ship(settings);
    // Its error goes nowhere.
    const script = `echo debug one; echo debug two; echo 'ERROR x' > /dev/null; ${end}`;
    await start('bash', ['-c', script], { env: tapEnvironment(running.socket) }).ended;
    await until('the end is known', async () => (await ended()) !== undefined);
    if (expected.length > 0) await until('the lines are there', () => messages().length === expected.length);
    const { stderr } = await drain(running);
    expect(messages()).toEqual(expected);
    expect(totalsOf(stderr)).toMatchObject({ read: 2, delivered: expected.length, balanced: true });
  });
});

test('a shipper that is killed again and again: each line is delivered once, or counted as withheld', async () => {
  const LINES = 4000;
  const rings = mkdtempSync('/dev/shm/logtap-rings-');
  const output = join(temporaryDirectory(), 'output');
  const settings = {
    ...{ LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: output, LOGTAP_RING_DIR: rings, LOGTAP_BATCH_LINGER_MS: '10' },
    LOGTAP_RULES: 'drop level=debug',
  };
  try {
    let shipper = await startShipper(settings);
    const program = `import sys, time
for i in range(${LINES}):
    print('DEBUG' if i % 2 else 'INFO', i, flush=True)
    time.sleep(0.0005)
`;
    const env = {
      ...tapEnvironment('', { suppress: true }),
      ...{ [LIBRARY_ENV.TARGET.name]: `ring:${rings}`, [LIBRARY_ENV.ON_FULL.name]: 'block:60000' },
    };
    let isEnded = false;
    const writing = start('python3', ['-c', program], { env }).ended.then((result) => {
      isEnded = true;
      return result;
    });
    for (let kills = 0; kills < 4 && !isEnded; kills++) {
      await until('some are stored', () => isEnded || linesIn(output) > (kills + 1) * 250);
      shipper.child.kill('SIGKILL');
      await shipper.ended;
      shipper = await startShipper(settings);
    }
    expect((await writing).code).toBe(0);
    const { stderr } = await drain(shipper);
    const stored = new Set(
      readFileSync(output, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).message),
    );
    expect([...stored].filter((message) => message.startsWith('DEBUG'))).toEqual([]);
    expect(stored.size).toBe(LINES / 2);
    // A kill between the journal and the ring counts one batch twice, and none never.
    const { withheld, balanced } = totalsOf(stderr);
    expect(balanced).toBe(true);
    expect(withheld.rule_1).toBeGreaterThanOrEqual(LINES / 2);
    expect(withheld.rule_1).toBeLessThan(LINES / 2 + 200);
  } finally {
    rmSync(rings, { recursive: true, force: true });
  }
});

describe('a module that', () => {
  test.each([
    ['throws', "throw new Error('no such user')", 'no such user'],
    ['rejects', "return Promise.reject(new Error('no such user'))", 'no such user'],
    ['returns nothing', '', 'must return a batch'],
    ['invents a record', 'return { ...batch, seq: batch.seq.map((seq) => seq + 1) }', 'not in the batch'],
    ['turns records around', 'return select(batch, [1, 0])', 'out of order'],
    ['points beyond its bytes', 'return { ...batch, length: batch.length.map(() => 1e6) }', 'outside of the bytes'],
    ['ends its thread', 'process.exit(7)', 'ended with code 7'],
    ['loops', 'for (;;);', 'no answer within 5000 ms'],
    ['never answers', 'return new Promise(() => {})', 'no answer within 5000 ms'],
    ['fills its memory', 'const all = []; for (;;) all.push(new Array(1e5).fill(all.length));', 'memory limit'],
  ])('%s loses no record', async (_, code, problem) => {
    const LOGTAP_STAGE = moduleOf(`export const openStage = ({ select }) => ({ apply(batch) { ${code} } });`);
    const { running, messages } = await ship({ LOGTAP_STAGE });
    write(running, ['one', 'two']);
    await until('both are there', () => messages().length === 2);
    write(running, ['three']);
    await until('the third is there', () => messages().length === 3);
    const { stderr } = await drain(running);
    expect(messages()).toEqual(['one', 'two', 'three']);
    expect(stderr).toContain(problem);
    expect(totalsOf(stderr)).toEqual({ read: 3, delivered: 3, balanced: true });
  });

  test.each([
    ['is not there', () => 'module:/nowhere/stage.mjs', 'cannot be loaded'],
    ['exports nothing', () => moduleOf(''), 'it exports no function openStage'],
    ['has no apply', () => moduleOf('export const openStage = () => ({});'), 'return an object with a method apply'],
    ['throws at once', () => moduleOf("throw new Error('not today');"), 'not today'],
  ])('%s ends the start', async (_, stage, problem) => {
    await expect(ship({ LOGTAP_STAGE: stage() })).rejects.toThrow(problem);
  });

  test('prints, prints into the log of the shipper, not into the records', async () => {
    const LOGTAP_STAGE = moduleOf(
      "export const openStage = () => ({ apply(batch) { console.log('seen', batch.count); return batch; } });",
    );
    const running = await startShipper({ LOGTAP_SINK: 'stdout', LOGTAP_STAGE });
    write(running, ['one']);
    await until('it is there', () => running.stdout().includes('"one"'));
    const { stdout, stderr } = await drain(running);
    expect([stdout.trimEnd().split('\n').length, stderr]).toEqual([
      1,
      expect.stringContaining('"message":"LOGTAP_STAGE: seen 1"'),
    ]);
  });
});
