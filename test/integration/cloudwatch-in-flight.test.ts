/**
 * CloudWatch Logs, as its referee plays it, answers late, out of order, and sometimes not at all, while the shipper is killed with several
 * requests out: every line is stored, those that are stored twice are counted, and each process is read in its order.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIBRARY_ENV } from '../../src/contract.js';
import { CloudWatchFake } from '../support/cloudwatch-fake.js';
import { type Front, startFront } from '../support/opensearch-front.js';
import { start, until } from '../support/run.js';
import { AWS_ENV } from '../support/sinks-read-back.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

/** So many that the requests of one process fill more than the window, however fast the shipper is. */
const LINES = 50_000;
const WRITERS = ['a', 'b'];
const KILLS = 2;
const [GROUP, STREAM] = ['/in/flight', 'pod'];
jest.setTimeout(300_000);

/** As fast as it can, 20 lines a write. */
const WRITER = `
import os, sys
for first in range(0, ${LINES}, 20):
    os.write(1, "".join(f"{sys.argv[1]} {i} {'x' * (i % 100)}\\n" for i in range(first, first + 20)).encode())
`;

import { EMPTY } from '../support/empty.js';

/** On the way there, and back, in turn: a later request may arrive first, and may be answered first. */
const WAYS_MS = [
  [0, 150],
  [20, 0],
  [60, 30],
  [5, 35],
] as const;
/** Of so many requests one is stored, and its answer lost; of so many, one is lost before it arrives. */
const [LOST_OF, CUT_OF] = [9, 13];

let fake: CloudWatchFake;
let front: Front;
let rings: string;
let requests = 0;
/** Requests that are out, and the most that ever were. */
let [out, most] = [0, 0];

beforeEach(async () => {
  rings = mkdtempSync('/dev/shm/logtap-rings-');
  fake = await CloudWatchFake.start();
  fake.make(GROUP, STREAM);
  front = await startFront(fake.url, async ({ headers, forward, response, cut }) => {
    if (headers['x-amz-target'] !== 'Logs_20140328.PutLogEvents') return;
    const number = ++requests;
    const [thereMs, backMs] = WAYS_MS[number % WAYS_MS.length]!;
    out += 1;
    most = Math.max(most, out);
    await sleep(thereMs);
    const answer = number % CUT_OF === 0 ? undefined : await forward();
    await sleep(backMs);
    out -= 1;
    if (answer === undefined || number % LOST_OF === 0) cut();
    else response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' }).end(answer.body);
  });
});
afterEach(async () => {
  await front.stop();
  fake.close();
  rmSync(rings, { recursive: true, force: true });
});

test('killed with several requests out: every line is stored, once or counted, in the order of its process', async () => {
  const settings = {
    ...AWS_ENV,
    LOGTAP_RING_DIR: rings,
    // All lines of a process are less than half of its ring: more would be released in an outage, and lost with a kill. And no
    // room for larger ones, which would have all lines on the way at once.
    LOGTAP_RING_BYTES: String(8 * 1024 * 1024),
    LOGTAP_RING_TOTAL_BYTES: String(32 * 1024 * 1024),
    LOGTAP_SINK: 'cloudwatch',
    LOGTAP_CLOUDWATCH_LOG_GROUP: GROUP,
    LOGTAP_CLOUDWATCH_LOG_STREAM: STREAM,
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: front.url,
    LOGTAP_GRACE_SECONDS: '200',
  };
  let shipper = await startShipper(settings);
  const writers = WRITERS.map((name) =>
    start('python3', ['-c', WRITER, name], {
      env: {
        ...tapEnvironment(shipper.socket, { suppress: true }),
        [LIBRARY_ENV.TARGET.name]: `ring:${rings}`,
        [LIBRARY_ENV.ON_FULL.name]: 'block:200000',
      },
    }),
  );
  const stored = () => fake.events(GROUP, STREAM);
  for (let kill = 0; kill < KILLS; kill++) {
    const enough = ((LINES * WRITERS.length) / (KILLS + 1)) * kill;
    await until('several requests are out', () => stored().length > enough && out > 1);
    shipper.child.kill('SIGKILL');
    await shipper.ended;
    shipper = await startShipper(settings);
  }
  for (const writer of writers) expect(await writer.ended).toMatchObject({ code: 0 });
  const { code, stderr } = await drain(shipper);
  const ledger = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
  expect({ code, ledger }).toMatchObject({ code: 0, ledger: { balanced: true, held: 0, dropped: EMPTY } });
  expect(most).toBeGreaterThan(1);
  // As it is read: by time, and by arrival within a millisecond.
  const lines = [...stored()].sort((one, other) => one.timestamp - other.timestamp).map(({ message }) => message);
  for (const name of WRITERS) {
    const own = new Set(lines.filter((line) => line.startsWith(`${name} `)));
    const expected = Array.from({ length: LINES }, (_, i) => `${name} ${i} ${'x'.repeat(i % 100)}`);
    const at = [...own].findIndex((line, i) => line !== expected[i]);
    expect({ lines: own.size, outOfOrder: at < 0 ? undefined : [[...own][at], expected[at]] }).toEqual({
      lines: LINES,
    });
  }
  const twice = lines.length - LINES * WRITERS.length;
  expect(twice).toBeLessThanOrEqual(ledger.possibleDuplicates?.cloudwatch ?? 0);
  expect(fake.refusals).toEqual([]);
});
