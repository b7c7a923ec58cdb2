/** Diagnoses a program before it runs: finds it as a shell does, follows `#!`, and reads the file that the kernel starts. */
import { accessSync, constants, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Elf, ElfError, isElf } from './elf.js';
import { codeOf, readElfFile, readStart, statOf } from './file.js';
import { libcOf, linkageFindings, sanitizerFindings } from './linkage.js';
import { currentUser, privilegeFindings } from './privileges.js';
import { type Diagnosis, DiagnosisError, type Diagnostic } from './verdict.js';

/** The kernel reads this much of a `#!` line. */
export const SCRIPT_LINE_BYTES = 256;
/** The kernel follows at most this many scripts that start scripts. */
export const SCRIPTS_MAX = 5;
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const MACHINES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** This machine's architecture as ELF files name it. */
export const thisMachine = MACHINES[process.arch] ?? process.arch;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The file that a shell would start.
 *
 * @throws DiagnosisError if there is none
 */
function findProgram(name: string, path = process.env.PATH ?? SYSTEM_PATH): string {
  if (name.includes('/')) {
    const stat = statOfProgram(name);
    if (stat === undefined) {
      throw new DiagnosisError(
        `there is no file ${name}. Give the path of a program, or a name to find in PATH.`,
        'absent',
      );
    }
    return name;
  }
  const candidates = path.split(delimiter).map((directory) => join(directory === '' ? '.' : directory, name));
  const files = candidates.filter((candidate) => isFile(candidate));
  const found = files.find(isExecutable) ?? files[0];
  if (name === '' || found === undefined) {
    throw new DiagnosisError(
      `there is no program '${name}' in PATH (${path}). Give its path, such as ./${name || 'app'}.`,
      'absent',
    );
  }
  return found;
}

function isFile(path: string): boolean {
  try {
    return statOf(path)?.isFile() === true;
  } catch {
    return false;
  }
}

function statOfProgram(path: string) {
  try {
    return statOf(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): DiagnosisError {
  const code = codeOf(error);
  if (code === 'EACCES' || code === 'EPERM') {
    const user = process.geteuid?.();
    return new DiagnosisError(
      `user ${user} has no permission to read ${path}. Run logtap doctor as its owner or as root.`,
      'forbidden',
    );
  }
  return new DiagnosisError(`cannot read ${path}: ${(error as Error).message}`, 'absent');
}

/** The interpreter and its argument after `#!`, or undefined if the file does not start with it. */
export function scriptInterpreter(start: Uint8Array): readonly string[] | undefined {
  const text = Buffer.from(start).toString('latin1');
  if (!text.startsWith('#!')) return undefined;
  const [line = ''] = text.slice(2, SCRIPT_LINE_BYTES).split('\n');
  const [, interpreter = '', argument = ''] = /^[ \t]*([^ \t]*)[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
  return argument === '' ? [interpreter] : [interpreter, argument];
}

/** `#!/usr/bin/env python3` starts python3, and env passes LD_PRELOAD on. A name without a slash is searched in PATH. */
export function throughEnv([interpreter = '', argument = '']: readonly string[]): string {
  if (!/(^|\/)env$/.test(interpreter)) return interpreter.includes('/') ? interpreter : `./${interpreter}`;
  const words = argument.replace(/^-S\s*|^--split-string=/, '').split(/\s+/);
  return words.find((word) => word !== '' && !word.startsWith('-') && !word.includes('=')) ?? interpreter;
}

interface Start {
  /** The files from the program itself to the one that the kernel starts. */
  readonly chain: readonly string[];
  readonly findings: readonly Diagnostic[];
}

/** Follows scripts to the program that the kernel finally starts. */
function follow(path: string): Start {
  const chain = [path];
  for (let at = path; ; ) {
    const stat = statOfProgram(at);
    if (stat?.isFile() !== true) {
      const kind = stat?.isDirectory() ? 'a directory' : 'not a regular file';
      throw new DiagnosisError(`${at} is ${kind}, not a program. Name the file that is started.`, 'absent');
    }
    const line = scriptInterpreter(readProgram(at, () => readStart(at, SCRIPT_LINE_BYTES)));
    if (line === undefined) return { chain, findings: [] };
    if (chain.length > SCRIPTS_MAX) {
      return { chain, findings: [broken(`${path} leads through more than ${SCRIPTS_MAX} scripts`)] };
    }
    const named = throughEnv(line);
    const next = findInterpreter(named);
    if (next === undefined) {
      const shown = JSON.stringify(named);
      return { chain, findings: [broken(`${at} names the interpreter ${shown} after #!, and there is no such file`)] };
    }
    chain.push(next);
    at = next;
  }
}

function findInterpreter(name: string): string | undefined {
  try {
    return findProgram(name);
  } catch (error) {
    if (error instanceof DiagnosisError && error.reason === 'absent') return undefined;
    throw error;
  }
}

function broken(seen: string): Diagnostic {
  return {
    weight: 'blocks',
    seen,
    why: 'The kernel does not run it.',
    remedy: 'Correct its first line: `#!`, the path of an interpreter, a plain line feed.',
  };
}

function readProgram<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ElfError) throw error;
    throw unreadable(path, error);
  }
}

