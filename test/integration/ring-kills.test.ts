/**
 * The ring is the spool: the shipper is killed again and again while applications write, and every line is stored once,
 * in the order of its stream.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenSearchServer } from '../../scripts/opensearch.js';
import { startOpenSearch } from '../../scripts/opensearch.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { start, until } from '../support/run.js';
import { countInOpenSearch, pagesOfOpenSearch } from '../support/sinks-read-back.js';
import { drain, type Shipper, startShipper, tapEnvironment } from '../support/tapped.js';

/** How much, unless the environment asks for more: LOGTAP_TEST_KILLS=50 LOGTAP_TEST_LINES=10000000 is an hour's proof. */
const KILLS = Number(process.env.LOGTAP_TEST_KILLS ?? 12);
const ALL_LINES = Number(process.env.LOGTAP_TEST_LINES ?? 80_000);
const PROCESSES = 4;
const THREADS = 8;
const LINES = Math.floor(ALL_LINES / PROCESSES / THREADS);
jest.setTimeout(240_000 + ALL_LINES);

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

let rings: string;
beforeEach(() => {
  rings = mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => rmSync(rings, { recursive: true, force: true }));

describeWith(['opensearch'], 'the shipper killed under load', () => {
  let search: OpenSearchServer;
  beforeAll(async () => {
    search = await startOpenSearch();
  });
  afterAll(() => search?.stop());

  test('every line is stored exactly once, in order', async () => {
    const settings = {
      LOGTAP_SINK: 'opensearch',
      LOGTAP_OPENSEARCH_URL: search.url,
      LOGTAP_OPENSEARCH_INDEX: 'kills-{yyyy.MM.dd}',
      LOGTAP_RING_DIR: rings,
      LOGTAP_BATCH_LINGER_MS: '50',
      LOGTAP_GRACE_SECONDS: '60',
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
    await until('the first lines are stored', async () => {
      return (await countInOpenSearch(search.url, 'kills-*').catch(() => 0)) > 0;
    });
    for (let kills = 0; kills < KILLS; kills += 1) {
      await sleep((100 + Math.random() * 300) * Math.sqrt(ALL_LINES / 80_000));
      shipper.child.kill('SIGKILL');
      await shipper.ended;
      shipper = await startShipper(settings);
    }
    for (const { ended } of writers) expect(await ended).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const { code, stderr } = await drain(shipper);
    expect(code).toBe(0);
    expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({ balanced: true, held: 0, dropped: {} });

    // By writer and thread, the number of the line that comes next.
    const next = new Map<string, number>();
    for await (const page of pagesOfOpenSearch(search.url, 'kills-*')) {
      for (const { body } of page) {
        const [writer, thread, number] = body.split(' ');
        const i = next.get(`${writer} ${thread}`) ?? 0;
        if (Number(number) !== i || body !== `${writer} ${thread} ${i} ${'x'.repeat((i * 7) % 100)}`) {
          throw new Error(`expected line ${i} of thread ${writer} ${thread}, found '${body}'`);
        }
        next.set(`${writer} ${thread}`, i + 1);
      }
    }
    expect([...next.values()]).toEqual(Array.from({ length: PROCESSES * THREADS }, () => LINES));
  });
});
