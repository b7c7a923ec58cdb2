/**
 * The flags that set properties. They follow from the table of properties: a flag for each text, number, switch, list and key of
 * a Secret of the tap, of the shipper and of each sink. Their help is the comment of the property.
 */
import { type PropertyType, propertiesOf, type Struct } from '../../constructs/props/property-type.js';
import schema from '../config-schema.json';

/** A property that flags set. */
export interface PropertyFlag {
  /** Such as `log-group`. A switch also has `no-NAME`. */
  readonly name: string;
  readonly type: PropertyType;
  /** Path of the property; of a sink, below the sink. */
  readonly property: string;
  /** Factories of the sinks that have the property; none of other properties. */
  readonly sinks: readonly string[];
  readonly help: string;
}

/** Factories of the sinks with flags, by their names on the command line. A list of sinks needs a file. */
export const SINKS: ReadonlyMap<string, string> = new Map(
  [...propertiesOf('Sink').keys()].filter((factory) => factory !== 'all').map((name) => [name.toLowerCase(), name]),
);

/** Other names of flags. */
export const ALIASES: ReadonlyMap<string, string> = new Map([
  ['tap-file', 'file'],
  ['suppress', 'suppress-streams'],
]);

/** `memoryLimitMiB` as `memory-limit-mib`. */
const flagName = (property: string) =>
  property.replace(/MiB$/, 'Mib').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Whether a flag can express a value of the type. */
const isFlat = (type: PropertyType): boolean =>
  type.kind === 'struct' ? type.struct === 'SecretKey' : type.kind === 'list' ? isFlat(type.of) : type.kind !== 'map';

interface Described {
  readonly properties: Readonly<Record<string, { readonly description?: string }>>;
}

function flagsOf(struct: Struct, prefix: string, sinks: readonly string[]): PropertyFlag[] {
  const { properties }: Described = struct === 'LogTapProps' ? schema : schema.$defs[struct];
  return [...propertiesOf(struct)]
    .filter(([, { type }]) => isFlat(type))
    .map(([property, { type }]) => ({
      name: flagName(property),
      type,
      property: `${prefix}${property}`,
      sinks,
      help: properties[property]?.description ?? '',
    }));
}

/** Flags of the tap and of the shipper. */
export const TAP_FLAGS: readonly PropertyFlag[] = [
  ...flagsOf('LogTapProps', '', []),
  ...flagsOf('ShipperOptions', 'shipper.', []),
];

/** Flags of one sink, by its factory. */
export function sinkFlags(factory: string): readonly PropertyFlag[] {
  const type = propertiesOf('Sink').get(factory)?.type;
  return type?.kind === 'struct' ? flagsOf(type.struct, '', [factory]) : [];
}

/** Flags of the sinks. One flag serves the sinks that have a property of its name. */
export const SINK_FLAGS: readonly PropertyFlag[] = [
  ...[...SINKS.values()]
    .flatMap(sinkFlags)
    .reduce((flags, flag) => {
      const sinks = [...(flags.get(flag.name)?.sinks ?? []), ...flag.sinks];
      return flags.set(flag.name, { ...flag, sinks });
    }, new Map<string, PropertyFlag>())
    .values(),
];