/** The findings on one file that is not a script. */
function fileDiagnosis(path: string): Pick<Diagnosis, 'facts' | 'findings'> {
  const start = readProgram(path, () => readStart(path, 4));
  if (!isElf(start)) {
    return {
      facts: {},
      findings: [
        {
          weight: 'blocks',
          seen: start.length === 0 ? 'an empty file' : 'neither an ELF file nor a script that starts with #!',
          why: 'The kernel does not run it. A shell may read it as a script.',
          remedy: 'Name the program itself, or the interpreter that reads this file.',
        },
      ],
    };
  }
  try {
    const elf = readProgram(path, () => readElfFile(path));
    return {
      facts: elfFacts(elf),
      findings: [
        ...linkageFindings(elf, thisMachine),
        ...sanitizerFindings(elf, process.env.ASAN_OPTIONS),
        ...loaderFindings(elf),
      ],
    };
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    return { facts: {}, findings: [malformed(error)] };
  }
}

/** The finding about an ELF file that the loader cannot use. */
export function malformed(error: ElfError): Diagnostic {
  return {
    weight: 'blocks',
    seen: `a damaged ELF file: ${error.message}`,
    why: 'Neither the kernel nor the dynamic loader can use it.',
    remedy: 'Compare it with the file it was copied from.',
  };
}

export function elfFacts(elf: Elf): Record<string, string> {
  const { form, machine, interpreter } = elf;
  return {
    architecture: form === '64-bit little-endian' ? machine : `${machine}, ${form}`,
    ...(interpreter === undefined ? {} : { libc: `${libcOf(elf)} (${interpreter})` }),
  };
}

function loaderFindings({ interpreter, machine }: Elf): Diagnostic[] {
  // The loader of another architecture is in another root directory.
  if (interpreter === undefined || machine !== thisMachine || isFile(interpreter)) return [];
  return [
    {
      weight: 'blocks',
      seen: `its dynamic loader ${interpreter} does not exist here`,
      why: 'The program cannot start. The usual cause is a program for glibc in an image with musl, or the reverse.',
      remedy: 'Run the doctor where the program runs, or use a build for the libc of this system.',
    },
  ];
}

/** @throws DiagnosisError if there is no such program, or if it cannot be read */
export function diagnoseProgram(name: string): Diagnosis {
  const path = findProgram(name);
  const { chain, findings } = follow(path);
  const facts: Record<string, string> = chain.length > 1 ? { 'started by': chain.slice(1).join(' -> ') } : {};
  if (findings.length > 0) return { subject: path, facts, findings };
  const started = realpathSync(chain.at(-1) ?? path);
  const file = fileDiagnosis(started);
  return {
    subject: path,
    facts: { ...facts, ...file.facts },
    findings: [
      ...chain.filter((link) => !isExecutable(link)).map(notExecutable),
      ...file.findings,
      ...rightsGained(started),
    ],
  };
}

function rightsGained(path: string): Diagnostic[] {
  const stat = statOf(path);
  return stat === undefined ? [] : privilegeFindings(path, stat, currentUser());
}

function notExecutable(path: string): Diagnostic {
  const mode = ((statOf(path)?.mode ?? 0) & 0o7777).toString(8).padStart(4, '0');
  return {
    weight: 'blocks',
    seen: `you have no permission to execute ${path} (mode ${mode})`,
    why: 'The kernel does not run it.',
    remedy: `chmod +x ${path}, or mount its file system without noexec.`,
  };
}
