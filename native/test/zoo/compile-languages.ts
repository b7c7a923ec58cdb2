/** Builds the zoo's programs in other languages than C, once per test file. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { cacheDir } from '../../../scripts/cache.js';
import { temporaryDirectory } from '../../../test/support/run.js';

const sources = join(__dirname, 'programs', 'languages');
const built = new Map<string, string>();

function once(key: string, build: (target: string) => void): string {
  const known = built.get(key);
  if (known !== undefined) return known;
  const target = join(temporaryDirectory(), 'program');
  build(target);
  built.set(key, target);
  return target;
}

/** The path of a program that is run from its source. */
export const script = (name: string): string => join(sources, name);

/** This machine's Python itself: what PATH finds may be a script that chooses one. */
export const python = (): string => {
  const known = built.get('python');
  if (known !== undefined) return known;
  const found = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  built.set('python', found);
  return found;
};

/** A directory of classes. */
export const javaClasses = (): string =>
  once('java', (target) => execFileSync('javac', ['-d', target, script('Zoo.java')], { stdio: 'pipe' }));

/** @param linked dynamically with the C library, or statically without one */
export const goProgram = (name: string, linked: 'dynamically' | 'statically'): string =>
  once(name, (target) =>
    execFileSync('go', ['build', '-o', target, script(name)], {
      stdio: 'pipe',
      env: {
        ...process.env,
        CGO_ENABLED: linked === 'dynamically' ? '1' : '0',
        // The standard library takes ten seconds to build, and is the same each time.
        GOCACHE: cacheDir('go-build'),
        GOTOOLCHAIN: 'local',
      },
    }),
  );

export const rustProgram = (): string =>
  once('rust', (target) =>
    execFileSync('rustc', ['--edition', '2021', '-O', '-o', target, script('rust.rs')], { stdio: 'pipe' }),
  );
