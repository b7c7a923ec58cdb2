/** `logtap doctor`: reports whether a program can be tapped, with the remedy for each obstacle. */
import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { diagnoseProcess } from '../doctor/process.js';
import { diagnoseProgram } from '../doctor/program.js';
import { formatJson, formatText } from '../doctor/report.js';
import { diagnoseRoot, type RootReport } from '../doctor/root/programs.js';
import { formatRoot, rootVerdict } from '../doctor/root/report.js';
import { type Diagnosis, DiagnosisError, type Verdict, verdictOf } from '../doctor/verdict.js';
import { parseCommand } from './command-line/parse-command.js';
import { DOCTOR } from './commands/local.js';
import { structured } from './structured.js';
import { CommandError, EXIT, UsageError } from './usage.js';

const EXIT_OF: Readonly<Record<Verdict, number>> = {
  'can be tapped': EXIT.OK,
  'can be tapped in part': EXIT.IN_PART,
  'cannot be tapped': EXIT.CANNOT,
};

const FORMATS = {
  text: formatText,
  json: formatJson,
  yaml: (diagnosis: Diagnosis) => structured('yaml', JSON.parse(formatJson(diagnosis))),
} as const;

function processId(text: string): number {
  const pid = Number(text);
  if (!/^\d+$/.test(text) || pid < 1 || pid > 2 ** 31 - 1) {
    throw new UsageError(`--pid takes a process id, but got '${text}'. Example: logtap doctor --pid 1`);
  }
  return pid;
}

const ROOT_FORMATS = {
  text: formatRoot,
  json: (report: RootReport) => structured('json', { ...report, verdict: rootVerdict(report) }),
  yaml: (report: RootReport) => structured('yaml', { ...report, verdict: rootVerdict(report) }),
} as const;

/** Prints the diagnosis and resolves to the exit code of its verdict. */
export async function doctor(args: readonly string[]): Promise<number> {
  const { values, args: programs } = parseCommand(DOCTOR, args);
  const directory = directoryOf(programs[0], values.root);
  if (directory !== undefined) {
    const report = await told(() => diagnoseRoot(directory.root, directory.start));
    if (report.programs.length === 0) throw noPrograms(report);
    process.stdout.write(ROOT_FORMATS[values.output](report));
    return EXIT_OF[rootVerdict(report)];
  }
  const diagnosis = await told(() =>
    programs[0] === undefined ? diagnoseProcess(processId(values.pid ?? '')) : diagnoseProgram(programs[0]),
  );
  process.stdout.write(FORMATS[values.output](diagnosis));
  return EXIT_OF[verdictOf(diagnosis.findings)];
}

/** A directory to look through, and the root that paths in it refer to. */
function directoryOf(program: string | undefined, root: string | undefined) {
  if (root !== undefined) return { root: resolve(root), start: '/' };
  // A bare name is looked for in PATH.
  if (program === undefined || !/\/|^\.\.?$/.test(program)) return undefined;
  try {
    // A link is the user's own: its end is looked through.
    const start = realpathSync(program);
    return statSync(start).isDirectory() ? { root: '/', start } : undefined;
  } catch {
    // The diagnosis of a program says why.
    return undefined;
  }
}

function noPrograms({ root, unreadable }: RootReport): CommandError {
  return unreadable.length === 0
    ? new CommandError(
        `there is no program in ${root}: no executable file that is ELF or begins with #!`,
        EXIT.NO_INPUT,
      )
    : new CommandError(
        `no program in ${root} can be read, and ${unreadable.length} files or directories cannot, such as ${unreadable[0]}. Run logtap doctor as root.`,
        EXIT.NO_PERMISSION,
      );
}

/** Gives errors of the diagnosis their exit codes. */
async function told<T>(diagnose: () => T | Promise<T>): Promise<T> {
  try {
    return await diagnose();
  } catch (error) {
    if (!(error instanceof DiagnosisError)) throw error;
    throw new CommandError(error.message, error.reason === 'absent' ? EXIT.NO_INPUT : EXIT.NO_PERMISSION);
  }
}
