/**
 * The shipper is killed again and again while programs are within events of several lines: each event is stored once, whole.
 * Two threads print line by line to one stream, so that there is an open event at almost any time, and others wait for it.
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

const KILLS = 6;
const EVENTS = 150;
const THREADS = 2;
jest.setTimeout(300_000);

const WRITER = `
import os, threading, time
def work(thread):
    for i in range(${EVENTS}):
        name = f"{thread}-{i}"
        lines = [f"2026-11-28 10:00:00 INFO order {name}"]
        if i % 2:
            lines = [f"java.lang.IllegalStateException: order {name}"]
            lines += [f"\\tat shop.Orders.step{n}(Orders.java:{i})" for n in range(6)]
            lines += [f"Caused by: java.io.IOException: {name}", f"\\tat shop.Disk.read(Disk.java:{i})"]
        for line in lines:
            os.write(1, line.encode() + b"\\n")
            time.sleep(0.005)
for thread in range(${THREADS}):
    threading.Thread(target=work, args=(thread,)).start()
`;

import { EMPTY } from '../support/empty.js';

function expectedEvents(): string[] {
  const events: string[] = [];
  for (let thread = 0; thread < THREADS; thread++) {
    for (let i = 0; i < EVENTS; i++) {
      const name = `${thread}-${i}`;
      const steps = Array.from({ length: 6 }, (_, n) => `\tat shop.Orders.step${n}(Orders.java:${i})`);
      const cause = [`Caused by: java.io.IOException: ${name}`, `\tat shop.Disk.read(Disk.java:${i})`];
      const trace = [`java.lang.IllegalStateException: order ${name}`, ...steps, ...cause].join('\n');
      events.push(i % 2 === 1 ? trace : `2026-11-28 10:00:00 INFO order ${name}`);
    }
  }
  return events.sort();
}

describeWith(['opensearch'], 'the shipper, killed with an open event', () => {
  let search: OpenSearchServer;
  let rings: string;
  beforeAll(async () => {
    search = await startOpenSearch();
    rings = mkdtempSync('/dev/shm/logtap-rings-');
  });
  afterAll(async () => {
    rmSync(rings, { recursive: true, force: true });
    await search?.stop();
  });

  test('stores each event once, whole', async () => {
    const settings = {
      LOGTAP_SINK: 'opensearch',
      LOGTAP_OPENSEARCH_URL: search.url,
      LOGTAP_OPENSEARCH_INDEX: 'events-{yyyy.MM.dd}',
      LOGTAP_RING_DIR: rings,
      LOGTAP_BATCH_LINGER_MS: '20',
      LOGTAP_GRACE_SECONDS: '60',
    };
    const stored = () => countInOpenSearch(search.url, 'events-*').catch(() => 0);
    let shipper: Shipper = await startShipper(settings);
    const writer = start('python3', ['-c', WRITER], {
      env: {
        ...tapEnvironment(shipper.socket, { suppress: true }),
        [LIBRARY_ENV.TARGET.name]: `ring:${rings}`,
        [LIBRARY_ENV.ON_FULL.name]: 'block:60000',
      },
    });
    await until('the first events are stored', async () => (await stored()) > 0);
    for (let kills = 0; kills < KILLS; kills += 1) {
      await sleep(100 + Math.random() * 300);
      shipper.child.kill('SIGKILL');
      await shipper.ended;
      shipper = await startShipper(settings);
    }
    expect(await writer.ended).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const { code, stderr } = await drain(shipper);
    expect(code).toBe(0);
    expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({
      balanced: true,
      held: 0,
      dropped: EMPTY,
    });
    const bodies: string[] = [];
    for await (const page of pagesOfOpenSearch(search.url, 'events-*')) for (const { body } of page) bodies.push(body);
    expect(bodies.sort()).toEqual(expectedEvents());
  });
});
