/** man/logtap.1: the manual page, in the macros of man(7). */
import type { Command, Example } from '../src/cli/commands/command.js';
import { GROUPS } from '../src/cli/commands/table.js';
import { flagGroups, sharesTapFlags } from './command-flags.js';

/** Text for roff: a hyphen stays one, and no line begins a request. */
const plain = (text: string) =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('’', '\\(cq')
    .replaceAll('…', '...')
    .replace(/^([.'])/gm, '\\&$1');

const bold = (text: string) => `\\fB${plain(text)}\\fR`;

/** Text in which backticks set a word apart. */
const prose = (text: string) =>
  text
    .split('`')
    .map((part, index) => (index % 2 === 1 ? bold(part) : plain(part)))
    .join('');

/** `-o, --output FORMAT`: names in bold, the value in italics. */
function label(text: string): string {
  const [, names = '', value] = /^((?:-\w, )?\S+)(?: (.*))?$/.exec(text) ?? [];
  return value === undefined ? bold(names) : `${bold(names)} \\fI${plain(value)}\\fR`;
}

const item = (term: string, text: string) => ['.TP', term, prose(text.replace(/ {3}\(/, ' ('))];

const example = ({ purpose, line }: Example) => [
  '.PP',
  `${prose(purpose)}:`,
  '.PP',
  '.EX',
  `    ${plain(line)}`,
  '.EE',
];

function section(command: Command): string[] {
  const { name, synopsis, description, examples, exitCodes, note } = command;
  const args = [...(command.args ?? []), ...(command.program === undefined ? [] : [command.program])];
  return [
    `.SS ${plain(name)}`,
    `${bold(`logtap ${name}`)} ${plain(synopsis)}`.trimEnd(),
    '.PP',
    prose(description),
    ...args.flatMap((arg) => item(`\\fI${plain(arg.name)}\\fR`, arg.help)),
    ...flagGroups(command).flatMap(({ sink, flags }) => [
      ...(sink === undefined ? [] : ['.PP', `Flags of the sink ${bold(sink)}:`]),
      ...flags.flatMap((flag) => item(label(flag.label), flag.help)),
    ]),
    ...(sharesTapFlags(command)
      ? ['.PP', `It also has the flags of the tap and of the sinks: see ${bold('inject')}.`]
      : []),
    ...(note === undefined ? [] : ['.PP', prose(note)]),
    ...examples.flatMap(example),
    '.PP',
    'Exit codes:',
    ...exitCodes.flatMap(([code, meaning]) => item(bold(String(code)), meaning)),
  ];
}

const VARIABLES: readonly (readonly [string, string])[] = [
  ['LOGTAP_*', 'settings of the shipper: docs/reference/settings.md'],
  ['LLT_*', 'settings of the library: docs/reference/contract.md'],
  ['NO_COLOR, FORCE_COLOR', 'no colours, or colours, with `--color auto`'],
  ['KUBECONFIG', 'the cluster, the namespace and the user, as of kubectl'],
];

/** @param version of the package */
export function manPage(version: string): string {
  return `${[
    '.\\" GENERATED from src/cli/commands by `npm run generate`. Do not edit.',
    `.TH LOGTAP 1 "" "cdk8s\\-logtap ${plain(version)}" "User Commands"`,
    '.SH NAME',
    'logtap \\- ship the logs of applications that cannot be modified',
    '.SH SYNOPSIS',
    `${bold('logtap')} \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]`,
    '.SH DESCRIPTION',
    'A preloaded library copies each line that a program writes, and a shipper delivers it to the sinks.',
    'Every line is delivered, or counted with a reason.',
    `Every command has ${bold('-h')} and ${bold('--help')}.`,
    ...GROUPS.flatMap(({ title, commands }) => [`.SH ${plain(title.toUpperCase())}`, ...commands.flatMap(section)]),
    '.SH ENVIRONMENT',
    ...VARIABLES.flatMap(([name, text]) => item(bold(name), text)),
    '.SH FILES',
    'The documentation is in the directory of the package:',
    ...item(bold('docs/README.md'), 'the list of pages'),
    ...item(bold('docs/reference/commands.md'), 'this page, with links'),
    ...item(bold('docs/guides/runbook.md'), 'logs do not arrive: symptoms, causes and remedies'),
  ].join('\n')}\n`;
}
