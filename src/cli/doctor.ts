/** `logtap doctor`: reports whether a program can be tapped, with the remedy for each obstacle. */
import { diagnoseProcess } from '../doctor/process.js';
import { diagnoseProgram } from '../doctor/program.js';
import { formatJson, formatText } from '../doctor/report.js';
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

/** Prints the diagnosis and resolves to the exit code of its verdict. */
export async function doctor(args: readonly string[]): Promise<number> {
  const { values, args: programs } = parseCommand(DOCTOR, args);
  const diagnosis = await diagnose(programs[0], values.pid);
  process.stdout.write(FORMATS[values.output](diagnosis));
  return EXIT_OF[verdictOf(diagnosis.findings)];
}

async function diagnose(program: string | undefined, pid: string | undefined): Promise<Diagnosis> {
  try {
    return program === undefined ? await diagnoseProcess(processId(pid ?? '')) : diagnoseProgram(program);
  } catch (error) {
    if (!(error instanceof DiagnosisError)) throw error;
    throw new CommandError(error.message, error.reason === 'absent' ? EXIT.NO_INPUT : EXIT.NO_PERMISSION);
  }
}
