/** A sink of the user's own, in a real shipper: the example of its page, and modules that are wrong. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { root, run, shipper, temporaryDirectory, until } from '../support/run.js';
import { drain, startShipper } from '../support/tapped.js';

const page = readFileSync(join(root, 'docs', 'guides', 'module-sink.md'), 'utf8');
const [, example = ''] = /```js\n(.*?)```/s.exec(page) ?? [];

/** Hands raw lines to the shipper, as `socat` would. */
function write(socket: string, text: string): void {
  connect(socket).end(text);
}

function moduleOf(code: string): string {
  const path = join(temporaryDirectory(), 'sink.mjs');
  writeFileSync(path, code);
  return `module:${path}`;
}

describe('the example', () => {
  /** Lines that were accepted. */
  let stored: string[];
  let statuses: number[];
  let server: Server;
  let url: string;

  beforeEach(async () => {
    stored = [];
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const status = statuses.shift() ?? 204;
      const { streams } = JSON.parse(body) as { streams: { stream: object; values: [string, string][] }[] };
      expect(streams[0]!.stream).toEqual({ pod: 'orders-0' });
      for (const [time] of streams[0]!.values) expect(time).toMatch(/^\d{19}$/);
      if (status === 204) stored.push(...streams[0]!.values.map(([, text]) => text));
      response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => server.close());

  const ship = (settings: Record<string, string> = {}) =>
    startShipper({ LOGTAP_SINK: moduleOf(example), LOKI_URL: url, POD_NAME: 'orders-0', ...settings });

  test('delivers each line once, through a failure', async () => {
    statuses = [503, 204];
    const running = await ship();
    write(running.socket, 'one\ntwo\n');
    await until('both are there', () => stored.length === 2);
    const { code, stderr } = await drain(running);
    expect([code, stored]).toEqual([0, ['one', 'two']]);
    expect(stderr).toContain('Loki answered 503');
  });

  test('permanently rejects lines, which become dead letters', async () => {
    statuses = [400];
    const letters = join(temporaryDirectory(), 'letters');
    const running = await ship({ LOGTAP_DEAD_LETTER_FILE: letters });
    write(running.socket, 'never\n');
    await until('it is a letter', () => existsSync(letters) && readFileSync(letters, 'utf8').includes('never'));
    expect((await drain(running)).code).toBe(0);
    expect(JSON.parse(readFileSync(letters, 'utf8'))).toMatchObject({
      reason: 'bad_request',
      record: { message: 'never' },
    });
  });
});

test.each([
  [
    'is not there',
    'module:/nowhere/sink.mjs',
    /cannot be loaded: .*\/nowhere\/sink.mjs.* Correct the path, or the module/,
  ],
  ['is no JavaScript', moduleOf('export function ('), /cannot be loaded: /],
  ['exports no openSink', moduleOf('export const a = 1;'), /cannot be loaded: it exports no function openSink/],
  ['throws', moduleOf('export const openSink = () => { throw new Error("no key"); };'), /cannot be loaded: no key/],
  [
    'gives no sink',
    moduleOf('export const openSink = () => ({});'),
    /Return an object with a method send\(batch, signal\)/,
  ],
  [
    'says no number for a limit',
    moduleOf('export const openSink = () => ({ send() {}, limits: { maxBytes: "1 MiB" } });'),
    /limits.maxBytes \(1 MiB\) must be a whole number. Correct it, or leave it out/,
  ],
])('a module that %s: the shipper does not start, and says why', async (_, sink, message) => {
  const { code, stderr } = await run(process.execPath, [shipper], { env: { LOGTAP_SINK: sink } });
  expect(code).toBe(78);
  expect(stderr).toMatch(message);
});

test.each([
  ['an index that names no record', '{ retry: [7] }'],
  ['one record twice', '{ retry: [0], rejected: [{ index: 0, reason: "x" }] }'],
  ['no index', '{ rejected: [{ reason: "x" }] }'],
  ['no reason', '{ rejected: [{ index: 0 }] }'],
  ['a wait that is none', '{ retry: [0, 1], retryAfterMs: Number.NaN }'],
  ['a wait without end', '{ retry: [0, 1], retryAfterMs: Number.POSITIVE_INFINITY }'],
  ['a word', '"failed"'],
  ['false', 'false'],
  ['a failure without words', '{ retry: [0, 1], failure: {} }'],
])('an answer with %s loses nothing: the batch is retried', async (_, answer) => {
  const output = join(temporaryDirectory(), 'output');
  const sink = moduleOf(`
    import { appendFileSync } from 'node:fs';
    let sent = 0;
    export const openSink = ({ recordAt }) => ({
      async send(batch) {
        sent += 1;
        if (sent === 1) return ${answer};
        for (let i = 0; i < batch.count; i++) appendFileSync('${output}', Buffer.from(recordAt(batch, i).message) + '\\n');
      },
    });`);
  const running = await startShipper({ LOGTAP_SINK: sink });
  write(running.socket, 'one\ntwo\n');
  await until('both are there', () => existsSync(output) && readFileSync(output, 'utf8').includes('two'));
  const { code, stderr } = await drain(running);
  expect([code, readFileSync(output, 'utf8')]).toEqual([0, 'one\ntwo\n']);
  expect(stderr).toContain("the module's answer must ");
});

test('dead letters start no module that LOGTAP_SINK does not name', async () => {
  const touched = join(temporaryDirectory(), 'touched');
  const sink = moduleOf(`
    import { writeFileSync } from 'node:fs';
    export const openSink = () => {
      writeFileSync('${touched}', '');
      return { send: async () => {} };
    };`);
  const letters = join(temporaryDirectory(), 'letters');
  const record = { timestamp: '2026-11-24T00:00:00.000000Z', message: 'a', stream: 'stdout', origin: 'x-1', seq: 1 };
  writeFileSync(letters, `${JSON.stringify({ time: record.timestamp, sink, reason: 'x', record })}\n`);
  const replay = (env: Record<string, string>) => run(process.execPath, [shipper, 'replay', letters], { env });
  const refused = await replay({});
  expect([refused.code, existsSync(touched)]).toEqual([78, false]);
  expect(refused.stderr).toContain('a file of letters starts no program: name it in LOGTAP_SINK, too');
  expect((await replay({ LOGTAP_SINK: sink })).code).toBe(0);
  expect(existsSync(touched)).toBe(true);
});
