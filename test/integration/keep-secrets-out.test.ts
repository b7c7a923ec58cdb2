/** The page about redaction, each example executed by a real shipper; and that no secret reaches a disk, a dead letter or a log. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { root, temporaryDirectory, until } from '../support/run.js';
import { drain, type Shipper, startShipper } from '../support/tapped.js';

const page = readFileSync(join(root, 'docs', 'guides', 'keep-secrets-out.md'), 'utf8');

interface Example {
  readonly title: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Lines with their marks: two blanks, `- ` or `+ `. */
  readonly lines: readonly string[];
}

function fileWith(text: string): string {
  const path = join(temporaryDirectory(), 'file');
  writeFileSync(path, text);
  return path;
}

/** Each block of `diff` with the settings or the patterns before it. */
function examples(): Example[] {
  const found: Example[] = [];
  let title = '';
  let settings: Readonly<Record<string, string>> = {};
  for (const [, heading, kind, text = ''] of page.matchAll(/^## ([^\n]*)$|```(env|diff|patterns)\n(.*?)```/gms)) {
    if (heading !== undefined) title = heading;
    else if (kind === 'env') settings = Object.fromEntries(text.trim().split('\n').map(settingOf));
    else if (kind === 'patterns') settings = { LOGTAP_REDACT_PATTERNS_FILE: fileWith(text) };
    else found.push({ title: `${title} ${found.length}`, settings, lines: text.trimEnd().split('\n') });
  }
  return found;
}

function settingOf(line: string): [string, string] {
  const at = line.indexOf('=');
  const value = line.slice(at + 1);
  return [line.slice(0, at), value === 'KEY' ? fileWith('0123456789abcdef') : value];
}

/** Hands raw lines to the shipper, as `socat` would. */
const write = ({ socket }: Shipper, lines: readonly string[]) =>
  connect(socket).end(lines.map((line) => `${line}\n`).join(''));

const SECRETS = ['4111111111111111', 'bob@example.com', 'hunter2'];
const LINE = `card ${SECRETS[0]} of ${SECRETS[1]}, password=${SECRETS[2]}`;

/** The text of every file below a directory. */
const allOf = (directory: string): string =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('');

test.each(examples().map((example) => [example.title, example] as const))('%s', async (_, { settings, lines }) => {
  const output = join(temporaryDirectory(), 'output');
  const running = await startShipper({ LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: output, ...settings });
  const of = (...marks: string[]) => lines.filter((line) => marks.includes(line[0]!)).map((line) => line.slice(2));
  write(running, of('-', ' '));
  const { code, stderr } = await drain(running);
  const messages = readFileSync(output, 'utf8').trimEnd().split('\n');
  expect([code, messages.map((line) => (JSON.parse(line) as { message: string }).message)]).toEqual([0, of('+', ' ')]);
  const totals = JSON.parse(stderr.trimEnd().split('\n').at(-1)!) as { redacted: Record<string, number> };
  const marks = of('+').flatMap((line) => [...line.matchAll(/\[redacted:([a-z]+)/g)].map(([, kind]) => kind!));
  expect(
    Object.entries(totals.redacted)
      .flatMap(([kind, count]) => Array<string>(count).fill(kind))
      .sort(),
  ).toEqual(marks.sort());
});

test('the page has an example of each setting', () => {
  const settings = new Set(examples().flatMap((example) => Object.keys(example.settings)));
  expect([...settings].sort()).toEqual([
    'LOGTAP_REDACT',
    'LOGTAP_REDACT_KEY_FILE',
    'LOGTAP_REDACT_PATTERNS_FILE',
    'LOGTAP_REDACT_WITH',
  ]);
});

test('no secret is in the disk buffer, the dead letters, or the log of the shipper that quotes a record', async () => {
  const [spool, letters] = [temporaryDirectory(), join(temporaryDirectory(), 'letters')];
  const sink = join(temporaryDirectory(), 'sink.mjs');
  writeFileSync(
    sink,
    `export const openSink = ({ onNotice }) => ({
      name: 'refusing',
      limits: { maxRecords: 10, maxBytes: 100000, recordOverheadBytes: 0 },
      async send(batch) {
        const detail = 'quotes ${LINE}: ' + Buffer.from(batch.bytes).toString();
        return { retry: [], rejected: Array.from({ length: batch.count }, (_, index) => ({ index, reason: 'no', detail })) };
      },
      async close() {},
    });`,
  );
  const running = await startShipper({
    LOGTAP_SINK: `module:${sink}`,
    LOGTAP_SPOOL_DIR: spool,
    LOGTAP_DEAD_LETTER_FILE: letters,
    LOGTAP_REDACT: 'all',
  });
  write(running, [LINE]);
  await until(
    'the letter is there',
    () => existsSync(letters) && readFileSync(letters, 'utf8').includes('[redacted:card]'),
  );
  const { stderr, stdout } = await drain(running);
  const everything = allOf(spool) + readFileSync(letters, 'utf8') + stderr + stdout;
  expect(SECRETS.filter((secret) => everything.includes(secret))).toEqual([]);
});

test('a record that waits on disk for its service has no secret', async () => {
  const spool = temporaryDirectory();
  const running = await startShipper({
    LOGTAP_SINK: 'tcp',
    LOGTAP_TCP_ADDRESS: '127.0.0.1:9',
    LOGTAP_SPOOL_DIR: spool,
    LOGTAP_REDACT: 'all',
    LOGTAP_TERMINATION_GRACE_SECONDS: '1',
  });
  write(running, [LINE]);
  await until('the record is on disk', () => allOf(spool).includes('[redacted:card]'));
  expect(SECRETS.filter((secret) => allOf(spool).includes(secret))).toEqual([]);
  running.child.kill('SIGKILL');
});

test.each([
  [{ LOGTAP_REDACT: 'cards' }, "Did you mean 'card'?"],
  [{ LOGTAP_REDACT: 'card', LOGTAP_REDACT_WITH: 'hash' }, 'LOGTAP_REDACT_WITH=hash needs LOGTAP_REDACT_KEY_FILE'],
  [{ LOGTAP_REDACT_WITH: 'mark' }, 'has no effect without LOGTAP_REDACT'],
  [{ LOGTAP_REDACT_PATTERNS_FILE: '/nowhere' }, "LOGTAP_REDACT_PATTERNS_FILE='/nowhere': cannot be read"],
])('%j ends the start', async (settings, problem) => {
  await expect(startShipper({ LOGTAP_SINK: 'stdout', ...settings })).rejects.toThrow(problem);
});

test('a key that is too short ends the start', async () => {
  const settings = { LOGTAP_REDACT: 'card', LOGTAP_REDACT_WITH: 'hash', LOGTAP_REDACT_KEY_FILE: fileWith('short') };
  await expect(startShipper({ LOGTAP_SINK: 'stdout', ...settings })).rejects.toThrow('has 5 bytes');
});
