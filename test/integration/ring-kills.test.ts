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
import { countInOpenSearch, readOpenSearch } from '../support/sinks-read-back.js';
import { drain, type Shipper, startShipper, tapEnvironment } from '../support/tapped.js';

jest.setTimeout(240_000);

const PROCESSES = 4;
const THREADS = 2;
const LINES = 10_000;
const KILLS = 12;
/** Two threads write to one stream, lines of every length. */
const WRITER = `
import os, sys, threading, time
def work(thread):
    for i in range(${LINES}):
        line = f"{sys.argv[1]} {thread} {i} {'x' * (i * 7 % 300)}\\n".encode()
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
      await sleep(100 + Math.random() * 300);
      shipper.child.kill('SIGKILL');
      await shipper.ended;
      shipper = await startShipper(settings);
    }
    for (const { ended } of writers) expect(await ended).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const { code, stderr } = await drain(shipper);
    expect(code).toBe(0);
    expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({ balanced: true, held: 0, dropped: {} });

    const stored = await readOpenSearch(search.url, 'kills-*');
    const byThread = new Map<string, string[]>();
    for (const { body } of stored) {
      const [writer, thread] = body.split(' ');
      const key = `${writer} ${thread}`;
      const lines = byThread.get(key) ?? [];
      lines.push(body);
      byThread.set(key, lines);
    }
    for (let writer = 0; writer < PROCESSES; writer += 1) {
      for (let thread = 0; thread < THREADS; thread += 1) {
        const expected = Array.from(
          { length: LINES },
          (_, i) => `${writer} ${thread} ${i} ${'x'.repeat((i * 7) % 300)}`,
        );
        expect(byThread.get(`${writer} ${thread}`)).toEqual(expected);
      }
    }
    expect(stored).toHaveLength(PROCESSES * THREADS * LINES);
  });
});
