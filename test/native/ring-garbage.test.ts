/** Spoiled free rings: no process dies of one, and its output is delivered or in the original. */
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { RING_HEADER, RING_HEADER_BYTES, RING_NAMES } from '../../src/contract.js';
import { recordsOf } from '../support/batches.js';
import { runTapped } from '../support/native-tap.js';
import { freeRing } from '../support/ring-receiver.js';
import { CAPACITY, HOSTILE, openRings } from '../support/rings.js';

const RUNS = Number(process.env.LOGTAP_TEST_RUNS ?? 60);
jest.setTimeout(240_000 + 3000 * RUNS);

const damage = fc.oneof(
  fc.record({
    at: fc.constantFrom(...RING_HEADER.map(({ offset }) => offset), RING_HEADER_BYTES, RING_HEADER_BYTES + 8),
    value: fc.oneof(fc.constantFrom(...HOSTILE), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  }),
  fc.record({ size: fc.oneof(fc.nat({ max: RING_HEADER_BYTES + 2 * CAPACITY }), fc.constantFrom(0, 1, 4096, 8192)) }),
);

let path: string;
beforeEach(() => {
  path = mkdtempSync('/dev/shm/logtap-rings-');
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

/** The bytes that a shipper finds, including those that break the format. */
async function delivered(): Promise<string[]> {
  const source = openRings(path, { pool: 0, totalBytes: 0, lineIdleMs: 5, lingerMs: 0 });
  const messages: string[] = [];
  setTimeout(() => source.close(), 30);
  for await (const batch of source.batches(new AbortController().signal)) {
    messages.push(...recordsOf(batch).map(({ message }) => message));
    batch.acknowledge();
  }
  return messages;
}

test('a spoiled ring: the process ends well, and every line is somewhere', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
      const ring = join(path, `${RING_NAMES.FREE}0`);
      writeFileSync(ring, freeRing(CAPACITY));
      for (const each of damages) {
        if ('size' in each) {
          truncateSync(ring, each.size);
          continue;
        }
        const word = Buffer.alloc(8);
        word.writeBigUInt64LE(each.value);
        const fd = openSync(ring, 'r+');
        writeSync(fd, word, 0, word.length, each.at);
        closeSync(fd);
      }
      const { code, signal, stdout } = await runTapped('bash', ['-c', 'echo one; echo two; /bin/echo three'], {
        settings: { TAP_INTO: '3', TARGET: `ring:${path}`, SUPPRESS_STDOUT: 'true' },
      });
      expect({ code, signal }).toEqual({ code: 0, signal: null });
      const found = [...stdout.toString().trimEnd().split('\n'), ...(await delivered())];
      for (const line of ['one', 'two', 'three']) expect(found).toContain(line);
      rmSync(ring, { force: true });
    }),
    { numRuns: RUNS },
  );
});
