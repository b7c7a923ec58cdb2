/** Images of this machine's own programs, in place of those that a registry would give. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { temporaryDirectory } from './run.js';

/**
 * Writes the archive of a root file system with these programs, the libraries they are linked with, and nothing else.
 * @param programs absolute paths
 */
export function writeProgramImage(programs: readonly string[], archive: string): void {
  const files = temporaryDirectory();
  const copy = (file: string, to = file) => {
    const target = join(files, to);
    if (existsSync(target)) return;
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(file, target);
  };
  for (const directory of ['usr/bin', 'tmp', 'var/log', 'proc', 'etc'])
    mkdirSync(join(files, directory), { recursive: true });
  symlinkSync('usr/bin', join(files, 'bin'));
  for (const program of programs) {
    const path = execFileSync('readlink', ['-f', program], { encoding: 'utf8' }).trim();
    copy(path, join('/usr/bin', basename(program)));
    const [interpreter = ''] = /\/\S+ld-musl\S+(?=])/.exec(headersOf(path)) ?? [];
    // With musl the interpreter is the only library.
    if (interpreter !== '') {
      copy(interpreter);
      continue;
    }
    // A program that is linked with nothing has no list.
    const listed = execFileSync('sh', ['-c', 'ldd "$0" 2>/dev/null || true', path], { encoding: 'utf8' });
    for (const [, library = ''] of listed.matchAll(/(\/\S+) \(0x/g)) copy(library);
  }
  chmodSync(files, 0o755);
  chmodSync(join(files, 'tmp'), 0o1777);
  chmodSync(join(files, 'var/log'), 0o1777);
  execFileSync('tar', ['-C', files, '--owner=0', '--group=0', '-cf', archive, '.']);
}

const headersOf = (program: string) =>
  execFileSync('readelf', ['--program-headers', '--wide', program], { encoding: 'utf8' });
