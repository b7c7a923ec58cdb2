/** Who builds the same sources gets the same bytes, and can check what is published: `npm run reproduce` is the longer form. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildElsewhere, sumsOf } from '../../scripts/reproduce.js';
import { root, temporaryDirectory } from '../support/run.js';

jest.setTimeout(600_000);

test('a build in another directory, with another umask, time zone and language, gives the same package', () => {
  const work = temporaryDirectory();
  try {
    const elsewhere = join(work, 'another', 'directory');
    mkdirSync(elsewhere, { recursive: true });
    const name = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', work], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(sumsOf(buildElsewhere(elsewhere))).toEqual(sumsOf(join(work, name.trim())));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});
