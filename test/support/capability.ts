/** Suites that need something from the machine: in CI a missing capability fails, elsewhere it is skipped and said. */
import { capabilities } from '../../scripts/capabilities.js';

/** `describe`, if the machine has what is named; names are those of scripts/capabilities.js. */
export function describeWith(names: readonly string[], title: string, suite: () => void): void {
  const missing = names.map(byName).filter((capability) => !capability.isPresent());
  if (missing.length === 0) {
    describe(title, suite);
    return;
  }
  const setUp = 'run `node scripts/setup.js test`, as root for Debian packages';
  const remedy = [...new Set(missing.map(({ remedy = setUp }) => remedy))]
    .map((each) => {
      const names = missing.filter(({ remedy = setUp }) => remedy === each).map(({ name }) => name);
      return `${names.join(', ')} missing: ${each}`;
    })
    .join('; ');
  if (process.env.CI === 'true' || process.env.CI === '1') {
    test(title, () => {
      throw new Error(remedy);
    });
    return;
  }
  process.stderr.write(`skipped: ${title}: ${remedy}\n`);
  describe.skip(title, suite);
}

function byName(name: string) {
  const capability = capabilities().find((candidate) => candidate.name === name);
  if (capability === undefined) throw new Error(`no capability named '${name}' in scripts/capabilities.js`);
  return capability;
}
