/** Commands about the command line itself. */
import { command, output } from './command.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const COMPLETION = command({
  name: 'completion',
  summary: 'print the completion of a shell',
  synopsis: 'bash|zsh|fish',
  description: 'Prints a script that completes commands, flags and their values.',
  args: [{ name: 'SHELL', isRequired: true, choices: SHELLS, help: 'bash, zsh or fish' }],
  flags: {},
  examples: [
    { purpose: 'In this bash', line: 'source <(logtap completion bash)' },
    { purpose: 'In every zsh, from a directory of $fpath', line: 'logtap completion zsh > _logtap' },
    { purpose: 'In every fish, from ~/.config/fish/completions', line: 'logtap completion fish > logtap.fish' },
  ],
  exitCodes: [
    [0, 'done'],
    [64, 'wrong use'],
  ],
});

export const HELP = command({
  name: 'help',
  summary: 'list the commands, or explain one',
  synopsis: '[COMMAND]',
  description:
    'Lists the commands, or explains one with its flags and examples. `logtap COMMAND --help` does the same.',
  args: [{ name: 'COMMAND', help: 'a command' }],
  flags: {},
  examples: [{ purpose: 'Explain a command', line: 'logtap help run' }],
  exitCodes: [
    [0, 'done'],
    [64, 'wrong use'],
  ],
});

export const VERSION = command({
  name: 'version',
  summary: 'print the version',
  synopsis: '[-o text|json|yaml]',
  description: 'Prints the version of this package. `logtap --version` prints the text.',
  flags: { output: output(['text', 'json', 'yaml'], 'text') },
  examples: [{ purpose: 'For a program', line: 'logtap version -o json' }],
  exitCodes: [
    [0, 'done'],
    [64, 'wrong use'],
  ],
});
