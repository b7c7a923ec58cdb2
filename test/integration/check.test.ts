/** `logtap ship --check`: one line a finding, with the remedy, and a code for pipelines. No record is sent. */
import type { CloudWatchServer } from '../../scripts/cloudwatch.js';
import { startCloudWatch } from '../../scripts/cloudwatch.js';
import { freePort } from '../../scripts/free-port.js';
import type { OpenSearchServer } from '../../scripts/opensearch.js';
import { startOpenSearch } from '../../scripts/opensearch.js';
import { describeWith } from '../support/capability.js';
import { CloudWatchFake } from '../support/cloudwatch-fake.js';
import { logtap, run, until } from '../support/run.js';
import { AWS_ENV, countInOpenSearch } from '../support/sinks-read-back.js';
import { drain, startShipper } from '../support/tapped.js';

const check = (env: Record<string, string>) => run(process.execPath, [logtap, 'ship', '--check'], { env });
const cloudWatch = (url: string) => ({
  ...AWS_ENV,
  LOGTAP_SINK: 'cloudwatch',
  LOGTAP_CLOUDWATCH_LOG_GROUP: '/g',
  LOGTAP_CLOUDWATCH_LOG_STREAM: 's',
  AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: url,
});

describe('CloudWatch Logs', () => {
  let fake: CloudWatchFake;
  beforeEach(async () => {
    fake = await CloudWatchFake.start();
  });
  afterEach(() => fake.close());

  test('is there, and knows who asks', async () => {
    fake.make('/g', 's');
    const { code, stdout } = await check(cloudWatch(fake.url));
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^pass {5}cloudwatch: .* credentials of AWS_ACCESS_KEY_ID\n$/),
    ]);
    expect(fake.operations()).toEqual(['PutLogEvents']);
    expect(fake.events('/g', 's')).toEqual([]);
  });

  test.each([
    ['UnrecognizedClientException', 'credentials of AWS_ACCESS_KEY_ID'],
    ['AccessDeniedException', 'logs:PutLogEvents'],
  ])('%s is a problem, with its remedy', async (type, remedy) => {
    fake.faults.push({ status: 400, type });
    const { code, stdout } = await check(cloudWatch(fake.url));
    expect(code).toBe(78);
    expect(stdout).toMatch(/^failure {2}cloudwatch: .*docs\/guides\/runbook\.md#[\w-]+/);
    expect(stdout).toContain(type);
    expect(stdout).toContain(remedy);
  });

  test('a sidecar says it when it starts, and starts all the same', async () => {
    fake.faults.push({ status: 400, type: 'UnrecognizedClientException' });
    const shipper = await startShipper(cloudWatch(fake.url));
    await until('it has said so', () => shipper.stderr().includes('UnrecognizedClientException'));
    expect((await drain(shipper)).code).toBe(0);
  });
});

describeWith(['opensearch'], 'OpenSearch', () => {
  let search: OpenSearchServer;
  beforeAll(async () => {
    search = await startOpenSearch();
  });
  afterAll(() => search?.stop());

  test('is there, and nothing is stored', async () => {
    const { code, stdout } = await check({ LOGTAP_SINK: 'opensearch', LOGTAP_OPENSEARCH_URL: search.url });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^pass {5}opensearch: .* is reached/)]);
    expect(await countInOpenSearch(search.url, '_all')).toBe(0);
  });
});

describeWith(['cloudwatch'], 'the emulator of CloudWatch Logs', () => {
  let cloud: CloudWatchServer;
  beforeAll(async () => {
    cloud = await startCloudWatch();
  });
  afterAll(() => cloud?.stop());

  test('is there', async () => {
    const { code, stdout } = await check(cloudWatch(cloud.url));
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^pass {5}cloudwatch: /)]);
  });
});

test('each sink has its line; an absent service is a problem', async () => {
  const { code, stdout } = await check({
    LOGTAP_SINK: 'stdout,opensearch',
    LOGTAP_OPENSEARCH_URL: `http://127.0.0.1:${await freePort()}`,
  });
  expect(code).toBe(78);
  expect(stdout.trimEnd().split('\n')).toEqual([
    'pass     stdout: there is no service to ask',
    expect.stringMatching(
      /^failure {2}opensearch: .*ECONNREFUSED.*is the service up.*runbook\.md#the-connection-is-refused/,
    ),
  ]);
});

test('colours are for people: a pipe has them on request, data never', async () => {
  const coloured = (...flags: string[]) =>
    run(process.execPath, [logtap, 'ship', '--check', '--color', 'always', ...flags], {
      env: { LOGTAP_SINK: 'stdout' },
    });
  expect((await coloured()).stdout).toBe('\u001b[32mpass\u001b[0m     stdout: there is no service to ask\n');
  const { stdout } = await coloured('-o', 'json');
  expect(JSON.parse(stdout)).toEqual([{ sink: 'stdout', isRight: true, text: 'there is no service to ask' }]);
});

test('settings that cannot work: all of them at once, and no service is asked', async () => {
  const { code, stdout, stderr } = await check({ LOGTAP_SINK: 'cloudwatch,opensearch', LOGTAP_GRACE_SECONDS: 'soon' });
  expect([code, stdout]).toEqual([78, '']);
  for (const name of ['LOGTAP_CLOUDWATCH_LOG_GROUP', 'LOGTAP_OPENSEARCH_URL', 'LOGTAP_GRACE_SECONDS']) {
    expect(stderr).toContain(name);
  }
});
