/** The end of a pod: a shipper that was told of it gives account before the kubelet kills it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/free-port.js';
import { LIBRARY_ENV } from '../../src/contract.js';
import { start, until } from '../support/run.js';
import { startShipper, tapEnvironment } from '../support/tapped.js';

/** Ignores SIGTERM, and writes until it is killed. */
const WRITER = `
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
i = 0
while True:
    os.write(1, f"line {i}\\n".encode())
    os.write(2, b"x")
    i += 1
    time.sleep(0.002)
`;

let rings: string;
beforeEach(() => {
  rings = mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => rmSync(rings, { recursive: true, force: true }));

test.each([
  ['SIGTERM', 'SIGUSR2'],
  ['SIGINT', 'SIGUSR2'],
  ['SIGUSR2', 'SIGTERM'],
] as const)('%s and then %s: the pod’s time counts in either order', async (first, second) => {
  const shipper = await startShipper({
    LOGTAP_RING_DIR: rings,
    LOGTAP_SINK: 'opensearch',
    LOGTAP_OPENSEARCH_URL: `http://127.0.0.1:${await freePort()}`,
    LOGTAP_GRACE_SECONDS: '110',
    LOGTAP_TERMINATION_GRACE_SECONDS: '1',
  });
  const writer = start('python3', ['-c', WRITER], {
    env: {
      ...tapEnvironment('', { suppress: true }),
      [LIBRARY_ENV.TARGET.name]: `ring:${rings}`,
      [LIBRARY_ENV.TAP_INTO.name]: '1',
      [LIBRARY_ENV.ON_FULL.name]: 'pass',
    },
  });
  await until('it has written', () => writer.stderr().length > 100);
  shipper.child.kill(first);
  await until('it is told', () => /"message":"(stopping|the termination)/.test(shipper.stderr()));
  const before = performance.now();
  shipper.child.kill(second);
  const { code } = await shipper.ended;
  // Two seconds, on a machine that is not busy; as long as the shipper’s own grace, if the pod’s did not count.
  expect(performance.now() - before).toBeLessThan(40_000);
  expect(code).toBe(74);
  writer.child.kill('SIGKILL');
  await writer.ended;
});

test('an application is killed at the end of the time, and its sink is down: every line is in the last ledger', async () => {
  const shipper = await startShipper({
    LOGTAP_RING_DIR: rings,
    LOGTAP_SINK: 'opensearch',
    LOGTAP_OPENSEARCH_URL: `http://127.0.0.1:${await freePort()}`,
    LOGTAP_GRACE_SECONDS: '60',
    LOGTAP_TERMINATION_GRACE_SECONDS: '1',
  });
  const writer = start('python3', ['-c', WRITER], {
    env: {
      ...tapEnvironment('', { suppress: true }),
      [LIBRARY_ENV.TARGET.name]: `ring:${rings}`,
      [LIBRARY_ENV.TAP_INTO.name]: '1',
      [LIBRARY_ENV.ON_FULL.name]: 'pass',
    },
  });
  await until('it has written', () => writer.stderr().length > 100);
  shipper.child.kill('SIGUSR2');
  await until('it is told', () => shipper.stderr().includes('the termination of the pod begins'));
  await sleep(1000);
  // As the kubelet does: the application first.
  writer.child.kill('SIGKILL');
  const { stderr: written, stdout: original } = await writer.ended;
  const before = performance.now();
  shipper.child.kill('SIGTERM');
  const { code, stderr } = await shipper.ended;
  // Two seconds, on a machine that is not busy; a minute is what it would take by itself.
  expect(performance.now() - before).toBeLessThan(20_000);
  expect(code).toBe(74);
  const lines = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const last = lines.at(-1);
  const lost = last.dropped.application?.not_handed_over ?? 0;
  // It may have been killed between its two writes.
  expect(Math.abs(last.held + lost - written.length)).toBeLessThanOrEqual(1);
  expect(original.split('\n').length - 1).toBe(lost);
  expect(lines.find(({ message }) => message === 'still stopping')).toMatchObject({ held: last.held, balanced: true });
});
