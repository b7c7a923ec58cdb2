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

# Where the word has quotes, compgen finds no file, and readline's own completion follows.
_logtap_files() {
  compopt -o filenames -o default 2> /dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

# A shell finds a command in several places: as a builtin, and in several directories.
_logtap_commands() {
  local word
  local -A seen=()
  compopt -o filenames -o default 2> /dev/null
  while IFS= read -r word; do
    if [[ -z \${seen[:$word]+x} ]]; then seen[:$word]=1 COMPREPLY+=("$word"); fi
  done < <(compgen -c -- "$1"; compgen -f -- "$1")
}

# A program, or the arguments of one, for which files are the best guess.
_logtap_program() {
  if ((COMP_CWORD == $1)); then _logtap_commands "$2"; else _logtap_files -f "$2"; fi
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
      return '_logtap_files -f "$current"';
    case 'directory':
      return '_logtap_files -d "$current"';
    case 'program':
      return '_logtap_commands "$current"';
    case 'anything':
      return ':';
  }
}
