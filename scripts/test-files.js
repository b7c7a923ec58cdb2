// Files of tests that scripts/test.js treats in a way of their own, by their paths in the project.

/**
 * Files that measure, or fill the machine: they run after all others, one at a time.
 */
const ALONE = [
  'test/integration/memory-bound.test.ts',
  'test/integration/outage.test.ts',
  'test/faults/soak.test.ts',
  // Seventy processes that are to find a connection in time.
  'test/integration/connection-bounds.test.ts',
];

/** Files of more than half a minute, the longest first. They begin first, so that none is left at the end. */
const LONGEST = [
  'test/cluster/cluster.test.ts',
  'test/faults/cloudwatch.test.ts',
  'native/test/zoo/zoo.test.ts',
  'test/e2e/newcomer.test.ts',
  'test/faults/opensearch.test.ts',
  'test/faults/simulation.test.ts',
  'test/native/sanitizers.test.ts',
  'test/integration/run-terminal.test.ts',
  'test/e2e/compose.test.ts',
  'test/integration/reproducible.test.ts',
  'test/integration/adding-a-sink.test.ts',
  'test/integration/opensearch-security.test.ts',
  'test/integration/audit-opensearch.test.ts',
  'test/integration/ring-kills.test.ts',
  'test/integration/prove.test.ts',
  'test/e2e/image-archive.test.ts',
  'test/native/fuzz.test.ts',
  'test/integration/cloudwatch-limits.test.ts',
  'test/integration/aws-cdk.test.ts',
  'test/integration/wall-clock.test.ts',
];

/** The suite of a file. @param {string} path */
const suiteOf = (path) => (path.startsWith('native/test/zoo/') ? 'zoo' : (path.split('/')[1] ?? ''));

module.exports = { ALONE, LONGEST, suiteOf };
