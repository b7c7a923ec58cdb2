/** Diagnoses a process that runs: whether it is tapped, and if not, why. */
import { LIBRARY_ENV } from '../contract.js';
import { type Elf, ElfError } from './elf.js';
import { readElfFile } from './file.js';
import { settingFindings } from './library-settings.js';
import { linkageFindings, sanitizerFindings } from './linkage.js';
import { loadedLibrary, preloaded, preloadFindings } from './preload.js';
import { type Descriptor, type ProcessState, readProcess } from './process-state.js';
import { elfFacts, malformed, thisMachine } from './program.js';
import { reachOf } from './reach.js';
import type { Diagnosis, Diagnostic, TapState } from './verdict.js';

/** @throws DiagnosisError if there is no such process, or if this user has no permission to read it */
export async function diagnoseProcess(pid: number): Promise<Diagnosis> {
  const state = readProcess(pid);
  const program = readExecutable(state);
  const start = [...program.findings, ...secureFindings(state)];
  const isExplained = start.some(({ weight }) => weight === 'blocks');
  const isLoaded = loadedLibrary(state) !== undefined;
  const isMeant = isLoaded || [...state.environment.keys()].some((name) => name.startsWith('LLT_'));
  const settings = isMeant ? settingFindings(state.environment, state.workingDirectory) : [];
  const isActive = isLoaded && ![...start, ...settings].some(({ weight }) => weight === 'blocks');
  const reach = isMeant ? await reachOf(state) : undefined;
  return {
    subject: `process ${pid}: ${state.executable}${state.isDeleted ? ' (deleted or replaced since it started)' : ''}`,
    facts: {
      ...(program.elf === undefined ? {} : elfFacts(program.elf)),
      ...processFacts(state),
      ...(isActive ? reach?.facts : {}),
    },
    findings: [
      ...start,
      ...procFindings(state),
      ...preloadFindings(state, program.elf, isExplained),
      ...settings,
      ...(isActive || reach?.isUnread ? (reach?.findings ?? []) : []),
      ...streamFindings(state),
      ...ioUringFindings(state),
    ],
    state: tapState(isActive, reach?.isUnread ?? false),
  };
}

function tapState(isActive: boolean, isUnread: boolean): TapState {
  if (!isActive) return 'not tapped';
  return isUnread ? 'tapped, but no process reads' : 'tapped';
}

/** The file that the kernel runs, even if its name was removed. */
function readExecutable(state: ProcessState): { elf?: Elf; findings: Diagnostic[] } {
  try {
    const elf = readElfFile(`${state.directory}/exe`);
    const isTapped = loadedLibrary(state) !== undefined;
    const ifTapped = isTapped ? [] : sanitizerFindings(elf, state.environment.get('ASAN_OPTIONS'));
    return { elf, findings: [...linkageFindings(elf, thisMachine), ...ifTapped] };
  } catch (error) {
    if (error instanceof ElfError) return { findings: [malformed(error)] };
    throw error;
  }
}

function processFacts(state: ProcessState): Record<string, string> {
  const shown = (descriptor: Descriptor | undefined) => descriptor?.shown ?? 'closed';
  const preload = preloaded(state);
  return {
    library: loadedLibrary(state) ?? 'not loaded',
    ...(preload.length === 0 ? {} : { LD_PRELOAD: preload.join(' ') }),
    stdout: shown(state.stdout),
    stderr: shown(state.stderr),
    confined:
      [state.noNewPrivileges ? 'no_new_privs' : '', state.hasSeccompFilter ? 'seccomp filter' : '']
        .filter((word) => word !== '')
        .join(', ') || 'no',
  };
}

function secureFindings({ isSecure }: ProcessState): Diagnostic[] {
  if (!isSecure) return [];
  return [
    {
      weight: 'blocks',
      seen: 'AT_SECURE is set: it gained rights when it started (set-user-ID, set-group-ID or file capabilities)',
      why: 'The dynamic loader ignores LD_PRELOAD for such a program.',
      remedy:
        'Start it as the user whose rights it needs, or without gaining rights: in Kubernetes `allowPrivilegeEscalation: false`, elsewhere `setpriv --no-new-privs`.',
    },
  ];
}

function procFindings({ hasProc }: ProcessState): Diagnostic[] {
  if (hasProc) return [];
  return [
    {
      weight: 'blocks',
      seen: 'there is no /proc in its root directory',
      why: 'The library reads its settings from /proc/self/environ, and does nothing without them.',
      remedy: 'Mount it there: mount -t proc proc ROOT/proc. Containers have it unless it was taken away.',
    },
  ];
}

/** A child in a pipeline writes to its own pipe, which is not the container's output and is not tapped. */
function streamFindings(state: ProcessState): Diagnostic[] {
  const inherited = state.environment.get(LIBRARY_ENV.STDIO.name) ?? '';
  if (loadedLibrary(state) === undefined || !/^([0-9a-f]{16}(:|$)){4}$/.test(inherited)) return [];
  const numbers = inherited.split(':').map((text) => BigInt(`0x${text}`));
  const isContainers = ({ device, inode }: Descriptor) =>
    [0, 2].some((i) => numbers[i] === device && numbers[i + 1] === inode);
  const own = (['stdout', 'stderr'] as const).filter((name) => {
    const descriptor = state[name];
    return descriptor !== undefined && !isContainers(descriptor);
  });
  if (own.length === 0) return [];
  return [
    {
      weight: 'note',
      seen: `its ${own.join(' and ')} ${own.length === 1 ? 'is' : 'are'} not the container's`,
      why: 'Its output there goes to another process or to a file, and is captured only if that process writes it again.',
      remedy: `Nothing, unless it is a log: then name the file in ${LIBRARY_ENV.TAP_FILE.name}.`,
    },
  ];
}

function ioUringFindings({ hasIoUring, environment }: ProcessState): Diagnostic[] {
  const isAsked = environment.get('UV_USE_IO_URING') === '1';
  if (!hasIoUring && !isAsked) return [];
  return [
    {
      weight: 'limits',
      seen: `it has ${hasIoUring ? 'an io_uring open' : 'io_uring switched on'}${isAsked ? ' (UV_USE_IO_URING=1)' : ''}`,
      why: 'The kernel writes for io_uring without a call that the library could see.',
      remedy: isAsked
        ? 'Remove UV_USE_IO_URING=1, so that Node writes its files with calls.'
        : 'Turn io_uring off in the settings of the program, if it writes its log with it.',
    },
  ];
}
