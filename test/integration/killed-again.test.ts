/**
 * A shipper that comes after a kill looks for the requests of the one before, which takes some seconds, and may be killed meanwhile, as
 * in a loop of kills for lack of memory. The process that it reads from has a ring that is more than half full.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIBRARY_ENV } from '../../src/contract.js';
import { CloudWatchFake } from '../support/cloudwatch-fake.js';
import { type Front, startFront } from '../support/opensearch-front.js';
import { start, until } from '../support/run.js';
import { AWS_ENV } from '../support/sinks-read-back.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const RING_BYTES = 1024 * 1024;
/** Three quarters of the ring are read, and wait for an answer. */
const LINES = 750;
const LINE_BYTES = 1000;
/** After each kill. */
const MORE = 50;
const KILLS = 3;
const [GROUP, STREAM] = ['/killed/again', 'pod'];
jest.setTimeout(300_000);

/** Writes so many lines more for each number that it reads. */
const WRITER = `
import os, sys
i = 0
for more in sys.stdin:
    for i in range(i, i + int(more)):
        os.write(1, f"{i} {'x' * ${LINE_BYTES - 20}}\\n".encode())
    i += 1
    print(i, file=sys.stderr, flush=True)
`;

let fake: CloudWatchFake;
let front: Front;
let rings: string;
/** Requests of the present shipper: those with events, which arrive nowhere at first, and those that look for events. */
let [puts, looks] = [0, 0];
let isReached = false;

beforeEach(async () => {
  rings = mkdtempSync('/dev/shm/logtap-rings-');
  fake = await CloudWatchFake.start();
  fake.make(GROUP, STREAM);
  front = await startFront(fake.url, async ({ headers, cut }) => {
    if (headers['x-amz-target'] === 'Logs_20140328.GetLogEvents') looks += 1;
    // The question at the start whether the log stream may be written has no events.
    const hasEvents = Number(headers['content-length']) > LINE_BYTES;
    if (headers['x-amz-target'] !== 'Logs_20140328.PutLogEvents' || !hasEvents) return;
    puts += 1;
    if (isReached) return;
    await until('the shipper is killed', () => isReached);
    cut();
  });
});
afterEach(async () => {
  isReached = true;
  await front.stop();
  fake.close();
  rmSync(rings, { recursive: true, force: true });
});

test('rule 87: a shipper that is killed while it looks for earlier requests loses no line of a ring', async () => {
  const settings = {
    ...AWS_ENV,
    LOGTAP_RING_DIR: rings,
    LOGTAP_RING_BYTES: String(RING_BYTES),
    LOGTAP_SINK: 'cloudwatch',
    LOGTAP_CLOUDWATCH_LOG_GROUP: GROUP,
    LOGTAP_CLOUDWATCH_LOG_STREAM: STREAM,
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: front.url,
    LOGTAP_GRACE_SECONDS: '120',
  };
  let shipper = await startShipper(settings);
  const writer = start('python3', ['-c', WRITER], {
    isInputOpen: true,
    env: {
      ...tapEnvironment(shipper.socket, { suppress: true }),
      [LIBRARY_ENV.TARGET.name]: `ring:${rings}`,
      [LIBRARY_ENV.TAP_INTO.name]: '1',
    },
  });
  let written = 0;
  const write = async (lines: number) => {
    written += lines;
    writer.child.stdin!.write(`${lines}\n`);
    await until(`${written} lines are written`, () => writer.stderr().trim().endsWith(String(written)));
  };
  await write(LINES);
  await until('a request is out', () => puts > 0);
  for (let kill = 0; kill < KILLS; kill++) {
    shipper.child.kill('SIGKILL');
    await shipper.ended;
    looks = 0;
    shipper = await startShipper(settings);
    isReached = true;
    await write(MORE);
    if (kill === KILLS - 1) break;
    // The third look comes after two failures, which count as an outage. Rings that get nothing are looked at once a second.
    await until('the shipper has looked several times', () => looks > 2);
    await sleep(1500);
  }
  writer.child.stdin!.end();
  expect(await writer.ended).toMatchObject({ code: 0 });
  const { code, stderr } = await drain(shipper);
  const { dropped, ...ledger } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
  expect({ code, dropped, ledger }).toMatchObject({ code: 0, ledger: { balanced: true, held: 0 } });
  expect(dropped).toEqual({});
  const stored = [...fake.events(GROUP, STREAM)].sort((one, other) => one.timestamp - other.timestamp);
  const numbers = new Set(stored.map(({ message }) => Number(message.split(' ')[0])));
  expect([...numbers]).toEqual(Array.from({ length: LINES + KILLS * MORE }, (_, i) => i));
});
