/**
 * No shipper for a while under load, with suppressed output and LLT_ON_FULL=pass: every line is delivered or in the
 * original output, none in both, none in neither, and what was not handed over is counted by the library itself.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIBRARY_ENV } from '../../src/contract.js';
import { start, temporaryDirectory } from '../support/run.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

/** LOGTAP_TEST_ABSENT_SECONDS=60 is the whole minute. */
const ABSENT_MS = 1000 * Number(process.env.LOGTAP_TEST_ABSENT_SECONDS ?? 4);
jest.setTimeout(240_000 + 6 * ABSENT_MS);

const PROCESSES = 4;
/** Writes a line at a time until it is told to end. */
const WRITER = `
import os, signal, sys, time
is_on = True
def end(*_):
    global is_on
    is_on = False
signal.signal(signal.SIGTERM, end)
i = 0
while is_on:
    os.write(1, f"{sys.argv[1]} {i} {'x' * (i * 7 % 200)}\\n".encode())
    i += 1
    if i % 20 == 0:
        time.sleep(0.005)
os.write(2, f"{i}".encode())
`;

let rings: string;
beforeEach(() => {
  rings = mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => rmSync(rings, { recursive: true, force: true }));

const ring = () => `ring:${rings}`;
const socket = (path: string) => `socket:${path}`;

test.each([
  ['ring', 'from the start', ring, false],
  ['socket', 'from the start', socket, false],
  ['ring', 'after it was killed', ring, true],
])('%s: no shipper %s', async (_, __, target, isKilled) => {
  const directory = temporaryDirectory();
  const output = join(directory, 'out.ndjson');
  const settings = {
    LOGTAP_SINK: 'file',
    LOGTAP_FILE_PATH: output,
    LOGTAP_SOCKET: join(directory, 'logtap.sock'),
    LOGTAP_RING_DIR: rings,
    LOGTAP_BATCH_LINGER_MS: '50',
  };
  const before = isKilled ? await startShipper(settings) : undefined;
  const writers = Array.from({ length: PROCESSES }, (_, i) =>
    start('python3', ['-c', WRITER, String(i)], {
      env: {
        ...tapEnvironment('', { suppress: true }),
        [LIBRARY_ENV.TARGET.name]: target(settings.LOGTAP_SOCKET),
        [LIBRARY_ENV.ON_FULL.name]: 'pass',
        [LIBRARY_ENV.TAP_INTO.name]: '1',
      },
    }),
  );
  await sleep(1000);
  before?.child.kill('SIGKILL');
  await before?.ended;
  await sleep(ABSENT_MS);
  const shipper = await startShipper(settings);
  await sleep(1500);
  for (const { child } of writers) child.kill('SIGTERM');
  const ended = await Promise.all(writers.map((writer) => writer.ended));
  const { stderr } = await drain(shipper);
  const ledger = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');

  const delivered = new Set<string>();
  for (const line of readFileSync(output, 'utf8').trimEnd().split('\n')) {
    const { message } = JSON.parse(line) as { message: string };
    // A killed shipper's last batch may come again.
    // Two processes may lose as much at the same time: their notices have the same words.
    if (!isKilled && !message.startsWith('logtap: ')) expect(delivered).not.toContain(message);
    delivered.add(message);
  }
  let passed = 0;
  ended.forEach(({ code, stdout, stderr: count }, i) => {
    expect(code).toBe(0);
    const original = new Set(stdout.split('\n').slice(0, -1));
    passed += original.size;
    for (let n = 0; n < Number(count); n += 1) {
      const text = `${i} ${n} ${'x'.repeat((n * 7) % 200)}`;
      if (delivered.delete(text) === original.delete(text)) throw new Error(`'${text}' is in both or in neither`);
    }
    expect(original.size).toBe(0);
  });
  // Nothing was delivered that no program wrote, but for the lines that say what is missing.
  expect([...delivered].filter((message) => !message.startsWith('logtap: '))).toEqual([]);
  expect(passed).toBeGreaterThan(0);
  expect(ledger.dropped).toEqual({ application: { not_handed_over: passed } });
});
