/** The doctor's rules on what a program names among its libraries, for programs that no test machine has. */
import type { Elf } from '../../../src/doctor/elf.js';
import { linkageFindings, sanitizerFindings } from '../../../src/doctor/linkage.js';

const program: Elf = {
  form: '64-bit little-endian',
  type: 'shared',
  machine: 'x86_64',
  interpreter: '/lib64/ld-linux-x86-64.so.2',
  needed: ['libc.so.6'],
  isPie: true,
  isGo: false,
  ioUringCalls: [],
};
const shown = (elf: Partial<Elf>) =>
  linkageFindings({ ...program, ...elf }, 'x86_64').map(({ weight, seen }) => `${weight}: ${seen}`);
const asan = (needed: string[], options?: string) =>
  sanitizerFindings({ ...program, needed: [...needed, 'libc.so.6'] }, options).map(({ weight }) => weight);

test.each<[string, Partial<Elf>, string[]]>([
  ['a plain program', {}, []],
  ['Bun today', { bun: '1.2' }, ['blocks: Bun, or a program that it compiled (exports of version 1.2)']],
  ['Bun of tomorrow', { bun: '1.10' }, ['blocks: Bun, or a program that it compiled (exports of version 1.10)']],
  ['Bun at first', { bun: '1.0' }, ['limits: Bun, or a program that it compiled (exports of version 1.0)']],
  ['i386', { form: '32-bit little-endian', machine: 'i386' }, ['blocks: a 32-bit little-endian program for i386']],
  ['x32', { form: '32-bit little-endian' }, ['blocks: a 32-bit little-endian program for x86_64']],
  ['arm', { form: '32-bit little-endian', machine: 'arm' }, ['blocks: a 32-bit little-endian program for arm']],
])('%s', (_, elf, expected) => {
  expect(shown(elf)).toEqual(expected);
});

test.each<[string, string[], string | undefined, string[]]>([
  ['of gcc', ['libasan.so.8'], undefined, ['blocks']],
  ['of clang, with the architecture', ['libclang_rt.asan-x86_64.so'], undefined, ['blocks']],
  ['of clang', ['libclang_rt.asan.so'], 'detect_leaks=0', ['blocks']],
  ['with the check of the order off', ['libasan.so.6'], 'detect_leaks=0:verify_asan_link_order=0', ['note']],
  ['with the check of the order on', ['libasan.so.6'], 'verify_asan_link_order=1', ['blocks']],
  ['of another name', ['libmyasan.so.1', 'libasanything.so'], undefined, []],
  ['other sanitizers, which accept any order', ['libtsan.so.2', 'libubsan.so.1', 'liblsan.so.0'], undefined, []],
])('AddressSanitizer %s', (_, needed, options, expected) => {
  expect(asan(needed, options)).toEqual(expected);
});
