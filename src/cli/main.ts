/** Runs the command, prints its error and sets the exit code. */
import { ACTS } from './acts.js';
import { helpOf, overview } from './command-line/help.js';
import { commandNamed, help, printVersion } from './self.js';
import { write } from './streams.js';
import { CommandError, EXIT, UsageError } from './usage.js';

/** The value of --sink, whose flags the help then lists. */
function sinkOf(args: readonly string[]): string | undefined {
  const at = args.findIndex((arg) => /^--sink(=|$)/.test(arg));
  return at < 0 ? undefined : args[at]!.includes('=') ? args[at]!.slice('--sink='.length) : args[at + 1];
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined) throw new UsageError(`no command given.\n\n${overview()}`);
  if (name === '--help' || name === '-h') return help([], process);
  if (name === '--version' || name === '-V') return printVersion([], process);
  const command = commandNamed(name);
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  if (own.includes('--help') || own.includes('-h')) {
    await write(process.stdout, helpOf(command, sinkOf(own)));
    return EXIT.OK;
  }
  const act = await ACTS[command.name]!();
  return act(args, process);
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`logtap: ${error.message}\n`);
    return EXIT.USAGE;
  }
  if (error instanceof CommandError) {
    process.stderr.write(`logtap: ${error.message}\n`);
    return error.exitCode;
  }
  if ((error as NodeJS.ErrnoException)?.code === 'EPIPE') return EXIT.CLOSED_PIPE;
  process.stderr.write(`logtap: internal error: ${(error as Error).stack ?? error}\n`);
  return EXIT.INTERNAL;
}

main(process.argv.slice(2))
  .catch(report)
  .then((code) => {
    process.exitCode = code;
  });
