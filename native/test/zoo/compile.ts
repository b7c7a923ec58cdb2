/** Compiles the zoo's own programs, once per test file and C library. */
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Libc } from '../../../test/support/native-programs.js';
import { temporaryDirectory } from '../../../test/support/run.js';

const COMPILERS = { glibc: 'gcc', musl: 'musl-gcc', 'aarch64 glibc': 'aarch64-linux-gnu-gcc' } as const;

export const programs = join(__dirname, 'programs');
const compiled = new Map<string, string>();
let directory: string | undefined;

/** The executable of a C or C++ source. C++ is for glibc only: Debian has no C++ library for musl. */
function compile(source: string, libc: Libc, flags: readonly string[] = []): string {
  const key = [source, libc, ...flags].join('\n');
  const known = compiled.get(key);
  if (known !== undefined) return known;
  if (directory === undefined) {
    directory = temporaryDirectory();
    chmodSync(directory, 0o755); // Some are run by another user.
  }
  const isCpp = extname(source) === '.cpp';
  if (isCpp && libc !== 'glibc') throw new Error(`${source}: no C++ compiler for ${libc}; leave it out of the row`);
  const executable = join(directory, `program-${compiled.size}`);
  execFileSync(isCpp ? 'g++' : COMPILERS[libc], [
    ...[isCpp ? '-std=gnu++17' : '-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', '-pthread'],
    ...['-o', executable, source, ...flags],
  ]);
  compiled.set(key, executable);
  return executable;
}

/** The executable of programs/NAME. @param name with its extension */
export function zooProgram(name: string, libc: Libc, flags: readonly string[] = []): string {
  return compile(join(programs, name), libc, flags);
}

/** The program that stands around each run. */
export const refereeProgram = (): string => compile(join(__dirname, 'referee.c'), 'glibc');
