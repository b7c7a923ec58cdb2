/**
 * The programs of a directory, such as an image's file system, and what can be captured of each. Nothing in it is run. Symbolic
 * links are resolved inside the root, and are not walked into, so that a tree with circles ends.
 */
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { type Elf, ElfError, isElf } from '../elf.js';
import { codeOf, pathInRoot, readElfFile, readStart, statOf } from '../file.js';
import { capabilitiesBelow } from '../file-capabilities.js';
import { libcOf, linkageFindings, sanitizerFindings } from '../linkage.js';
import { malformed, SCRIPT_LINE_BYTES, SCRIPTS_MAX, SYSTEM_PATH, scriptInterpreter, throughEnv } from '../program.js';
import { DiagnosisError, type Diagnostic, type Verdict, verdictOf } from '../verdict.js';

export interface RootProgram {
  /** Inside the root. */
  readonly path: string;
  /** Such as `glibc`, `musl`, `static`, `script`. */
  readonly kind: string;
  /** Of a script: the interpreters from the first to the one that the kernel starts. */
  readonly startedBy: readonly string[];
  readonly findings: readonly Diagnostic[];
  readonly verdict: Verdict;
}

export interface RootReport {
  readonly root: string;
  readonly programs: readonly RootProgram[];
  /** Files and directories that this user may not read, or that cannot be read. */
  readonly unreadable: readonly string[];
  /** Why not all of the tree was looked at. */
  readonly limit?: string;
}

export interface RootLimits {
  /** Files and directories. @default a million */
  readonly entries?: number;
  /** @default 20,000 */
  readonly programs?: number;
}

/** Mount points of the kernel's own file systems, which have no programs and no end. */
const KERNELS: ReadonlySet<string> = new Set(['proc', 'sys', 'dev']);

/**
 * @param root a directory that absolute paths and links are resolved in
 * @param start the directory in it to look through
 * @throws DiagnosisError if it is no directory, or may not be read
 */
export function diagnoseRoot(root: string, start = '/', limits: RootLimits = {}): RootReport {
  const top = resolve(join(root, start));
  let names: string[];
  try {
    names = readdirSync(top);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EACCES' || code === 'EPERM') {
      throw new DiagnosisError(
        `user ${process.geteuid?.()} may not read ${top}. Run logtap doctor as root.`,
        'forbidden',
      );
    }
    const what = code === 'ENOTDIR' ? 'is no directory' : 'does not exist';
    throw new DiagnosisError(
      `${top} ${what}. Give a directory, such as an unpacked image: logtap doctor --root DIR`,
      'absent',
    );
  }
  return new Walk(root, limits).report(top, names);
}

class Walk {
  readonly #root: string;
  readonly #limits: Required<RootLimits>;
  readonly #programs: RootProgram[] = [];
  readonly #unreadable: string[] = [];
  /** Files that have more than one name. */
  readonly #seen = new Set<string>();
  #entries = 0;

  constructor(root: string, { entries = 1_000_000, programs = 20_000 }: RootLimits) {
    this.#root = root;
    this.#limits = { entries, programs };
  }

  report(top: string, names: readonly string[]): RootReport {
    const capabilities = capabilitiesBelow(top);
    const todo = [...names]
      .sort()
      .reverse()
      .map((name) => join(top, name));
    const isRoot = this.#inside(top) === '/';
    let limit: string | undefined;
    while (todo.length > 0) {
      const path = todo.pop()!;
      this.#entries += 1;
      limit = this.#limit();
      if (limit !== undefined) break;
      const stat = this.#try(path, () => lstatSync(path));
      if (stat?.isDirectory() && !(isRoot && KERNELS.has(relative(top, path)))) {
        const below = this.#try(path, () => readdirSync(path)) ?? [];
        for (const name of below.sort().reverse()) todo.push(join(path, name));
      } else if (stat?.isFile() && (stat.mode & 0o111) !== 0) this.#file(path, stat, capabilities);
    }
    return {
      root: top,
      programs: this.#programs,
      unreadable: this.#unreadable,
      ...(limit !== undefined && { limit }),
    };
  }

  #limit(): string | undefined {
    if (this.#entries > this.#limits.entries) return `only the first ${this.#limits.entries} files were looked at`;
    if (this.#programs.length >= this.#limits.programs)
      return `only the first ${this.#limits.programs} programs are listed`;
    return undefined;
  }

  #file(path: string, stat: Stats, capabilities: ReadonlyMap<string, string> | undefined): void {
    if (stat.nlink > 1) {
      const key = `${stat.dev}:${stat.ino}`;
      if (this.#seen.has(key)) return;
      this.#seen.add(key);
    }
    const form = this.#try(path, () => formOf(this.#root, path));
    if (form === undefined || form === 'no program') return;
    const findings = [...form.findings, ...gainedRights(stat, capabilities?.get(path))];
    this.#programs.push({ ...form, path: this.#inside(path), findings, verdict: verdictOf(findings) });
  }

  #inside(path: string): string {
    return `/${relative(this.#root, path)}`;
  }

