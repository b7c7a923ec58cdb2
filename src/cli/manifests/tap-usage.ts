/** The help on the flags of the commands that inject. */
import { remedyFor } from '../../catalog/closest.js';
import type { PropertyType } from '../../constructs/props/property-type.js';
import { UsageError } from '../usage.js';
import { ALIASES, type Flag, SINKS, sinkFlags, TAP_FLAGS } from './flag-table.js';

const COLUMN = 34;
const WIDTH = 120;

const GENERAL: readonly (readonly [string, string])[] = [
  [
    '--sink NAME',
    `${[...SINKS.keys()].join(', ')}. Its flags: --sink NAME --help. Several sinks: 'sink: { all: [...] }' in a logtap.yaml.`,
  ],
  ['--config FILE', 'A logtap.yaml with any properties of the constructs. Flags override it.'],
  ['--set PATH=VALUE', 'Any property, such as shipper.settings.LOGTAP_RING_POOL=8 or perContainer.web.streams=none.'],
];

/** @param sink a name on the command line; the help then lists its flags as well */
export function tapUsage(sink: string | undefined): string {
  const factory = sink === undefined ? undefined : SINKS.get(sink);
  if (sink !== undefined && factory === undefined) {
    throw new UsageError(
      `--sink (${sink}) must be one of ${[...SINKS.keys()].join(', ')}: ${remedyFor(sink, SINKS.keys(), 'correct it')}`,
    );
  }
  return [
    ...GENERAL.flatMap(([flag, help]) => row(flag, help)),
    ...(factory === undefined ? [] : ['', `  Flags of the sink ${sink}:`, ...sinkFlags(factory).flatMap(flagRow)]),
    '',
    '  Flags of the tap and of the shipper:',
    ...TAP_FLAGS.flatMap(flagRow),
    '',
  ].join('\n');
}

function flagRow({ name, type, help }: Flag): string[] {
  const flag = type.kind === 'boolean' ? `--[no-]${name}` : `--${name} ${placeholder(type)}`;
  const aliases = [...ALIASES].filter(([, of]) => of === name).map(([alias]) => ` Also --${alias}.`);
  const [text = '', absent] = help.split(' Default: ');
  const [first] = text.split(/(?<=[^ ]\.) (?=[A-Z])/);
  return row(flag, `${first}${aliases.join('')}${absent === undefined ? '' : ` Default: ${defaultOf(type, absent)}.`}`);
}

/** `TapStreams.BOTH` as `both`. */
function defaultOf(type: PropertyType, text: string): string {
  if (type.kind !== 'choice') return text;
  const member = text.split('.').at(-1)!.replaceAll('_', '-').toLowerCase();
  return type.values.find((value) => value.toLowerCase() === member) ?? text;
}

function placeholder(type: PropertyType): string {
  if (type.kind === 'choice') return type.values.join('|');
  if (type.kind === 'struct') return 'SECRET/KEY';
  return { string: 'TEXT', number: 'N', list: 'LIST' }[type.kind as string] ?? '';
}

/** A flag and its help beside it, wrapped. */
function row(flag: string, help: string): string[] {
  const lines = [''];
  for (const word of help.split(' ')) {
    const last = lines.at(-1)!;
    if (last !== '' && COLUMN + last.length + word.length + 1 > WIDTH) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  const start = `  ${flag}`;
  const left = start.length < COLUMN ? [start.padEnd(COLUMN) + lines.shift()!] : [start];
  return [...left, ...lines.map((line) => ' '.repeat(COLUMN) + line)];
}
