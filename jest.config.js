// One project a kind of test, so that `npm run test:unit` needs nothing but Node and `npm test` runs all of them.
const common = {
  testEnvironment: 'node',
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  setupFiles: ['<rootDir>/test/support/overwrite-released.ts'],
};

module.exports = {
  // Of a test whose file states none: ten times what most of them need, for a machine that is busy.
  testTimeout: 240_000,
  // Jest leaves one core free, which on two cores halves the speed of the unit tests.
  maxWorkers: '100%',
  projects: [
    ...['unit', 'native', 'integration', 'faults', 'e2e', 'cluster'].map((name) => ({
      ...common,
      displayName: name,
      testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
    })),
    { ...common, displayName: 'zoo', testMatch: ['<rootDir>/native/test/zoo/*.test.ts'] },
  ],
};
