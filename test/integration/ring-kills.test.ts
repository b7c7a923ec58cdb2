/**
 * The ring is the disk buffer: the shipper is killed again and again while applications write, and every line is stored, in
 * the order of its stream; once, where the service knows records by their ids.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CloudWatchServer } from '../../scripts/cloudwatch.js';
import { startCloudWatch } from '../../scripts/cloudwatch.js';
import type { OpenSearchServer } from '../../scripts/opensearch.js';
import { startOpenSearch } from '../../scripts/opensearch.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { start, until } from '../support/run.js';
import {
  AWS_ENV,
  countInCloudWatch,
  countInOpenSearch,
  eventsOfCloudWatch,
  pagesOfOpenSearch,
  type StoredEvent,
} from '../support/sinks-read-back.js';
import { drain, type Shipper, startShipper, tapEnvironment } from '../support/tapped.js';

/** How much, unless the environment asks for more: LOGTAP_TEST_KILLS=50 LOGTAP_TEST_LINES=10000000 is an hour's proof. */
const KILLS = Number(process.env.LOGTAP_TEST_KILLS ?? 12);
const ALL_LINES = Number(process.env.LOGTAP_TEST_LINES ?? 80_000);
const PROCESSES = 4;
const THREADS = 8;
const LINES = Math.floor(ALL_LINES / PROCESSES / THREADS);
jest.setTimeout(600_000 + ALL_LINES);

/** Threads that write to one stream, lines of every length. */
const WRITER = `
import os, sys, threading, time
def work(thread):
    for i in range(${LINES}):
        line = f"{sys.argv[1]} {thread} {i} {'x' * (i * 7 % 100)}\\n".encode()
        os.write(1, line)
        if i % 100 == 99:
            time.sleep(0.05)
for thread in range(${THREADS}):
    threading.Thread(target=work, args=(thread,)).start()
`;

/** Of the last shipper, in the message of a failure. */
const SAID_LINES = 20;

