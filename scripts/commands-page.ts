/** docs/reference/commands.md: each command with its arguments, flags, examples and exit codes. */
import type { Command } from '../src/cli/commands/command.js';
import { GROUPS } from '../src/cli/commands/table.js';
import { flagGroups, sharesTapFlags } from './command-flags.js';

/** Text outside of backticks, with the pages that it names as links. */
const markdown = (text: string) =>
  text
    .replaceAll('*', '\\*')
    .replaceAll('<', '&lt;')
    .replace(/\bdocs\/([\w/-]+\.md)(#[\w-]+)?/g, (_, page: string, anchor = '') => {
      return `[${page.split('/').at(-1)}](../${page}${anchor})`;
    });

const linked = (text: string) =>
  text
    .split('`')
    .map((part, index) => (index % 2 === 1 ? `\`${part}\`` : markdown(part)))
    .join('');

const cell = (text: string) =>
  linked(text)
    .replaceAll('|', '\\|')
    .replace(/ {3}\(/, ' (');
const code = (text: string) => `\`${text.replaceAll('|', '\\|')}\``;

function table(head: readonly [string, string], rows: readonly (readonly [string, string])[]): string[] {
  if (rows.length === 0) return [];
  return [`| ${head.join(' | ')} |`, '|---|---|', ...rows.map((row) => `| ${row.join(' | ')} |`), ''];
}

function section(command: Command): string[] {
  const { name, synopsis, description, examples, exitCodes, note } = command;
  const args = [...(command.args ?? []), ...(command.program === undefined ? [] : [command.program])];
  return [
    `### ${name}`,
    '',
    `\`${`logtap ${name} ${synopsis}`.trimEnd()}\``,
    '',
    linked(description),
    '',
    ...table(
      ['argument', 'meaning'],
      args.map((arg) => [code(arg.name), cell(arg.help)]),
    ),
    ...flagGroups(command).flatMap(({ sink, flags }) =>
      table(
        [sink === undefined ? 'flag' : `flag of the sink \`${sink}\``, 'meaning'],
        flags.map(({ label, help }) => [code(label), cell(help)]),
      ),
    ),
    ...(sharesTapFlags(command)
      ? ['It also has the flags of the tap and of the sinks: see [inject](#inject).', '']
      : []),
    ...(note === undefined ? [] : [linked(note), '']),
    '```sh',
    ...examples.flatMap(({ purpose, line }) => [`# ${purpose}`, line]),
    '```',
    '',
    ...table(
      ['exit code', 'meaning'],
      exitCodes.map(([exit, meaning]) => [String(exit), cell(meaning)]),
    ),
  ];
}

export function commandsPage(): string {
  return [
    '<!-- GENERATED from src/cli/commands by `npm run generate`. Do not edit. -->',
    '# Commands',
    '',
    'Every command of `logtap`, with its arguments, flags, examples and exit codes. `logtap COMMAND --help` and `man logtap` have the same',
    'text. Every command has `-h, --help`. An internal error has the exit code 1.',
    '',
    ...GROUPS.flatMap(({ title, commands }) => [`## ${title}`, '', ...commands.flatMap(section)]),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}
