/** The completion for fish 3. */
import type { Command, Flag } from '../commands/command.js';
import { brief, quoted, type Values, valuesOf } from './words.js';

const NO_COMMAND = "-n '__fish_use_subcommand'";

export const fishScript = (
  commands: readonly Command[],
) => `# fish completion of logtap: logtap completion fish > ~/.config/fish/completions/logtap.fish
complete -c logtap -f
complete -c logtap ${NO_COMMAND} -l help -s h -d 'list the commands'
complete -c logtap ${NO_COMMAND} -l version -d 'print the version'
${commands.map((command) => commandLines(command, commands)).join('')}`;

function commandLines(command: Command, commands: readonly Command[]): string {
  const { name, summary, args = [], flags } = command;
  const inside = `-n '__fish_seen_subcommand_from ${name}; and not contains -- -- (commandline -opc)'`;
  const [arg] = args;
  const values: Values =
    name === 'help'
      ? { kind: 'words', words: commands.map((each) => each.name) }
      : arg === undefined
        ? { kind: 'anything' }
        : valuesOf(arg);
  const flagLines = Object.entries<Flag>({ ...flags, help: { short: 'h', help: 'show the help' } }).flatMap(
    ([long, flag]) => {
      const letter = flag.short === undefined ? '' : ` -s ${flag.short}`;
      const value = flag.value === undefined ? '' : ` -x${fishValues(valuesOf(flag))}`;
      const line = (spelling: string) =>
        `complete -c logtap ${inside} -l ${spelling}${letter}${value} -d ${quoted(brief(flag.help))}`;
      return flag.isNegatable === true ? [line(long), line(`no-${long}`)] : [line(long)];
    },
  );
  return [
    `complete -c logtap ${NO_COMMAND} -a ${name} -d ${quoted(summary)}`,
    ...flagLines,
    ...(values.kind === 'anything' ? [] : [`complete -c logtap ${inside}${fishValues(values)}`]),
    ...(command.program === undefined
      ? []
      : [
          `complete -c logtap -n '__fish_seen_subcommand_from ${name}; and contains -- -- (commandline -opc)' -a '(__fish_complete_subcommand --commandline (string match -r -- " -- (.*)" (commandline -cp))[2])'`,
        ]),
    '',
  ].join('\n');
}

function fishValues(values: Values): string {
  switch (values.kind) {
    case 'words':
      return ` -a ${quoted(values.words.join(' '))}`;
    case 'file':
      return " -a '(__fish_complete_path (commandline -ct))'";
    case 'directory':
      return " -a '(__fish_complete_directories (commandline -ct))'";
    case 'program':
      return " -a '(__fish_complete_command)'";
    case 'anything':
      return '';
  }
}
