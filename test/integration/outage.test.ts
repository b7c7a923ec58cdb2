/** A service that dies in the middle: after it is back every line is there once. */
import type { CloudWatchServer } from '../../scripts/cloudwatch.js';
import { startCloudWatch } from '../../scripts/cloudwatch.js';
import type { OpenSearchServer } from '../../scripts/opensearch.js';
import { startOpenSearch } from '../../scripts/opensearch.js';
import { describeWith } from '../support/capability.js';
import { start, until } from '../support/run.js';
import { AWS_ENV, countInOpenSearch, readCloudWatch, readOpenSearch } from '../support/sinks-read-back.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const LINES = 40_000;
/** Writes steadily for about 8 s, so that requests are in flight whenever the service is killed. */
const WRITER = `
import sys, time
for i in range(${LINES}):
    sys.stdout.write(f"line {i:05d} {'x' * (i % 120)}\\n")
    if i % 100 == 99:
        sys.stdout.flush()
        time.sleep(0.02)
`;

import { EMPTY } from '../support/empty.js';

const expected = Array.from({ length: LINES }, (_, i) => `line ${String(i).padStart(5, '0')} ${'x'.repeat(i % 120)}`);

describeWith(['opensearch'], 'OpenSearch killed under load', () => {
  let search: OpenSearchServer;
  beforeAll(async () => {
    search = await startOpenSearch();
  });
  afterAll(() => search?.stop());

  test('rules 91, 111: nothing is lost and nothing is stored twice', async () => {
    const shipper = await startShipper({
      LOGTAP_SINK: 'opensearch',
      LOGTAP_OPENSEARCH_URL: search.url,
      LOGTAP_OPENSEARCH_INDEX: 'outage-{yyyy.MM.dd}',
      LOGTAP_GRACE_SECONDS: '120',
    });
    const writer = start('python3', ['-c', WRITER], { env: tapEnvironment(shipper.socket, { suppress: true }) });
    await until('the first lines are stored', async () => {
      return (await countInOpenSearch(search.url, 'outage-*').catch(() => 0)) > 0;
    });
    for (let kills = 0; kills < 3; kills += 1) {
      await search.kill();
      await search.restart();
    }
    expect((await writer.ended).code).toBe(0);
    const ended = await drain(shipper);
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({
      read: LINES,
      delivered: { opensearch: LINES },
      held: 0,
      dropped: EMPTY,
      balanced: true,
    });
    const stored = await readOpenSearch(search.url, 'outage-*');
    expect(stored.map(({ body }) => body)).toEqual(expected);
    // The outage was real: at least one request had to be resent.
    expect(ended.stderr).toMatch(/ECONNREFUSED|ECONNRESET|socket hang up/);
  });
});

describeWith(['cloudwatch'], 'CloudWatch Logs killed under load', () => {
  let cloud: CloudWatchServer;
  beforeAll(async () => {
    cloud = await startCloudWatch();
  });
  afterAll(() => cloud?.stop());

  test('nothing written after the restart is lost, and order is kept', async () => {
    const group = '/test/outage';
    const stream = 'a/b';
    const shipper = await startShipper({
      ...AWS_ENV,
      LOGTAP_SINK: 'cloudwatch',
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: cloud.url,
      LOGTAP_CLOUDWATCH_LOG_GROUP: group,
      LOGTAP_CLOUDWATCH_LOG_STREAM: stream,
      LOGTAP_GRACE_SECONDS: '60',
    });
    const writer = start('python3', ['-c', WRITER], { env: tapEnvironment(shipper.socket, { suppress: true }) });
    await until('the first lines are stored', async () => {
      return (await readCloudWatch(cloud.url, group, stream).catch(() => [])).length > 0;
    });
    const before = await readCloudWatch(cloud.url, group, stream);
    await cloud.kill();
    // The emulator keeps its data in memory: the group itself is gone now, and the shipper has to make it again.
    await cloud.restart();
    expect((await writer.ended).code).toBe(0);
    expect((await drain(shipper)).code).toBe(0);
    const after = await readCloudWatch(cloud.url, group, stream);
    expect(before).toEqual(expected.slice(0, before.length));
    // At least once: a batch whose answer was lost may come again, in order, so a set-wise union covers everything.
    const first = after[0] ?? '';
    const from = expected.indexOf(first);
    expect(from).toBeGreaterThan(0);
    expect(after).toEqual(expected.slice(from));
  });
});
