/**
 * Properties of histories that are made of a seed. On a busy machine there are fewer histories: Jest's time limit would fail the test
 * without its seed. A history that takes too long is a counterexample, which fast-check prints with its seed.
 */
import fc from 'fast-check';

/** Together less than the two minutes that a test should have. */
const MANY_MS = 60_000;
const ONE_MS = 45_000;
// Not those that a test fakes.
const { setTimeout, clearTimeout } = globalThis;

/** Up to `numRuns` histories. Without a seed it is a new one each time. */
export async function holdsInHistories<Steps>(
  histories: fc.Arbitrary<Steps>,
  run: (steps: Steps) => Promise<unknown>,
  parameters: fc.Parameters<[Steps]>,
): Promise<void> {
  const startedMs = performance.now();
  let isLate = false;
  const property = fc.asyncProperty(histories, async (steps) => {
    // One that hangs would hang again in each attempt to cut it down.
    if (isLate || performance.now() - startedMs > MANY_MS) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        isLate = true;
        reject(new Error(`this history takes more than ${ONE_MS} ms`));
      }, ONE_MS);
    });
    try {
      await Promise.race([run(steps), late]);
    } finally {
      clearTimeout(timer);
    }
  });
  await fc.assert(property, parameters);
}
