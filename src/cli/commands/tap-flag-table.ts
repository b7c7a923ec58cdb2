/** The flags of the commands that inject: one per property, and those for a file and for any other property. */
import { type PropertyType, propertiesOf } from '../../constructs/props/property-type.js';
import type { Flag, Flags, GivenValues } from './command.js';
import { ALIASES, type PropertyFlag, SINK_FLAGS, SINKS, sinkFlags, TAP_FLAGS } from './property-flags.js';

const GENERAL = {
  sink: {
    value: 'NAME',
    choices: [...SINKS.keys()],
    help: "the service. Its flags: --sink NAME --help. Several sinks: 'sink: { all: [...] }' in a logtap.yaml",
  },
  config: {
    value: 'FILE',
    completes: 'file',
    help: 'a logtap.yaml with any properties of the constructs. Flags override it',
  },
  'pod-template': {
    value: 'KIND=POINTER',
    isRepeatable: true,
    help: 'a pod template in objects of another kind, such as example.com/v1/Fleet=/spec/groups/*/template',
  },
  set: {
    value: 'PATH=VALUE',
    isRepeatable: true,
    help: 'any property, such as shipper.settings.LOGTAP_RING_POOL=8 or perContainer.web.streams=none',
  },
} as const;

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

function described({ name, type, help, sinks }: PropertyFlag): Flag {
  const names = [...SINKS].filter(([, factory]) => sinks.includes(factory)).map(([sink]) => sink);
  const aliases = [...ALIASES].filter(([, of]) => of === name).map(([alias]) => alias);
  return {
    ...(type.kind === 'boolean' ? { isNegatable: true } : { value: placeholder(type), isRepeatable: true }),
    ...(aliases.length === 0 ? {} : { aliases }),
    ...(sinks.length === 0
      ? {}
      : { sinks: names, sinkHelp: Object.fromEntries(names.map((sink) => [sink, helpFor(sink, name)])) }),
    help: briefHelp(type, help),
  };
}

function helpFor(sink: string, name: string): string {
  const flag = sinkFlags(SINKS.get(sink)!).find((each) => each.name === name)!;
  return briefHelp(flag.type, flag.help);
}

/** The first sentence, and the default. */
function briefHelp(type: PropertyType, help: string): string {
  const [text = '', absent] = help.split(' Default: ');
  const [first = ''] = text.split(/(?<=[^ ]\.) (?=[A-Z])/);
  return absent === undefined ? first : `${first} Default: ${defaultOf(type, absent)}.`;
}

const properties: Flags = Object.fromEntries([...TAP_FLAGS, ...SINK_FLAGS].map((flag) => [flag.name, described(flag)]));

/** The types of the flags of properties follow from no literal: `tapProps` reads them by name. */
export const TAP_FLAG_TABLE: typeof GENERAL = { ...GENERAL, ...properties };

/** The flags without which the sink of the command line is incomplete. A file can have any of them. */
export function missingTapFlags(values: GivenValues): string[] {
  if (values.config !== undefined || values.set !== undefined) return [];
  const ofSinks = SINK_FLAGS.filter(({ name }) => values[name] !== undefined);
  if (values.sink === undefined && ofSinks.length === 0) return ['sink'];
  // A flag of one sink names the sink.
  const [implied] = ofSinks.flatMap(({ sinks }) => (sinks.length === 1 ? sinks : []));
  const factory = values.sink === undefined ? implied : SINKS.get(String(values.sink));
  const type = factory === undefined ? undefined : propertiesOf('Sink').get(factory)?.type;
  if (factory === undefined || type?.kind !== 'struct') return [];
  const properties = propertiesOf(type.struct);
  return sinkFlags(factory)
    .filter(({ name, property }) => properties.get(property)?.isRequired === true && values[name] === undefined)
    .map(({ name }) => name);
}
