/** An object without keys, for `toMatchObject`: there `{}` matches any object, so that `dropped: {}` passes with any number of drops. */
export const EMPTY = {
  $$typeof: Symbol.for('jest.asymmetricMatcher'),
  asymmetricMatch: (other: unknown): boolean =>
    typeof other === 'object' && other !== null && Object.keys(other).length === 0,
  toString: () => 'EMPTY',
  toAsymmetricMatcher: () => 'EMPTY',
} as unknown as Record<string, never>;
