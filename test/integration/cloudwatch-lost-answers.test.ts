/** A real shipper, moto, and answers that are lost after moto has stored the events. */
import { mkdtempSync, rmSync } from 'node:fs';
import { type CloudWatchServer, startCloudWatch } from '../../scripts/cloudwatch.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { type Exchange, type Front, startFront } from '../support/opensearch-front.js';
import { start, until } from '../support/run.js';
import { AWS_ENV, readCloudWatch } from '../support/sinks-read-back.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const LINES = 50;
/** Slowly, so that times differ. */
const WRITER = `
import time
for i in range(${LINES}):
    print(f"line {i:03d}", flush=True)
    time.sleep(0.002)
`;
const written = Array.from({ length: LINES }, (_, i) => `line ${String(i).padStart(3, '0')}`);

describeWith(['cloudwatch'], 'answers that are lost', () => {
  let cloud: CloudWatchServer;
  let front: Front;
  let rings: string;
  /** What happens to the next requests that carry lines. */
  const faults: ((exchange: Exchange) => Promise<void>)[] = [];

  beforeAll(async () => {
    cloud = await startCloudWatch();
    front = await startFront(cloud.url, async (exchange) => {
      const carriesLines =
        exchange.headers['x-amz-target'] === 'Logs_20140328.PutLogEvents' && exchange.body.includes('line 0');
      if (carriesLines) await faults.shift()?.(exchange);
    });
  });
  afterAll(async () => {
    await front?.stop();
    await cloud?.stop();
  });
  beforeEach(() => {
    rings = mkdtempSync('/dev/shm/logtap-lost-');
    faults.length = 0;
  });
  afterEach(() => rmSync(rings, { recursive: true, force: true }));

  const ship = (group: string) =>
    startShipper({
      ...AWS_ENV,
      LOGTAP_SINK: 'cloudwatch',
      LOGTAP_RING_DIR: rings,
      LOGTAP_CLOUDWATCH_LOG_GROUP: group,
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: front.url,
      POD_NAMESPACE: 'test',
      POD_NAME: 'pod',
      LOGTAP_GRACE_SECONDS: '60',
    });
  const write = async () => {
    const env = { ...tapEnvironment('', { suppress: true }), [LIBRARY_ENV.TARGET.name]: `ring:${rings}` };
    expect((await start('python3', ['-c', WRITER], { env }).ended).code).toBe(0);
  };
  /** Makes the log stream: the request that is refused without one is none that is lost. */
  const begin = async (group: string) => {
    const shipper = await ship(group);
    await write();
    await until('the first lines are stored', async () => {
      return (await readCloudWatch(cloud.url, group, 'test/pod').catch(() => [])).length === LINES;
    });
    return shipper;
  };
  const lastLine = ({ stderr }: { stderr: string }) => JSON.parse(stderr.trim().split('\n').at(-1) ?? '');

  test('the shipper finds the events', async () => {
    const shipper = await begin('/lost/answer');
    faults.push(async ({ forward, cut }) => {
      await forward();
      cut();
    });
    await write();
    await until('the fault has happened', () => faults.length === 0);
    const ended = await drain(shipper);
    expect(await readCloudWatch(cloud.url, '/lost/answer', 'test/pod')).toEqual([...written, ...written]);
    const last = lastLine(ended);
    expect(last).toMatchObject({ delivered: { cloudwatch: 2 * LINES }, balanced: true, held: 0 });
    expect(last).not.toHaveProperty('possibleDuplicates');
  });

  test('the shipper was killed meanwhile: the next one finds the events', async () => {
    const shipper = await begin('/lost/kill');
    let isStored = false;
    faults.push(async ({ forward }) => {
      await forward();
      isStored = true;
      await new Promise(() => {});
    });
    await write();
    await until('the events are stored', () => isStored);
    shipper.child.kill('SIGKILL');
    await shipper.ended;
    const ended = await drain(await ship('/lost/kill'));
    const last = lastLine(ended);
    const stored = await readCloudWatch(cloud.url, '/lost/kill', 'test/pod');
    expect(stored.filter((line) => line.startsWith('line'))).toEqual([...written, ...written]);
    expect(last).toMatchObject({ balanced: true, held: 0 });
    expect(last).not.toHaveProperty('possibleDuplicates');
  });
});
