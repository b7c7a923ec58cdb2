/** Containers with sinks of their own in a real shipper: OpenSearch twice and CloudWatch, also after a kill in an outage. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type CloudWatchServer, startCloudWatch } from '../../scripts/cloudwatch.js';
import { freePort } from '../../scripts/free-port.js';
import { type OpenSearchServer, startOpenSearch } from '../../scripts/opensearch.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { EMPTY } from '../support/empty.js';
import { runPage, stepsOf } from '../support/page.js';
import { start, until } from '../support/run.js';
import { AWS_ENV, countInOpenSearch, readCloudWatch, readOpenSearch } from '../support/sinks-read-back.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

jest.setTimeout(400_000);
const PATIENCE_MS = 150_000;
const LINES = 40;

const linesOf = (name: string) => Array.from({ length: LINES }, (_, i) => `${name} ${String(i).padStart(3, '0')}`);
const WRITER = `import sys, time
for i in range(${LINES}):
    print(f"{sys.argv[1]} {i:03d}", flush=True)
    time.sleep(0.002)
`;

test('the page about sinks by container', () => runPage(stepsOf('docs/guides/sinks-by-container.md'), {}));

describeWith(['opensearch', 'cloudwatch'], 'containers with sinks of their own', () => {
  let search: OpenSearchServer;
  let cloud: CloudWatchServer;
  let directory: string;
  beforeAll(async () => {
    [search, cloud] = await Promise.all([startOpenSearch(), startCloudWatch()]);
  });
  afterAll(async () => {
    await search?.stop();
    await cloud?.stop();
  });
  beforeEach(() => {
    directory = mkdtempSync('/dev/shm/logtap-sinks-by-container-');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const ship = (name: string, cloudUrl: string) =>
    startShipper({
      ...AWS_ENV,
      LOGTAP_SOCKET: join(directory, 'tap.sock'),
      LOGTAP_SPOOL_DIR: join(directory, 'spool'),
      LOGTAP_SINK: 'opensearch',
      LOGTAP_OPENSEARCH_URL: search.url,
      LOGTAP_OPENSEARCH_INDEX: `${name}-others`,
      LOGTAP_CONTAINER_SETTINGS: JSON.stringify({
        web: { LOGTAP_OPENSEARCH_INDEX: `${name}-web` },
        audit: { LOGTAP_SINK: 'cloudwatch', LOGTAP_CLOUDWATCH_LOG_GROUP: `/${name}/audit` },
      }),
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: cloudUrl,
      POD_NAMESPACE: 'test',
      POD_NAME: 'pod',
      LOGTAP_BATCH_LINGER_MS: '10',
      LOGTAP_GRACE_SECONDS: '60',
    });

  const write = (container: string) =>
    start('python3', ['-c', WRITER, container || 'unnamed'], {
      env: {
        ...tapEnvironment(join(directory, 'tap.sock'), { suppress: true }),
        [LIBRARY_ENV.CONTAINER.name]: container,
        [LIBRARY_ENV.ON_FULL.name]: 'block:60000',
      },
    }).ended;
  const inIndex = (index: string) =>
    readOpenSearch(search.url, index).then((stored) => stored.map(({ body }) => body).sort());
  const inGroup = (group: string) => readCloudWatch(cloud.url, group, 'test/pod').catch(() => []);
  const lastLine = ({ stderr }: { stderr: string }) => JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
  const CONTAINERS = ['web', 'audit', 'db', ''];

  test('each record goes to the sink of its container, and to no other; the ledger balances at each', async () => {
    const running = await ship('plain', cloud.url);
    for (const ended of await Promise.all(CONTAINERS.map(write))) expect(ended).toMatchObject({ code: 0, stdout: '' });
    const last = lastLine(await drain(running));
    expect(await inIndex('plain-web')).toEqual(linesOf('web'));
    expect(await inIndex('plain-others')).toEqual([...linesOf('db'), ...linesOf('unnamed')]);
    expect((await inGroup('/plain/audit')).sort()).toEqual(linesOf('audit'));
    expect(last).toMatchObject({
      read: 4 * LINES,
      delivered: { opensearch: 2 * LINES, 'opensearch@web': LINES, 'cloudwatch@audit': LINES },
      elsewhere: { opensearch: 2 * LINES, 'opensearch@web': 3 * LINES, 'cloudwatch@audit': 3 * LINES },
      dropped: EMPTY,
      held: 0,
      balanced: true,
    });
  });

  test('one service is away and the shipper is killed: the disk has its records, the others are stored once', async () => {
    const killed = await ship('kill', `http://127.0.0.1:${await freePort()}`);
    for (const container of CONTAINERS) expect(await write(container)).toMatchObject({ code: 0, stdout: '' });
    const stored = async () => [
      await countInOpenSearch(search.url, 'kill-web').catch(() => 0),
      await countInOpenSearch(search.url, 'kill-others').catch(() => 0),
    ];
    await until(
      'the others are stored',
      async () => JSON.stringify(await stored()) === `[${LINES},${2 * LINES}]`,
      PATIENCE_MS,
    );
    killed.child.kill('SIGKILL');
    await killed.ended;
    const again = await ship('kill', cloud.url);
    const last = lastLine(await drain(again));
    expect((await inGroup('/kill/audit')).sort()).toEqual(linesOf('audit'));
    expect(await inIndex('kill-web')).toEqual(linesOf('web'));
    expect(await inIndex('kill-others')).toEqual([...linesOf('db'), ...linesOf('unnamed')]);
    expect(last).toMatchObject({ delivered: { 'cloudwatch@audit': LINES }, dropped: EMPTY, held: 0, balanced: true });
    expect(last.recovered['cloudwatch@audit']).toBeGreaterThanOrEqual(LINES);
  });
});
