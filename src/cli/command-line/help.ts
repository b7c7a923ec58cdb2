/** The help of a command, and the list of all. */
import { remedyFor } from '../../catalog/closest.js';
import type { Command, Flag } from '../commands/command.js';
import { COMMANDS, GROUPS } from '../commands/table.js';
import { UsageError } from '../usage.js';

const COLUMN = 34;
const WIDTH = 120;

/** The list of commands. */
export function overview(): string {
  const width = Math.max(...[...COMMANDS.keys()].map((name) => name.length)) + 4;
  const groups = GROUPS.flatMap(({ title, commands }) => [
    `${title}:`,
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
  ]);
  return [
    'Usage: logtap COMMAND',
    '',
    ...groups,
    '`logtap help COMMAND` explains a command, with examples. `logtap --version` prints the version.',
    '',
  ].join('\n');
}

/** @param sink the help then lists the flags of this value of --sink as well */
export function helpOf(command: Command, sink: string | undefined): string {
  const { name, synopsis, description, examples, exitCodes, note } = command;
  const args = [...(command.args ?? []), ...(command.program === undefined ? [] : [command.program])];
  return [
    `Usage: logtap ${name} ${synopsis}`.trimEnd(),
    '',
    ...wrapped(description, WIDTH),
    '',
    ...args.flatMap((arg) => row(arg.name, arg.help)),
    ...flagRows(command, sink),
    ...row('-h, --help', 'this text'),
    '',
    ...(note === undefined ? [] : [...wrapped(note, WIDTH), '']),
    'Examples:',
    ...examples.flatMap(({ purpose, line }) => [`  # ${purpose}`, `  ${line}`]),
    '',
    ...wrapped(`Exit codes: ${exitCodes.map(([code, meaning]) => `${code} ${meaning}`).join(', ')}.`, WIDTH),
    '',
  ].join('\n');
}

function flagRows({ flags }: Command, sink: string | undefined): string[] {
  const all = Object.entries(flags);
  const sinks = flags.sink?.choices;
  if (sinks !== undefined && sink !== undefined && !sinks.includes(sink))
    throw new UsageError(
      `--sink (${sink}) must be one of ${sinks.join(', ')}: ${remedyFor(sink, sinks, 'correct it')}`,
    );
  const ofSink = all.filter(([, flag]) => sink !== undefined && flag.sinks?.includes(sink) === true);
  return [
    ...all.filter(([, flag]) => flag.sinks === undefined).flatMap(([name, flag]) => flagRow(name, flag)),
    ...(ofSink.length === 0 ? [] : ['', `  Flags of the sink ${sink}:`]),
    ...ofSink.flatMap(([name, flag]) => flagRow(name, { ...flag, help: flag.sinkHelp?.[sink!] ?? flag.help })),
  ];
}

function flagRow(name: string, flag: Flag): string[] {
  return row(flagLabel(name, flag), flagHelp(flag));
}

/** `-o, --output FORMAT`, or `--[no-]suppress`. */
export function flagLabel(name: string, { short, value, isNegatable }: Flag): string {
  const letter = short === undefined ? '' : `-${short}, `;
  return `${letter}--${isNegatable === true ? '[no-]' : ''}${name}${value === undefined ? '' : ` ${value}`}`;
}

/** Its help with its values, its default and its other spellings. */
export function flagHelp({ help, value, choices, aliases = [], ...flag }: Flag): string {
  const notes = [
    choices === undefined || value?.includes('|') === true ? '' : choices.join(', '),
    flag.default ? `default: ${flag.default}` : '',
    flag.isRequired === true ? 'required' : '',
    aliases.length === 0 ? '' : `also ${aliases.map((alias) => `--${alias}`).join(', ')}`,
  ].filter(Boolean);
  return notes.length === 0 ? help : `${help.replace(/\.$/, '')}   (${notes.join('; ')})`;
}

export function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last !== '' && last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = lines.length === 1 && last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

/** A name and its help next to it, wrapped. */
function row(name: string, help: string): string[] {
  const lines = wrapped(help, WIDTH - COLUMN);
  const start = `  ${name}`;
  const left = start.length < COLUMN ? [start.padEnd(COLUMN) + lines.shift()!] : [start];
  return [...left, ...lines.map((line) => ' '.repeat(COLUMN) + line)];
}
