/** Compiles the C programs that the library's tests run, once per test file. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root, temporaryDirectory } from './run.js';

export const COMPILERS = { glibc: 'gcc', musl: 'musl-gcc', 'aarch64 glibc': 'aarch64-linux-gnu-gcc' } as const;
export type Libc = keyof typeof COMPILERS;

const programs = join(root, 'test', 'native', 'programs');
const sources = join(root, 'native', 'src');
const includes = readdirSync(sources).map((room) => `-I${join(sources, room)}`);
const compiled = new Map<string, string>();
let directory: string | undefined;

/**
 * The executable of test/native/programs/NAME.c.
 * @param parts sources of the library to link into it, such as `handover/frame.c`
 */
export function program(name: string, libc: Libc = 'glibc', parts: readonly string[] = []): string {
  const key = `${basename(name)}-${libc.replace(' ', '-')}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  directory ??= temporaryDirectory();
  const executable = join(directory, key);
  execFileSync(COMPILERS[libc], [
    ...['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', '-pthread', ...includes, '-o', executable],
    join(programs, `${name}.c`),
    ...parts.map((part) => join(sources, part)),
  ]);
  compiled.set(key, executable);
  return executable;
}