  /** `undefined` for what cannot be read, whose name is kept. */
  #try<T>(path: string, look: () => T): T | undefined {
    try {
      return look();
    } catch (error) {
      // Removed meanwhile.
      if (codeOf(error) !== 'ENOENT') this.#unreadable.push(this.#inside(path));
      return undefined;
    }
  }
}

type Form = Pick<RootProgram, 'kind' | 'startedBy' | 'findings'>;

/** Of an executable file. A library, a file without a form that the kernel knows and an empty one are no programs. */
function formOf(root: string, path: string): Form | 'no program' {
  const start = readStart(path, SCRIPT_LINE_BYTES);
  if (scriptInterpreter(start) !== undefined) return scriptForm(root, path);
  return isElf(start) ? elfForm(root, path) : 'no program';
}

function elfForm(root: string, path: string): Form | 'no program' {
  try {
    const elf = readElfFile(path);
    // Libraries are often executable. A static program that could be one has another name.
    const isLibrary = elf.interpreter === undefined && !elf.isPie && elf.type !== 'executable';
    if (elf.type === 'other' || (isLibrary && /\.so(\.|$)/.test(path))) return 'no program';
    return {
      kind: kindOf(elf),
      startedBy: [],
      // It runs where machines are as it needs them.
      findings: [...linkageFindings(elf, elf.machine), ...sanitizerFindings(elf), ...loaderFindings(root, elf)],
    };
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    return { kind: 'damaged', startedBy: [], findings: [malformed(error)] };
  }
}

function kindOf(elf: Elf): string {
  const libc = libcOf(elf);
  const linked = libc === 'none' ? (elf.interpreter === undefined ? 'static' : 'no libc') : libc;
  return elf.isGo ? `${linked}, Go` : linked;
}

function loaderFindings(root: string, { interpreter }: Elf): Diagnostic[] {
  if (interpreter === undefined || isFileIn(root, interpreter)) return [];
  return [
    {
      weight: 'blocks',
      seen: `its dynamic loader ${interpreter} does not exist here`,
      why: 'The program cannot start. The usual cause is a program for glibc in an image with musl, or the reverse.',
      remedy: 'Use a build for the libc of this image, or give --root the directory that has its loader.',
    },
  ];
}

function isFileIn(root: string, path: string): boolean {
  try {
    return statOf(pathInRoot(root, path))?.isFile() === true;
  } catch {
    return false;
  }
}

/** Follows a script to the program that the kernel finally starts. */
function scriptForm(root: string, path: string): Form {
  const startedBy: string[] = [];
  const broken = (seen: string): Form => ({
    ...{ kind: 'script', startedBy },
    findings: [
      {
        ...{ weight: 'blocks', seen, why: 'The kernel does not run it.' },
        remedy: 'Correct its first line: `#!`, the path of an interpreter, a plain line feed.',
      },
    ],
  });
  for (let at = path; ; ) {
    const line = scriptInterpreter(readStart(at, SCRIPT_LINE_BYTES));
    if (line === undefined) {
      const form = isElf(readStart(at, 4)) ? elfForm(root, at) : 'no program';
      if (form === 'no program') return broken(`its interpreter ${startedBy.at(-1)} is no program`);
      return { kind: 'script', startedBy, findings: form.findings };
    }
    if (startedBy.length >= SCRIPTS_MAX) return broken(`it leads through more than ${SCRIPTS_MAX} scripts`);
    const named = throughEnv(line);
    const found = candidatesOf(named).find((candidate) => isFileIn(root, candidate));
    if (found === undefined)
      return broken(`it names the interpreter ${JSON.stringify(named)} after #!, and there is no such file`);
    startedBy.push(found);
    at = pathInRoot(root, found);
  }
}

const candidatesOf = (name: string): readonly string[] =>
  name.startsWith('/') ? [name] : SYSTEM_PATH.split(':').map((directory) => `${directory}/${name}`);

/** The image does not say who starts it. */
function gainedRights({ mode, uid, gid }: Stats, capabilities: string | undefined): Diagnostic[] {
  const gains = [
    ...((mode & 0o4000) !== 0 ? [`set-user-ID, user ${uid}`] : []),
    // The kernel takes a set-group-ID bit without the group's right to execute for a lock mark.
    ...((mode & 0o2010) === 0o2010 ? [`set-group-ID, group ${gid}`] : []),
    ...(capabilities === undefined ? [] : [`file capabilities ${capabilities}`]),
  ];
  return gains.map((seen) => ({
    weight: 'blocks',
    seen,
    why: 'A program that gains rights when it starts ignores LD_PRELOAD (AT_SECURE).',
    remedy:
      'Start it with the rights that it needs, or without gaining them: in Kubernetes `allowPrivilegeEscalation: false`.',
  }));
}
