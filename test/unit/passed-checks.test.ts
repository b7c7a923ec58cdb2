/** Checks of files that have passed are not repeated: a key that forgets an input would let a defect through. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkOnce } from '../../scripts/passed-checks.js';

const before = process.env.CDK8S_LOGTAP_CACHE_DIR;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'logtap-passed-'));
  process.env.CDK8S_LOGTAP_CACHE_DIR = join(directory, 'cache');
  for (const name of ['a.c', 'b.c']) writeFileSync(join(directory, name), `int ${name[0]};\n`);
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
  if (before === undefined) delete process.env.CDK8S_LOGTAP_CACHE_DIR;
  else process.env.CDK8S_LOGTAP_CACHE_DIR = before;
});

/** Checks both files; gives the verdict, and the files that were checked. */
function check({ common = ['version 1'], passes = true, name = 'tidy' } = {}) {
  const checked: string[] = [];
  const run = (files: readonly string[]) => {
    checked.push(...files);
    return passes;
  };
  return { hasPassed: checkOnce({ name, common: () => common, files: ['a.c', 'b.c'], directory, run }), checked };
}

test('a file that has passed is not checked again', () => {
  expect(check()).toEqual({ hasPassed: true, checked: ['a.c', 'b.c'] });
  expect(check()).toEqual({ hasPassed: true, checked: [] });
});

test('a file that has changed is', () => {
  check();
  writeFileSync(join(directory, 'b.c'), 'int c;\n');
  expect(check().checked).toEqual(['b.c']);
  writeFileSync(join(directory, 'b.c'), 'int b;\n');
  expect(check().checked).toEqual([]);
});

test.each([{ common: ['version 2'] }, { common: ['version 1', 'a header'] }, { name: 'analyse' }])(
  'all are, where anything else has changed: %j',
  (other) => {
    check();
    expect(check(other).checked).toEqual(['a.c', 'b.c']);
  },
);

test('a failure is never kept', () => {
  expect(check({ passes: false }).hasPassed).toBe(false);
  expect(check({ passes: false })).toEqual({ hasPassed: false, checked: ['a.c', 'b.c'] });
});

test('what changes while it is checked is checked again', () => {
  const run = () => {
    writeFileSync(join(directory, 'b.c'), 'int c;\n');
    return true;
  };
  expect(checkOnce({ name: 'tidy', common: () => ['version 1'], files: ['a.c', 'b.c'], directory, run })).toBe(true);
  expect(check().checked).toEqual(['b.c']);
  writeFileSync(join(directory, 'b.c'), 'int b;\n');
  expect(check().checked).toEqual(['b.c']);
});

test('a cache that is no JSON is as good as none', () => {
  check();
  writeFileSync(join(directory, 'cache', 'passed-checks', 'tidy.json'), '["');
  expect(check()).toEqual({ hasPassed: true, checked: ['a.c', 'b.c'] });
});
