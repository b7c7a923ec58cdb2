/** Patterns of rules, which match the same paths as those of `LLT_TAP_FILE`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Glob } from '../../../src/catalog/values/glob.js';

/** Cases of the library's own test. The one of single bytes is not a text. */
const CASES = [
  ...readFileSync(join(__dirname, '../../../native/test/unit/path_test.c'), 'utf8').matchAll(
    /^ {4}\{"([^"\\]*)", "([^"\\]*)", (true|false)\}/gm,
  ),
].map(([, pattern, path, matches]) => [pattern!, path!, matches === 'true'] as const);

test('the cases of the library are found', () => expect(CASES.length).toBeGreaterThan(40));

test.each(CASES)('%s and %s as in the library: %s', (pattern, path, matches) => {
  expect(new Glob(pattern).matches(path)).toBe(matches);
});

test.each([
  ['/srv/**/a.log', ['/srv/a.log', '/srv/x/a.log', '/srv/x/y/a.log'], ['/srv/xa.log', '/srv/x/b.log']],
  ['/srv/a[0-9].log', ['/srv/a5.log'], ['/srv/a[0-9].log', '/srv/ax.log']],
  ['/srv/[^.]*', ['/srv/a.b'], ['/srv/.a', '/srv//']],
  ['/srv/?', ['/srv/é', '/srv/😀'], ['/srv/']],
  ['/srv/(a|b)\\d', ['/srv/(a|b)\\d'], ['/srv/a1']],
])('%s', (pattern, matching, others) => {
  const glob = new Glob(pattern);
  expect(matching.filter((path) => !glob.matches(path))).toEqual([]);
  expect(others.filter((path) => glob.matches(path))).toEqual([]);
});

test('a name of an application costs no time', () => {
  expect(new Glob('a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b').matches('a'.repeat(4000))).toBe(false);
  expect(new Glob('**/*/**/*/**/*/**/*/**/a').matches('/'.repeat(4000))).toBe(false);
});
