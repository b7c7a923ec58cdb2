/** `logtap doctor`: reports whether a program can be tapped, with the remedy for each obstacle. */
import { diagnoseProcess } from '../doctor/process.js';
import { diagnoseProgram } from '../doctor/program.js';
import { formatJson, formatText } from '../doctor/report.js';
import { type Diagnosis, DiagnosisError, type Verdict, verdictOf } from '../doctor/verdict.js';
import { parseFlags } from './parse-flags.js';
import { CommandError, EXIT, UsageError } from './usage.js';

const USAGE = `Usage: logtap doctor [-o text|json] PROGRAM | --pid N

Reports whether a program or a running process can be tapped: each observation, its effect and its remedy.

  PROGRAM                a path, or a name to find in PATH; for a script, its interpreter
  --pid N                a running process, also of another container if its processes are visible here
  -o, --output FORMAT    text or json   (default: text)
  -h, --help

Exit codes: 0 can be tapped, 2 can be tapped in part, 3 cannot be tapped, 64 wrong use, 66 no such program or process,
77 no permission to read it.
`;

const EXIT_OF: Readonly<Record<Verdict, number>> = {
  'can be tapped': EXIT.OK,
  'can be tapped in part': EXIT.IN_PART,
  'cannot be tapped': EXIT.CANNOT,
};

const OPTIONS = {
  pid: { type: 'string' },
  output: { type: 'string', short: 'o', default: 'text' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const FORMATS: Readonly<Record<string, (diagnosis: Diagnosis) => string>> = { text: formatText, json: formatJson };

function processId(text: string): number {
  const pid = Number(text);
  if (!/^\d+$/.test(text) || pid < 1 || pid > 2 ** 31 - 1) {
    throw new UsageError(`--pid takes a process id, but got '${text}'. Example: logtap doctor --pid 1`);
  }
  return pid;
}

/** Prints the diagnosis and resolves to the exit code of its verdict. */
export async function doctor(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, OPTIONS, USAGE);
  if (values.help) {
    process.stdout.write(USAGE);
    return EXIT.OK;
  }
  const format = Object.hasOwn(FORMATS, values.output) ? FORMATS[values.output] : undefined;
  if (format === undefined) throw new UsageError(`-o takes text or json, but got '${values.output}'.`);
  const subjects = positionals.length + (values.pid === undefined ? 0 : 1);
  if (subjects !== 1) throw new UsageError(`doctor takes one PROGRAM or --pid N, but got ${subjects}.\n\n${USAGE}`);
  const diagnosis = await diagnose(positionals[0], values.pid);
  process.stdout.write(format(diagnosis));
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
