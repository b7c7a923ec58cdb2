/** `logtap completion SHELL`: a script that completes the command line. It starts no process at a Tab: all is in the script. */
import { parseCommand } from '../command-line/parse-command.js';
import { COMPLETION, type SHELLS } from '../commands/self.js';
import { GROUPS } from '../commands/table.js';
import { type CommandStreams, write } from '../streams.js';
import { EXIT } from '../usage.js';
import { bashScript } from './bash.js';
import { fishScript } from './fish.js';
import { zshScript } from './zsh.js';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };

export async function completion(args: readonly string[], io: CommandStreams): Promise<number> {
  const [shell] = parseCommand(COMPLETION, args).args as [(typeof SHELLS)[number]];
  await write(io.stdout, SCRIPTS[shell](GROUPS.flatMap(({ commands }) => commands)));
  return EXIT.OK;
}
