/** The completion for bash 4.4 and newer. It needs no package: neither bash-completion nor a process at a Tab. */
import type { Command } from '../commands/command.js';
import { flagWords, quoted, type Values, valuesOf } from './words.js';

export const bashScript = (
  commands: readonly Command[],
) => `# bash completion of logtap: source <(logtap completion bash)
_logtap() {
  local IFS=$' \\t\\n' current command flag previous word
  local -i at own
  local -a words=()
  COMPREPLY=()
  # bash divides --flag=value into three words.
  for ((at = 1; at <= COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    if [[ $word == = && \${#words[@]} -gt 0 && \${words[-1]} == --* ]]; then continue; fi
    words+=("$word")
  done
  current=\${words[-1]:-}
  [[ \${COMP_WORDS[COMP_CWORD]} == = ]] && current= && words+=('')
  if ((\${#words[@]} < 2)); then
    COMPREPLY=($(compgen -W ${quoted([...commands.map(({ name }) => name), '--help', '--version'].join(' '))} -- "$current"))
    return
  fi
  command=\${words[0]} previous=\${words[-2]}
  for ((at = 1; at < \${#words[@]} - 1; at++)); do
    if [[ \${words[at]} == -- ]]; then
      own=$((COMP_CWORD - \${#words[@]} + at + 2))
      _logtap_program "$own" "$current"
      return
    fi
  done
  case $command in
${commands.map(branch).join('')}  help) COMPREPLY=($(compgen -W ${quoted(commands.map(({ name }) => name).join(' '))} -- "$current")) ;;
  esac
}

# A program, or the arguments of one, for which files are the best guess.
_logtap_program() {
  compopt -o filenames
  if ((COMP_CWORD == $1)); then
    mapfile -t COMPREPLY < <(compgen -c -- "$2"; compgen -f -- "$2")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$2")
  fi
}

complete -F _logtap logtap
`;

/** The branch of a command: the value of its flag, its flags, or its arguments. */
function branch(command: Command): string {
  if (command.name === 'help') return '';
  const words = flagWords(command);
  const valued = words.filter(({ flag }) => flag.value !== undefined);
  const [arg] = command.args ?? [];
  return [
    `  ${command.name})`,
    ...(valued.length === 0
      ? []
      : [
          '    case $previous in',
          ...valued.map(({ word, flag }) => `    ${word}) ${reply(valuesOf(flag))}; return ;;`),
          '    esac',
        ]),
    `    if [[ $current == -* ]]; then ${reply({ kind: 'words', words: words.map(({ word }) => word) })}`,
    `    else ${reply(arg === undefined ? { kind: 'anything' } : valuesOf(arg))}; fi ;;`,
    '',
  ].join('\n');
}

function reply(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `COMPREPLY=($(compgen -W ${quoted(values.words.join(' '))} -- "$current"))`;
    case 'file':
      return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current")';
    case 'directory':
      return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current")';
    case 'program':
      return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -c -- "$current"; compgen -f -- "$current")';
    case 'anything':
      return ':';
  }
}
