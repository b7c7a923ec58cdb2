/** A kernels.wasm of another build is told at once: its callers would wait for results that never come. */
import { KERNEL_AREAS, loopsIn, openKernels } from '../../../src/kernels/kernels.js';

const { loops } = openKernels(KERNEL_AREAS)!;

test('the kernels of this build have every export that is read', () => {
  expect(loopsIn(loops)).toBe(loops);
});

test.each(['events', 'nextDocument'] as const)('a module without %s is refused by name, with the remedy', (name) => {
  const { [name]: _, ...others } = loops;
  expect(() => loopsIn(others)).toThrow(`has no ${name}. Build it again: npm run build`);
});

test('a number where a function is read is refused', () => {
  expect(() => loopsIn({ ...loops, jsonText: 1 })).toThrow('jsonText');
});
