/** Reads the state of a running process from /proc once, so that all findings concern the same moment. */
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { codeOf } from './file.js';
import type { Environment } from './library-settings.js';
import { mappedRings } from './ring.js';
import { DiagnosisError } from './verdict.js';

const AT_NULL = 0n;
const AT_SECURE = 23n;

export interface Descriptor {
  /** As /proc shows it: `/var/log/app.log`, `pipe:[4711]`. */
  readonly shown: string;
  readonly device: bigint;
  readonly inode: bigint;
}

export interface ProcessState {
  readonly pid: number;
  /** Names of its rings, oldest first. */
  readonly rings: readonly string[];
  /** Its directory in /proc. */
  readonly directory: string;
  /** Path of its program, as it sees it; ` (deleted)` cut off. */
  readonly executable: string;
  readonly isDeleted: boolean;
  /** Its root directory at the start, as far as one can tell now, has /proc. */
  readonly hasProc: boolean;
  /** The dynamic loader ignored its environment. */
  readonly isSecure: boolean;
  /** As it was started with. */
  readonly environment: Environment;
  /** Its current directory now. */
  readonly workingDirectory: string;
  /** Files whose code is mapped into its memory. */
  readonly mapped: readonly string[];
  readonly stdout: Descriptor | undefined;
  readonly stderr: Descriptor | undefined;
  readonly hasIoUring: boolean;
  readonly noNewPrivileges: boolean;
  readonly hasSeccompFilter: boolean;
  readonly mountinfo: string;
}

/** @throws DiagnosisError if it does not run, or if this user has no permission to read it */
export function readProcess(pid: number): ProcessState {
  const directory = `/proc/${pid}`;
  const status = read(pid, () => readFileSync(`${directory}/status`, 'utf8'));
  // Zombies and threads of the kernel have no program.
  if (!/^VmSize:/m.test(status)) {
    const what = /^State:\s+Z/m.test(status) ? 'has ended and waits for its parent' : 'is a thread of the kernel';
    throw new DiagnosisError(`process ${pid} ${what}: there is no program to look at.`, 'absent');
  }
  return read(pid, () => {
    const executable = readlinkSync(`${directory}/exe`);
    const maps = readFileSync(`${directory}/maps`, 'utf8');
    return {
      pid,
      directory,
      executable: executable.replace(/ \(deleted\)$/, ''),
      isDeleted: executable.endsWith(' (deleted)'),
      hasProc: hasProc(directory, executable),
      isSecure: isSecure(readFileSync(`${directory}/auxv`)),
      environment: parseEnvironment(readFileSync(`${directory}/environ`)),
      workingDirectory: readlinkSync(`${directory}/cwd`),
      mapped: mappedCode(maps),
      rings: mappedRings(maps, innerPid(status, pid)),
      stdout: descriptor(directory, 1),
      stderr: descriptor(directory, 2),
      hasIoUring: hasIoUring(directory),
      noNewPrivileges: /^NoNewPrivs:\s*1$/m.test(status),
      hasSeccompFilter: /^Seccomp:\s*2$/m.test(status),
      mountinfo: readFileSync(`${directory}/mountinfo`, 'utf8'),
    };
  });
}

function read<T>(pid: number, look: () => T): T {
  try {
    return look();
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ESRCH') {
      throw new DiagnosisError(`no process ${pid} runs here. \`ps\` lists those that do.`, 'absent');
    }
    if (code === 'EACCES' || code === 'EPERM') {
      const who = `process ${pid} belongs to user ${statSync(`/proc/${pid}`).uid}, you are user ${process.geteuid?.()}`;
      throw new DiagnosisError(
        `${who}, and may not look at it. Run logtap doctor as root with the right to trace (CAP_SYS_PTRACE), or as that user where the program gained no rights.`,
        'forbidden',
      );
    }
    throw error;
  }
}

/** How a process knows itself. `NSpid:` has a number for each namespace, the innermost last. Kernels before 4.1 have no such line. */
export function innerPid(status: string, pid: number): number {
  return Number(/^NSpid:.*?(\d+)\s*$/m.exec(status)?.[1] ?? pid);
}

function hasProc(directory: string, executable: string): boolean {
  const root = readlinkSync(`${directory}/root`);
  // A program from outside of its root directory went there after its start.
  const wasBornThere = root === '/' || executable.startsWith(`${root}/`);
  return !wasBornThere || existsSync(`${directory}/root/proc/stat`);
}

/** Whether the kernel told the dynamic loader that the program gained rights. Pairs of 64-bit words, ended by a zero. */
export function isSecure(auxv: Buffer): boolean {
  for (let at = 0; at + 16 <= auxv.length; at += 16) {
    const key = auxv.readBigUInt64LE(at);
    if (key === AT_NULL) return false;
    if (key === AT_SECURE) return auxv.readBigUInt64LE(at + 8) !== 0n;
  }
  return false;
}

/** Of a name that is there twice the first counts, as for libc and for the library. */
export function parseEnvironment(bytes: Buffer): Environment {
  const environment = new Map<string, string>();
  for (const entry of bytes.toString('utf8').split('\0')) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(entry) ?? [];
    if (name !== undefined && value !== undefined && !environment.has(name)) environment.set(name, value);
  }
  return environment;
}

/** The dynamic loader leaves a library that it may not execute behind, mapped for reading: that one is not loaded. */
export function mappedCode(maps: string): string[] {
  const paths = [...maps.matchAll(/^\S+ +\S\Sx\S(?: +\S+){3} +(\/.*)$/gm)].map(([, path = '']) => path);
  return [...new Set(paths.map((path) => path.replace(/ \(deleted\)$/, '')))];
}

function descriptor(directory: string, fd: number): Descriptor | undefined {
  const path = `${directory}/fd/${fd}`;
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return { shown: readlinkSync(path), device: dev, inode: ino };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function hasIoUring(directory: string): boolean {
  return readdirSync(`${directory}/fd`).some((fd) => {
    try {
      return readlinkSync(`${directory}/fd/${fd}`) === 'anon_inode:[io_uring]';
    } catch (error) {
      // Closed meanwhile.
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  });
}
