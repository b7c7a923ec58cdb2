/** `logtap help` and `logtap version`. */
import { closest } from '../catalog/closest.js';
import { helpOf, overview } from './command-line/help.js';
import { parseCommand } from './command-line/parse-command.js';
import type { Command } from './commands/command.js';
import { HELP, VERSION } from './commands/self.js';
import { COMMANDS } from './commands/table.js';
import { type CommandStreams, write } from './streams.js';
import { EXIT, UsageError } from './usage.js';
import { version } from './version.js';

export async function help(args: readonly string[], io: CommandStreams): Promise<number> {
  const [name] = parseCommand(HELP, args).args;
  await write(io.stdout, name === undefined ? overview() : helpOf(commandNamed(name), undefined));
  return EXIT.OK;
}

export async function printVersion(args: readonly string[], io: CommandStreams): Promise<number> {
  const format = parseCommand(VERSION, args).values.output;
  const text =
    format === 'text' ? `${version()}\n` : (await import('./structured.js')).structured(format, { version: version() });
  await write(io.stdout, text);
  return EXIT.OK;
}

/** @throws UsageError with the closest name */
export function commandNamed(name: string): Command {
  const found = COMMANDS.get(name);
  if (found !== undefined) return found;
  const nearest = closest(name, COMMANDS.keys());
  const problem = `no command named '${name}'`;
  throw new UsageError(
    nearest === undefined ? `${problem}.\n\n${overview()}` : `${problem}. Did you mean '${nearest}'?`,
  );
}
