/** A shipper without a spool that is killed in an outage longer than the rings: what went down with it is a number. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import { start, temporaryDirectory } from '../support/run.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const LINES = 60_000;
/** More than twice what a ring holds. */
const WRITER = `
import os
for i in range(${LINES}):
    os.write(1, f"{i:05d} {'x' * (i * 7 % 80)}\\n".encode())
`;
const expected = Array.from({ length: LINES }, (_, i) => `${String(i).padStart(5, '0')} ${'x'.repeat((i * 7) % 80)}`);

let rings: string;
beforeEach(() => {
  rings = mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => rmSync(rings, { recursive: true, force: true }));

test('every line is delivered, or counted as lost with the shipper', async () => {
  const output = join(temporaryDirectory(), 'out.ndjson');
  // No room for a larger ring, which would have the more of the lines.
  const settings = {
    ...{ LOGTAP_RING_DIR: rings, LOGTAP_BATCH_LINGER_MS: '20' },
    LOGTAP_RING_TOTAL_BYTES: String(4 * 1024 * 1024),
  };
  const down = await startShipper({
    ...settings,
    LOGTAP_SINK: 'opensearch',
    LOGTAP_OPENSEARCH_URL: `http://127.0.0.1:${await freePort()}`,
  });
  const { code, stdout } = await start('python3', ['-c', WRITER], {
    env: {
      ...tapEnvironment('', { suppress: true }),
      [LIBRARY_ENV.TARGET.name]: `ring:${rings}`,
      [LIBRARY_ENV.ON_FULL.name]: 'block:60000',
    },
  }).ended;
  // The outage is longer than the ring: without more room the process would still be waiting.
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  down.child.kill('SIGKILL');
  await down.ended;

  const up = await startShipper({ ...settings, LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: output });
  const { stderr } = await drain(up);
  const { read, dropped, balanced } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
  const gone = dropped.hold.shipper_killed;
  const stored = readFileSync(output, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).message as string);
  expect(stored[0]).toMatch(new RegExp(`^logtap: up to ${gone} lines, \\d+ bytes lost with a killed shipper$`));
  // The oldest are gone, the ring still had the rest.
  expect(stored.slice(1)).toEqual(expected.slice(gone));
  expect(gone).toBeGreaterThan(LINES / 3);
  expect({ read, balanced }).toEqual({ read: LINES - gone + 1, balanced: true });
});
