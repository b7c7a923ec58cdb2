/**
 * Programs that write UTF-16: each line is stored once, as text, though the shipper is killed within characters; secrets in it
 * are found, and a stack trace is one record.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenSearchServer } from '../../scripts/opensearch.js';
import { startOpenSearch } from '../../scripts/opensearch.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { start, temporaryDirectory, until } from '../support/run.js';
import { countInOpenSearch, pagesOfOpenSearch } from '../support/sinks-read-back.js';
import { drain, type Shipper, startShipper, tapEnvironment } from '../support/tapped.js';

const KILLS = 4;
const ROUNDS = 250;
/** Standard output line by line, with a mark; standard error in pieces of 37 bytes, so that every second one is within a unit. */
const WRITER = `
import os, sys, time
sys.stdout.reconfigure(encoding='utf-16', line_buffering=True)
for i in range(${ROUNDS}):
    print(f"2026-11-28 10:00:00 INFO 注文 {i} 😀 4111 1111 1111 1111")
    print(f"java.lang.IllegalStateException: заказ {i}")
    print(f"\\tat shop.Orders.step(Orders.java:{i})")
    print(f"\\tat shop.Orders.main(Orders.java:1)")
    line = f"строка {i} 漢字 " + "😀" * (i % 7) + "\\r\\n"
    rest = locals().get('rest', b'') + line.encode('utf-16-be')
    while len(rest) >= 37 or (i == ${ROUNDS - 1} and rest):
        os.write(2, rest[:37])
        rest = rest[37:]
    time.sleep(0.02)
`;

import { EMPTY } from '../support/empty.js';

function expectedBodies(): string[] {
  const bodies = Array.from({ length: ROUNDS }, (_, i) => [
    `2026-11-28 10:00:00 INFO 注文 ${i} 😀 [redacted:card]`,
    `java.lang.IllegalStateException: заказ ${i}\n\tat shop.Orders.step(Orders.java:${i})\n\tat shop.Orders.main(Orders.java:1)`,
    `строка ${i} 漢字 ${'😀'.repeat(i % 7)}`,
  ]);
  return bodies.flat().sort();
}

describeWith(['opensearch'], 'UTF-16 in rings', () => {
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

  test('each line once, though the shipper is killed again and again', async () => {
    const settings = {
      LOGTAP_SINK: 'opensearch',
      LOGTAP_OPENSEARCH_URL: search.url,
      LOGTAP_OPENSEARCH_INDEX: 'utf16-{yyyy.MM.dd}',
      LOGTAP_RING_DIR: rings,
      LOGTAP_CHARSET: 'stdout:utf-16,stderr:utf-16be',
      LOGTAP_REDACT: 'card',
      LOGTAP_BATCH_LINGER_MS: '20',
      LOGTAP_GRACE_SECONDS: '60',
      LOGTAP_LINE_IDLE_MS: '60000',
    };
    const stored = () => countInOpenSearch(search.url, 'utf16-*').catch(() => 0);
    let shipper: Shipper = await startShipper(settings);
    const writer = start('python3', ['-c', WRITER], {
      env: {
        ...tapEnvironment(shipper.socket, { suppress: true }),
        [LIBRARY_ENV.TARGET.name]: `ring:${rings}`,
        [LIBRARY_ENV.ON_FULL.name]: 'block:60000',
      },
    });
    await until('the first lines are stored', async () => (await stored()) > 0);
    for (let kills = 0; kills < KILLS; kills += 1) {
      await sleep(100 + Math.random() * 300);
      shipper.child.kill('SIGKILL');
      await shipper.ended;
      shipper = await startShipper(settings);
    }
    expect(await writer.ended).toMatchObject({ code: 0, stdout: '' });
    const { code, stderr } = await drain(shipper);
    expect(code).toBe(0);
    expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({
      balanced: true,
      held: 0,
      dropped: EMPTY,
    });
    const bodies: string[] = [];
    for await (const page of pagesOfOpenSearch(search.url, 'utf16-*')) for (const { body } of page) bodies.push(body);
    expect(bodies.sort()).toEqual(expectedBodies());
  });
});

test.each(['utf-16le', 'utf-16be', 'utf-16'])('iconv -t %s through a socket', async (charset) => {
  const directory = temporaryDirectory();
  const [input, output] = [join(directory, 'input'), join(directory, 'output')];
  const lines = Array.from({ length: 3000 }, (_, i) => `${i} 漢字 ${'é😀'.repeat(i % 50)}`);
  writeFileSync(input, lines.join('\n'));
  const running = await startShipper({ LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: output, LOGTAP_CHARSET: charset });
  const iconv = start('iconv', ['-f', 'utf-8', '-t', charset, input], {
    env: tapEnvironment(running.socket, { suppress: true }),
  });
  expect(await iconv.ended).toMatchObject({ code: 0, stdout: '' });
  await drain(running);
  const written = readFileSync(output, 'utf8').trimEnd().split('\n');
  expect(written.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(lines);
});
