/** Effects of a program's form on the tap: its linkage, its machine, and its writes without libc. */
import { runbook } from '../catalog/runbook.js';
import { LIBRARY_NAME } from '../contract.js';
import type { Elf } from './elf.js';
import type { Diagnostic } from './verdict.js';

const MACHINES = ['x86_64', 'aarch64'];
const THROUGH_CAT =
  'Let it write through a program that can be tapped: `sh -c "./app 2>&1 | cat"`. Its exit code and signals then are those of the pipeline.';

/** The libc that a program starts with. */
export function libcOf({ interpreter, needed }: Elf): 'glibc' | 'musl' | 'unknown' | 'none' {
  if (interpreter === undefined || needed.length === 0) return 'none';
  if (/\/ld-musl-/.test(interpreter) || needed.some((name) => name.startsWith('libc.musl-'))) return 'musl';
  if (/\/ld-linux-|\/ld-2\./.test(interpreter) || needed.includes('libc.so.6')) return 'glibc';
  return 'unknown';
}

/** @param machine that of the machine we run on */
export function linkageFindings(elf: Elf, machine: string): Diagnostic[] {
  if (elf.type === 'other') {
    return [
      {
        weight: 'blocks',
        seen: 'an ELF file that is neither a program nor a shared library',
        why: 'The kernel does not run it.',
        remedy: 'Name the program that was linked from it.',
      },
    ];
  }
  if (elf.form !== '64-bit little-endian' || !MACHINES.includes(elf.machine)) {
    return [
      {
        weight: 'blocks',
        seen: `a ${elf.form} program for ${elf.machine}`,
        why: `${LIBRARY_NAME} exists for 64-bit x86_64 and aarch64; the dynamic loader skips a library of another form.`,
        remedy: 'Use a build of the program for x86_64 or aarch64.',
      },
    ];
  }
  if (elf.interpreter === undefined) return [staticFinding(elf)];
  return [
    ...libcFindings(elf),
    ...goFindings(elf),
    ...bunFindings(elf),
    ...ioUringFindings(elf),
    ...foreignFindings(elf, machine),
  ];
}

/**
 * For a program that is to be started with the library.
 *
 * @param asanOptions value of `ASAN_OPTIONS` in its environment
 */
export function sanitizerFindings({ needed }: Elf, asanOptions = ''): Diagnostic[] {
  const runtime = needed.find((name) => /^lib(asan|clang_rt\.asan[^/]*)\.so/.test(name));
  if (runtime === undefined) return [];
  const isAllowed = /(^|[:,\s])verify_asan_link_order=(0|no|false)($|[:,\s])/.test(asanOptions);
  return [
    {
      weight: isAllowed ? 'note' : 'blocks',
      seen: `linked with AddressSanitizer (${runtime})${isAllowed ? ', with verify_asan_link_order=0 in ASAN_OPTIONS' : ''}`,
      why: `Unless that allows it, the program refuses to start when LD_PRELOAD names ${LIBRARY_NAME}: its runtime wants to be the first library.`,
      remedy: `Set ASAN_OPTIONS=verify_asan_link_order=0 for it; or name ${runtime} in LD_PRELOAD before ${LIBRARY_NAME}; or link with -static-libasan.`,
    },
  ];
}

function staticFinding({ isGo, isPie, type }: Elf): Diagnostic {
  const seen = isPie || type === 'executable' ? 'statically linked' : 'a shared library, or statically linked';
  return {
    weight: 'blocks',
    seen: `${isGo ? 'a Go program, ' : ''}${seen}: it names no dynamic loader`,
    why: 'Only the dynamic loader reads LD_PRELOAD, so the library is never loaded.',
    remedy: `${isGo ? '' : 'Link it dynamically. Or: '}${THROUGH_CAT} See ${runbook('the-program-is-not-tapped')}`,
  };
}

function libcFindings(elf: Elf): Diagnostic[] {
  const libc = libcOf(elf);
  if (libc === 'none') {
    return [
      {
        weight: 'blocks',
        seen: `${elf.isGo ? 'a Go program, ' : ''}linked dynamically, but to no library`,
        why: 'Without a libc it writes with system calls of its own, which the library does not see.',
        remedy: THROUGH_CAT,
      },
    ];
  }
  if (libc !== 'unknown') return [];
  return [
    {
      weight: 'limits',
      seen: `the dynamic loader ${elf.interpreter} belongs to neither glibc nor musl`,
      why: 'The library knows how these two keep their stdio; of another libc it sees calls of write() alone.',
      remedy: 'Compare what arrives with what was written, or use a build for glibc or musl.',
    },
  ];
}

function goFindings(elf: Elf): Diagnostic[] {
  if (!elf.isGo || libcOf(elf) === 'none') return [];
  return [
    {
      weight: 'limits',
      seen: 'a Go program that calls C (cgo)',
      why: 'Go writes with system calls of its own: only the output of its C code is captured.',
      remedy: THROUGH_CAT,
    },
  ];
}

function bunFindings({ bun }: Elf): Diagnostic[] {
  if (bun === undefined) return [];
  // The first releases still wrote some of their output through libc.
  const isOld = bun === '1.0';
  return [
    {
      weight: isOld ? 'limits' : 'blocks',
      seen: `Bun, or a program that it compiled (exports of version ${bun})`,
      why: `It writes${isOld ? ' in part' : ''} with system calls of its own, which the library does not see.`,
      remedy: `${THROUGH_CAT} Or run it with Node.js.`,
    },
  ];
}

function ioUringFindings({ ioUringCalls, needed }: Elf): Diagnostic[] {
  const library = needed.find((name) => name.startsWith('liburing'));
  const use = library ?? ioUringCalls[0];
  if (use === undefined) return [];
  return [
    {
      weight: 'limits',
      seen: `it uses io_uring (${use})`,
      why: 'Writes through io_uring are made by the kernel without a call that the library could see.',
      remedy: 'Switch io_uring off in the settings of the program, if it writes its log that way.',
    },
  ];
}

function foreignFindings(elf: Elf, machine: string): Diagnostic[] {
  if (elf.machine === machine) return [];
  return [
    {
      weight: 'note',
      seen: `a program for ${elf.machine}; this machine is ${machine}`,
      why: `It needs the ${LIBRARY_NAME} of its own architecture; the dynamic loader skips the other one.`,
      remedy: `Run logtap where the program runs; there it picks the library for ${elf.machine}.`,
    },
  ];
}
