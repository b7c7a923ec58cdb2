/** Whether the library is loaded into a process, and if LD_PRELOAD names it without effect: why. */
import { LIBRARY_NAME } from '../contract.js';
import { type Elf, ElfError } from './elf.js';
import { codeOf, mountOptions, pathInRoot, readElfFile } from './file.js';
import type { ProcessState } from './process-state.js';
import type { Diagnostic } from './verdict.js';

/** Path of the library in the process, if it is loaded. */
export function loadedLibrary({ mapped }: ProcessState): string | undefined {
  return mapped.find((path) => path.endsWith(`/${LIBRARY_NAME}`));
}

/** The paths in LD_PRELOAD, separated by colons or spaces (ld.so(8)). */
export function preloaded({ environment }: ProcessState): string[] {
  return (environment.get('LD_PRELOAD') ?? '').split(/[: ]+/).filter((entry) => entry !== '');
}

/**
 * @param elf the program of the process
 * @param isExplained whether another finding already explains why no library can be loaded
 */
export function preloadFindings(state: ProcessState, elf: Elf | undefined, isExplained: boolean): Diagnostic[] {
  if (loadedLibrary(state) !== undefined) return [];
  const library = preloaded(state).find((entry) => entry.split('/').at(-1) === LIBRARY_NAME);
  if (library === undefined) return [notAsked(state)];
  if (isExplained) return [];
  return [{ weight: 'blocks', ...reasonNotLoaded(state, library, elf) }];
}

function notAsked(state: ProcessState): Diagnostic {
  const value = state.environment.get('LD_PRELOAD');
  return {
    weight: 'note',
    seen: `not tapped now: ${value === undefined ? 'it was started without LD_PRELOAD' : `LD_PRELOAD=${value} does not name ${LIBRARY_NAME}`}`,
    why: 'The library is loaded when a program starts; nothing is put into one that runs.',
    remedy: 'Start it again with `logtap run -- CMD`, or in Kubernetes after `logtap inject`.',
  };
}

type Reason = Omit<Diagnostic, 'weight'>;

function reasonNotLoaded(state: ProcessState, library: string, elf: Elf | undefined): Reason {
  const seen = `LD_PRELOAD names ${library}, but it is not loaded`;
  if (!library.startsWith('/')) {
    return {
      seen,
      why: 'A relative path is looked for from the directory where the program started, a bare name in the system’s library directories.',
      remedy: 'Give its absolute path.',
    };
  }
  try {
    const file = pathInRoot(`${state.directory}/root`, library);
    const found = readElfFile(file);
    if (elf !== undefined && (found.machine !== elf.machine || found.form !== elf.form)) {
      return {
        seen: `${seen}: it is for ${found.machine}, the program for ${elf.machine}`,
        why: 'The dynamic loader skips a library of another architecture.',
        remedy: `Run \`logtap install\` on a machine, or from an image, for ${elf.machine}.`,
      };
    }
    if (mountOptions(state.mountinfo, file.slice(`${state.directory}/root`.length)).includes('noexec')) {
      return {
        seen: `${seen}: its file system is mounted noexec`,
        why: 'The kernel maps no code from such a file system.',
        remedy: 'Mount it without noexec, or install the library elsewhere.',
      };
    }
  } catch (error) {
    return unreadable(seen, library, error);
  }
  return {
    seen,
    why: 'The file is there and fits the program; it may have come after the program started, or its user may not read it.',
    remedy: 'Start the program again, with LD_DEBUG=libs to hear the reason from the dynamic loader.',
  };
}

function unreadable(seen: string, library: string, error: unknown): Reason {
  if (error instanceof ElfError) {
    return {
      seen: `${seen}: the file is damaged (${error.message})`,
      why: 'The dynamic loader cannot use it.',
      remedy: 'Install it again: `logtap install DIR` replaces it at once, never by halves.',
    };
  }
  const code = codeOf(error);
  if (code === 'EACCES' || code === 'EPERM') {
    return {
      seen: `${seen}: permission denied`,
      why: 'The file, or a directory above it, is closed to the user.',
      remedy: `Make them readable: chmod -R a+rX ${library.slice(0, library.lastIndexOf('/')) || '/'}`,
    };
  }
  return {
    seen: `${seen}: there is no such file in its root directory (${code})`,
    why: 'The dynamic loader says so on stderr and starts the program without it.',
    remedy: 'Mount the volume with the library into this container too, and start it again.',
  };
}
