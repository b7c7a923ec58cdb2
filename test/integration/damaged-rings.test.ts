/** A ring that no reader can begin with: the last line of the shipper after a killed one has its lines once. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { RING_HEADER, RING_HEADER_BYTES } from '../../src/contract.js';
import { data, hello, magic } from '../support/frames.js';
import { freeRing } from '../support/ring-receiver.js';
import { until } from '../support/run.js';
import { drain, startShipper } from '../support/tapped.js';

const CUT_BYTES = 100;
let rings: string;
beforeEach(() => {
  rings = mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => rmSync(rings, { recursive: true, force: true }));

test('it is counted, removed, and in the counts of the next shipper', async () => {
  const ring = freeRing(65_536);
  const frames = Buffer.concat([magic, hello(), data(1, 1n, 'one\ntwo\n')]);
  frames.copy(ring, RING_HEADER_BYTES);
  ring.writeBigUInt64LE(BigInt(frames.length), RING_HEADER.find(({ name }) => name === 'head')!.offset);
  ring.fill(0, 0, 8);
  const damaged = join(rings, 'ring-42-0000000000000abc-0');
  const cut = join(rings, 'ring-42-0000000000000abd-0');
  writeFileSync(damaged, ring);
  writeFileSync(cut, ring.subarray(0, CUT_BYTES));
  const port = await freePort();
  const first = await startShipper({
    ...{ LOGTAP_RING_DIR: rings, LOGTAP_STATUS_PORT: String(port), LOGTAP_STATUS_HOST: '127.0.0.1' },
  });
  await until('both are gone', () => !existsSync(damaged) && !existsSync(cut));
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(metrics).toContain('logtap_records_dropped_total{where="application",reason="invalid_frames"} 2\n');
  expect(metrics).toContain('logtap_uncounted_rings_total{reason="cut"} 1\n');
  expect(metrics).toContain(`logtap_uncounted_ring_bytes_total{reason="cut"} ${CUT_BYTES}\n`);
  first.child.kill('SIGKILL');
  await first.ended;
  const { stderr } = await drain(await startShipper({ LOGTAP_RING_DIR: rings }));
  expect(JSON.parse(stderr.trimEnd().split('\n').at(-1)!)).toMatchObject({
    dropped: { application: { invalid_frames: 2 } },
    uncountedRings: { cut: { rings: 1, bytes: CUT_BYTES } },
    balanced: true,
  });
});
