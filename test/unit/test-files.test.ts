/** Files that `npm test` treats in a way of their own: a list with the name of a file that was renamed has no effect. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import config from '../../jest.config.js';
import { ALONE, LONGEST, suiteOf } from '../../scripts/test-files.js';

const root = join(__dirname, '../..');

test.each([...ALONE, ...LONGEST])('%s exists, in a suite', (path) => {
  expect(existsSync(join(root, path))).toBe(true);
  expect(config.projects.map(({ displayName }: { displayName: string }) => displayName)).toContain(suiteOf(path));
});
