/** The completion for zsh 5: a description of each command for `_arguments`. */
import type { Argument, Command } from '../commands/command.js';
import { brief, type FlagWord, flagWords, quoted, type Values, valuesOf } from './words.js';

export const zshScript = (commands: readonly Command[]) => `#compdef logtap
# zsh completion of logtap: logtap completion zsh > a file named _logtap in a directory of $fpath
_logtap_commands() {
  local -a commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`).join('\n')}
  )
  _describe -t commands command commands
}

_logtap() {
  local context state line
  local -A opt_args
  _arguments -C '(- *)'{-h,--help}'[list the commands]' '(- *)--version[print the version]' '1: :_logtap_commands' '*:: :->words' && return
  case $words[1] in
${commands.map(branch).join('\n')}
  esac
}

if [[ $funcstack[1] == _logtap ]]; then _logtap "$@"; else compdef _logtap logtap; fi
`;

/** `_arguments` leaves a `--` that comes first in the line. */
const PROGRAM = `
    if [[ $state == program ]]; then
      if [[ $words[1] == -- ]]; then shift words; ((CURRENT--)); fi
      _normal
    fi`;

function branch(command: Command): string {
  const { name, args = [], program } = command;
  const rest = name === 'help' ? ["'1: :_logtap_commands'"] : args.map(positional);
  const specs = [
    ...flagWords(command).map(flagSpec),
    ...rest,
    // With -S, what follows `--` is the line of the program.
    ...(program === undefined ? [] : ["'*:: :->program'"]),
  ];
  return `  ${name})\n    _arguments -s ${program === undefined ? '' : '-S '}${specs.join(' \\\n      ')}${program === undefined ? '' : PROGRAM} ;;`;
}

function flagSpec({ word, flag, others }: FlagWord): string {
  const excluded = flag.isRepeatable === true ? '*' : others.length === 0 ? '' : `(${others.join(' ')})`;
  const help = `[${escaped(brief(flag.help))}]`;
  if (flag.value === undefined) return quoted(`${excluded}${word}${help}`);
  const equals = word.startsWith('--') ? '=' : '+';
  return quoted(`${excluded}${word}${equals}${help}:${escaped(flag.value)}:${action(valuesOf(flag))}`);
}

const positional = (arg: Argument, index: number) =>
  quoted(`${arg.isRepeatable === true ? '*' : index + 1}:${escaped(arg.name)}:${action(valuesOf(arg))}`);

/** Inside of a description, these end it. */
const escaped = (text: string) => text.replace(/[[\]:\\]/g, '\\$&');

function action(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `(${values.words.join(' ')})`;
    case 'file':
      return '_files';
    case 'directory':
      return '_files -/';
    case 'program':
      return '_command_names -e';
    case 'anything':
      return ' ';
  }
}
