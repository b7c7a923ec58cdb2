/** Settings by container in a real shipper: programs that report a container, another one, or none. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIBRARY_ENV } from '../../src/contract.js';
import { start, temporaryDirectory, until } from '../support/run.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const SCRIPT = `echo 'order 2 failed'; echo '  at f'; echo '4111111111111111 of bob@example.com'`;

test('events and redaction differ; a name that is not known shows nothing that any container hides', async () => {
  const output = join(temporaryDirectory(), 'output');
  const running = await startShipper({
    LOGTAP_SINK: 'file',
    LOGTAP_FILE_PATH: output,
    LOGTAP_BATCH_LINGER_MS: '10',
    LOGTAP_REDACT: 'email',
    LOGTAP_CONTAINER_SETTINGS: JSON.stringify({ web: { LOGTAP_EVENTS: 'off' }, pay: { LOGTAP_REDACT: 'card' } }),
  });
  const containers = ['web', 'pay', 'unknown', ''];
  for (const container of containers) {
    const env = { ...tapEnvironment(running.socket), [LIBRARY_ENV.CONTAINER.name]: container };
    await start('bash', ['-c', SCRIPT], { env }).ended;
  }
  const records = () =>
    existsSync(output)
      ? readFileSync(output, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as { message: string; container_name?: string })
      : [];
  await until('all are there', () => records().length === 9);
  const { code } = await drain(running);
  const of = (name: string) =>
    records()
      .filter(({ container_name: container = '' }) => container === name)
      .map(({ message }) => message);
  const [joined, hidden] = ['order 2 failed\n  at f', '[redacted:card] of [redacted:email]'];
  expect(of('web')).toEqual(['order 2 failed', '  at f', '4111111111111111 of [redacted:email]']);
  for (const name of containers.slice(1)) expect(of(name)).toEqual([joined, hidden]);
  expect(code).toBe(0);
});

test.each([
  ['no JSON', '{', "LOGTAP_CONTAINER_SETTINGS='{': must be JSON"],
  ['a misspelt setting', '{"web":{"LOGTAP_EVENT":"off"}}', "did you mean 'LOGTAP_EVENTS'"],
  ['redaction of a process', '{"web/java":{"LOGTAP_REDACT":"card"}}', "Give it to the container 'web'"],
])('the shipper does not start with %s', async (_, value, says) => {
  await expect(startShipper({ LOGTAP_SINK: 'stdout', LOGTAP_CONTAINER_SETTINGS: value })).rejects.toThrow(says);
});
