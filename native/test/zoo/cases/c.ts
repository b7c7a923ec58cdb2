/** C and C++ in all their ways to write. */
import type { ZooCase } from '../case.js';
import { zooProgram } from '../compile.js';

/** `name 0` to `name COUNT-1`, a line each. */
const numbered = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name} ${i}\n`).join('');

export const cases: readonly ZooCase[] = [
  {
    name: 'write()',
    family: 'C',
    platforms: ['glibc', 'musl', 'aarch64'],
    command: ({ libc }) => [zooProgram('c-write.c', libc)],
    tapFile: 'app.log',
    stdout: numbered('out', 300),
    stderr: numbered('err', 300),
    files: { 'app.log': numbered('log', 300) },
    exitCode: 7,
    reportsLosses: true,
  },
];