let rings: string;
beforeEach(() => {
  rings = mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => rmSync(rings, { recursive: true, force: true }));

/** Applications write, the shipper is killed again and again, and in the end told to stop. */
async function killUnderLoad(
  sink: Readonly<Record<string, string>>,
  stored: () => Promise<number>,
): Promise<{
  readonly code: number | null;
  readonly dropped: unknown;
  readonly ledger: unknown;
  readonly said: unknown;
}> {
  const settings = {
    ...sink,
    LOGTAP_RING_DIR: rings,
    LOGTAP_BATCH_LINGER_MS: '50',
    LOGTAP_GRACE_SECONDS: '200',
  };
  let shipper: Shipper = await startShipper(settings);
  const writers = Array.from({ length: PROCESSES }, (_, i) =>
    start('python3', ['-c', WRITER, String(i)], {
      env: {
        ...tapEnvironment(shipper.socket, { suppress: true }),
        [LIBRARY_ENV.TARGET.name]: `ring:${rings}`,
        [LIBRARY_ENV.ON_FULL.name]: 'block:60000',
      },
    }),
  );
  await until('the first lines are stored', async () => (await stored().catch(() => 0)) > 0, 300_000);
  for (let kills = 0; kills < KILLS; kills += 1) {
    // Spread over the whole run.
    const enough = (ALL_LINES * kills) / KILLS / 2;
    await until(`${enough} lines are stored`, async () => (await stored().catch(() => 0)) >= enough, 600_000);
    await sleep(100 + Math.random() * 300);
    shipper.child.kill('SIGKILL');
    await shipper.ended;
    shipper = await startShipper(settings);
  }
  for (const { ended } of writers) expect(await ended).toMatchObject({ code: 0, stdout: '', stderr: '' });
  const { code, stderr } = await drain(shipper);
  const said = stderr.trim().split('\n');
  const { dropped, ...ledger } = JSON.parse(said.at(-1) ?? '');
  return { code, dropped, ledger, said: said.slice(-SAID_LINES) };
}

/** Checks that lines come in the order of their thread, and at the end that all came. */
class EveryLine {
  /** By writer and thread, the number of the line that comes next. */
  readonly #next = new Map<string, number>();
  repeats = 0;

  /** `evidence`: of the lines of a thread from the one that is due up to the one that came. */
  add(body: string, evidence: (thread: string, due: number, found: number) => string = () => ''): void {
    const [writer, thread, number] = body.split(' ');
    const i = Number(number);
    const next = this.#next.get(`${writer} ${thread}`) ?? 0;
    if (i < next) this.repeats += 1;
    if (i > next || body !== `${writer} ${thread} ${i} ${'x'.repeat((i * 7) % 100)}`) {
      const found = `expected line ${next} of thread ${writer} ${thread}, found '${body}'`;
      throw new Error(`${found}\n${evidence(`${writer} ${thread}`, next, i)}`);
    }
    this.#next.set(`${writer} ${thread}`, Math.max(next, i + 1));
  }

  expectAll(): void {
    expect([...this.#next.values()]).toEqual(Array.from({ length: PROCESSES * THREADS }, () => LINES));
  }
}

/** Lines around a gap. */
const AROUND = 3;

/**
 * What tells a lost line from a late one, and why it is late: of each line around the gap where it is stored, when it was written,
 * and when the service got it.
 */
function evidenceOf(events: readonly StoredEvent[], at: number, thread: string, due: number, found: number): string {
  const numbers = events.map(({ message }) =>
    message.startsWith(`${thread} `) ? Number(message.split(' ')[2]) : undefined,
  );
  const isStored = numbers.includes(due);
  const lines = [
    `line ${due} is ${isStored ? 'stored behind it' : 'not stored'}; at ${at} of ${events.length}, by place:`,
  ];
  for (const [place, number] of numbers.entries()) {
    if (number === undefined || number < due - AROUND || number > found + AROUND) continue;
    const { timestamp, ingestionTime } = events[place]!;
    lines.push(`at ${place}: line ${number}, written ${timestamp}, ingested ${ingestionTime}`);
  }
  return lines.join('\n');
}

describeWith(['opensearch'], 'the shipper to OpenSearch, killed under load', () => {
  let search: OpenSearchServer;
  beforeAll(async () => {
    search = await startOpenSearch();
  });
  afterAll(() => search?.stop());

  test('rules 68, 87: every line is stored exactly once, in order', async () => {
    const sink = {
      LOGTAP_SINK: 'opensearch',
      LOGTAP_OPENSEARCH_URL: search.url,
      LOGTAP_OPENSEARCH_INDEX: 'kills-{yyyy.MM.dd}',
    };
    const run = await killUnderLoad(sink, () => countInOpenSearch(search.url, 'kills-*'));
    expect(run).toMatchObject({ code: 0, ledger: { balanced: true, held: 0 } });
    // A ring that has no larger one would release lines in an outage, and a kill would lose them: here there is room for all.
    expect(run.dropped).toEqual({});
    const lines = new EveryLine();
    for await (const page of pagesOfOpenSearch(search.url, 'kills-*')) for (const { body } of page) lines.add(body);
    lines.expectAll();
    expect(lines.repeats).toBe(0);
  });
});

describeWith(['cloudwatch'], 'the shipper to CloudWatch Logs, killed under load', () => {
  let cloud: CloudWatchServer;
  beforeAll(async () => {
    cloud = await startCloudWatch();
  });
  afterAll(() => cloud?.stop());

  test('rule 87: every line is stored at least once, in order', async () => {
    const [group, stream] = ['/test/kills', 'a/b'];
    const sink = {
      ...AWS_ENV,
      LOGTAP_SINK: 'cloudwatch',
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: cloud.url,
      LOGTAP_CLOUDWATCH_LOG_GROUP: group,
      LOGTAP_CLOUDWATCH_LOG_STREAM: stream,
    };
    const stored = countInCloudWatch(cloud.url, group, stream);
    const run = await killUnderLoad(sink, stored);
    expect(run).toMatchObject({ code: 0, ledger: { balanced: true, held: 0 } });
    // A ring that has no larger one would release lines in an outage, and a kill would lose them: here there is room for all.
    expect(run.dropped).toEqual({});
    const lines = new EveryLine();
    const events = await eventsOfCloudWatch(cloud.url, group, stream);
    for (const [at, { message }] of events.entries()) lines.add(message, (...gap) => evidenceOf(events, at, ...gap));
    lines.expectAll();
  });
});
