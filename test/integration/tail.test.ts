/** The live tail of a running shipper, as clients get it. */
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { freePort } from '../../scripts/free-port.js';
import type { State } from '../../src/shipper/console/wire.js';
import { run, until } from '../support/run.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

interface Answer {
  readonly status: number;
  readonly response: IncomingMessage;
  readonly lines: () => readonly Record<string, unknown>[];
  readonly messages: () => readonly unknown[];
  readonly text: () => string;
}

function ask(port: number, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', () => {});
      const lines = () =>
        text
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line));
      const messages = () => lines().flatMap(({ message }) => message ?? []);
      resolve({ status: response.statusCode ?? 0, response, lines, messages, text: () => text });
    }).on('error', reject);
  });
}

async function state(port: number): Promise<State> {
  const response = await fetch(`http://127.0.0.1:${port}/status`);
  return (await response.json()) as State;
}

async function start(settings: Record<string, string> = {}) {
  const port = await freePort();
  const own = { LOGTAP_STATUS_PORT: String(port), LOGTAP_SINK: 'stdout', LOGTAP_BATCH_LINGER_MS: '50' };
  const shipper = await startShipper({ ...own, ...settings });
  const write = (format: string) => run('printf', [format], { env: tapEnvironment(shipper.socket) });
  return { port, shipper, write };
}

test('clients get what sinks get: redacted, without withheld records, each with its own filter', async () => {
  const { port, shipper, write } = await start({ LOGTAP_REDACT: 'email', LOGTAP_RULES: 'drop level=debug' });
  const all = await ask(port, '/tail');
  const errors = await ask(port, '/tail?level=error');
  const matching = await ask(port, '/tail?match=mail%20to');
  await write('DEBUG withheld\\nINFO mail to a@example.org\\nERROR no disk\\n');
  await until('the last record is shown', () => all.messages().length === 2 && errors.messages().length === 1);
  expect(all.messages()).toEqual(['INFO mail to [redacted:email]', 'ERROR no disk']);
  expect(errors.lines()).toMatchObject([
    { stream: 'stdout', container_name: 'app', level: 'error', message: 'ERROR no disk' },
  ]);
  await until('the match is shown', () => matching.messages().length === 1);
  expect(matching.messages()).toEqual(['INFO mail to [redacted:email]']);
  const { stdout } = await drain(shipper);
  const sent = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).message);
  expect(sent).toEqual(all.messages());
});

test('at most 4 clients; one that leaves makes room, and without any nothing watches', async () => {
  const { port, shipper } = await start();
  const four = await Promise.all([1, 2, 3, 4].map(() => ask(port, '/tail')));
  const fifth = await ask(port, '/tail');
  expect(fifth.status).toBe(503);
  await until('the answer has come', () => fifth.text() !== '');
  expect(fifth.text()).toBe('4 clients are tailing already: end one of them\n');
  for (const { response } of four) response.destroy();
  await until('they are gone', async () => (await state(port)).tailing === 0);
  expect((await ask(port, '/tail')).status).toBe(200);
  await drain(shipper);
});

test('a client that does not read: every line is delivered meanwhile', async () => {
  const { port, shipper } = await start({ LOGTAP_MEMORY_MAX_BYTES: '4000000' });
  const slow = connect(port, '127.0.0.1').pause();
  slow.write('GET /tail?max=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until('it is connected', async () => (await state(port)).tailing === 1);
  const lines = 100_000;
  const line = 'x'.repeat(100);
  await run('sh', ['-c', `yes ${line} | head -n ${lines}`], { env: tapEnvironment(shipper.socket) });
  await until('all is delivered', async () => (await state(port)).sinks[0]!.delivered.records >= lines);
  expect(await state(port)).toMatchObject({ tailing: 1, held: 0, balanced: true });
  slow.destroy();
  expect((await drain(shipper)).code).toBe(0);
});

test.each([
  ['/tail?levle=x', {}, 400, "there is no parameter 'levle': did you mean 'level'?\n"],
  ['/tail', { host: 'evil.example' }, 403, /names another host/],
  ['/status', { host: 'evil.example' }, 403, /names another host/],
  ['/', { host: 'evil.example' }, 403, /names another host/],
  [`/tail?match=${'x'.repeat(3000)}`, {}, 414, /more than 2048 characters/],
])('%s with %j: %i', async (path, headers, status, says) => {
  const { port, shipper } = await start();
  const answer = await ask(port, path, headers);
  expect(answer.status).toBe(status);
  await until('the answer has come', () => answer.text() !== '');
  expect(answer.text()).toMatch(says);
  await drain(shipper);
});

test('LOGTAP_CONSOLE=off: none of it', async () => {
  const { port, shipper } = await start({ LOGTAP_CONSOLE: 'off' });
  for (const path of ['/', '/status', '/tail']) {
    const answer = await ask(port, path);
    expect(answer.status).toBe(404);
    await until('the answer has come', () => answer.text() !== '');
    expect(answer.text()).toBe('there is no console: LOGTAP_CONSOLE=off\n');
  }
  await drain(shipper);
});
