import fc from 'fast-check';
import { Glob } from '../../../src/catalog/values/glob.js';
import { globsMeet } from '../../../src/migrate/result/globs-meet.js';

test.each([
  ['/srv/**/a.log', '/srv/x/y/a.log', true],
  ['/srv/**/a.log', '/srv/a.log', true],
  ['/srv/**', '/srv/x/*.log', true],
  ['/srv/a*', '/srv/*b', true],
  ['/srv/*/a', '/srv/b/*', true],
  ['/srv/a[0-9].log', '/srv/a5.log', true],
  ['/srv/[a-m]*', '/srv/[k-z]*', true],
  ['/srv/?', '/srv/[!a]', true],
  ['/srv/*.log', '/srv/x/a.log', false],
  ['/srv/a*', '/srv/b*', false],
  ['/srv/[a-f]', '/srv/[g-z]', false],
  ['/srv/**/a.log', '/srv/**/b.log', false],
  ['/srv/a', '/srv/ab', false],
])('%s and %s: %s', (one, other, meet) => {
  expect([globsMeet(one, other), globsMeet(other, one)]).toEqual([meet, meet]);
});

test('patterns that match one path meet', () => {
  const part = fc.constantFrom('a', 'b', '/', '*', '**', '?', '[a-b]', '[!a]', '**/');
  const glob = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''));
  const path = fc.array(fc.constantFrom('a', 'b', 'c', '/'), { maxLength: 5 }).map((parts) => parts.join(''));
  const property = fc.property(glob, glob, path, (one, other, at) => {
    fc.pre(new Glob(one).matches(at) && new Glob(other).matches(at));
    return globsMeet(one, other);
  });
  fc.assert(property, { numRuns: 300 });
});
