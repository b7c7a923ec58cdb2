/**
 * `logtap run -- CMD ARGS`: runs a tapped program on this machine, with its own shipper.
 *
 * The shipper starts first, because it must listen before the first byte is written, and stops last, after it has drained. The
 * program keeps this terminal, its signals and its exit code.
 */
import { accessSync, chmodSync, mkdtempSync, constants as modes, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SOCKET_NAME } from '../../contract.js';
import { diagnoseProgram } from '../../doctor/program.js';
import { DiagnosisError, verdictOf } from '../../doctor/verdict.js';
import { libraryFile } from '../package-files.js';
import { loadTry } from '../try/load.js';
import { CommandError, EXIT } from '../usage.js';
import { parseRun, type RunOptions } from './options.js';
import { startProgram } from './program.js';
import { plainReport, type Report } from './report.js';
import { Screen } from './screen/screen.js';
import { runShipped } from './shipped.js';

/** Warns if lines of the program will be missing. The program still runs. */
function warnWhereUntapped(command: string, report: Report): void {
  try {
    const { findings } = diagnoseProgram(command);
    const verdict = verdictOf(findings);
    const weight = verdict === 'cannot be tapped' ? 'blocks' : 'limits';
    const reason = findings.find((finding) => finding.weight === weight);
    if (reason === undefined) return;
    report.say(`'${command}' ${verdict}: ${reason.seen}. \`logtap doctor ${command}\` prints the remedy.`, 'warn');
  } catch (error) {
    // The system itself rejects a missing or unreadable program.
    if (!(error instanceof DiagnosisError)) throw error;
  }
}

/** A directory in memory for the rings, or the one for temporary files if the machine has none. */
function memoryDirectory(): string {
  const memory = '/dev/shm';
  try {
    accessSync(memory, modes.W_OK);
    return memory;
  } catch {
    return tmpdir();
  }
}

/** Runs the program with a recorder in the place of a shipper. */
async function runRecorded(options: RunOptions, directory: string, tape: string): Promise<number> {
  const socket = join(directory, SOCKET_NAME);
  const recorder = await loadTry()
    .recordTape(tape, socket)
    .catch((error: Error) => {
      throw new CommandError(
        `cannot record to '${tape}': ${error.message}. Give a file that can be written`,
        EXIT.CANNOT_CREATE,
      );
    });
  try {
    return (await startProgram(options, `socket:${socket}`).exit).code;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => recorder.stop());
    await recorder.close();
  }
}

/** Resolves when the shipper has drained, with the program's exit code, or 128 + n if signal n ended it. */
export async function run(args: readonly string[]): Promise<number> {
  const options = parseRun(args);
  // Before anything starts: the package may not have one for this machine.
  libraryFile();
  const screen = options.isText ? new Screen(options) : undefined;
  warnWhereUntapped(options.command, screen ?? plainReport);
  const directory = mkdtempSync(join(memoryDirectory(), 'logtap-'));
  // The program may change its user.
  chmodSync(directory, 0o755);
  let isLeft = false;
  try {
    if (options.record !== undefined) return await runRecorded(options, directory, options.record);
    const { code, isDrained } = await runShipped(options, directory, screen);
    isLeft = !isDrained;
    return code;
  } finally {
    screen?.end();
    if (!isLeft) rmSync(directory, { recursive: true, force: true });
  }
}
