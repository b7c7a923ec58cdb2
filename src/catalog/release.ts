/** The release of the library in 16 bits, as HELLO carries it: the major number in 4 bits, the minor and the patch in 6 each. */

const PARTS = [
  { name: 'major', factor: 4096, end: 16 },
  { name: 'minor', factor: 64, end: 64 },
  { name: 'patch', factor: 1, end: 64 },
] as const;

/** Of a library that does not say its release: those before 0.1.0 was released, or another writer of frames. */
export const UNKNOWN_RELEASE = 'unknown';

/**
 * The bits of a version such as `0.1.0`. What follows the patch, as in `0.2.0-rc.1`, is not in them.
 *
 * @throws if a number does not fit
 */
export function releaseBits(version: string): number {
  const numbers = /^(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/.exec(version)?.slice(1).map(Number) ?? [];
  const isRight = numbers.length === PARTS.length && PARTS.every(({ end }, i) => numbers[i]! < end);
  const bits = PARTS.reduce((sum, { factor }, i) => sum + factor * (numbers[i] ?? 0), 0);
  if (!isRight || bits === 0) {
    const rule = `must be MAJOR.MINOR.PATCH, at most ${PARTS.map(({ end }) => end - 1).join('.')} and not 0.0.0`;
    throw new Error(
      `the version ${version} of package.json ${rule}: HELLO has 16 bits for it (src/catalog/release.ts)`,
    );
  }
  return bits;
}

export function releaseOf(bits: number): string {
  if (bits === 0) return UNKNOWN_RELEASE;
  return PARTS.map(({ factor, end }) => Math.floor(bits / factor) % end).join('.');
}
