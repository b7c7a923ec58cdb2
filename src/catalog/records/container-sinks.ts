/** Sinks that differ by container: where its records go, and the settings that its own sinks have. */
import type { Setting } from '../setting.js';
import { CLOUDWATCH_SETTINGS } from '../sinks/cloudwatch.js';
import { type KnownSink, SINK_CHOICE, SINKS, type SinkName } from '../sinks/index.js';

const { awsRegion } = CLOUDWATCH_SETTINGS;
const CHOICE = SINK_CHOICE.sinks.name;

/** What an entry says of sinks. */
export interface ContainerSinks {
  /** Absent: those of the pod. */
  readonly sinks?: readonly SinkName[];
  /** Values by setting: for a removed one its default, or undefined. */
  readonly values: ReadonlyMap<Setting<unknown>, unknown>;
  readonly removed: ReadonlySet<Setting<unknown>>;
}

interface Row {
  /** In `Settings`. */
  readonly key: string;
  readonly row: Setting<unknown>;
  /** The sinks that read it. */
  readonly kinds: readonly KnownSink[];
}

/** Sinks that need a region, and those that need one for signed requests. */
const OF_REGION: readonly KnownSink[] = [
  ...(Object.keys(SINKS) as KnownSink[]).filter((kind) => SINKS[kind].needed.some(([row]) => row === awsRegion)),
  'opensearch',
  'otlp',
];

const ROWS: readonly Row[] = Object.entries(SINKS).flatMap(([kind, { settings }]) =>
  Object.entries<Setting<unknown>>(settings).map(([key, row]) => ({
    key,
    row,
    kinds: row === awsRegion ? OF_REGION : [kind as KnownSink],
  })),
);

/** Names of the settings of sinks that an entry of a container may have. */
export const SINK_SETTING_NAMES: readonly string[] = [CHOICE, ...ROWS.map(({ row }) => row.name)];

/**
 * The part of an entry that is about sinks. An empty text removes what holds for the pod.
 *
 * @param parse throws with the setting and its value
 */
export function containerSinks(
  texts: ReadonlyMap<string, unknown>,
  parse: <T>(row: Setting<T>, text: unknown) => T,
): ContainerSinks | undefined {
  if (texts.size === 0) return undefined;
  const values = new Map<Setting<unknown>, unknown>();
  const removed = new Set<Setting<unknown>>();
  for (const { row } of ROWS) {
    const text = texts.get(row.name);
    if (text === undefined) continue;
    if (text === '') removed.add(row);
    const given = text === '' ? row.default : text;
    values.set(row, given === undefined ? undefined : parse(row, given));
  }
  const chosen = texts.get(CHOICE);
  return { ...(chosen !== undefined && { sinks: parse(SINK_CHOICE.sinks, chosen) }), values, removed };
}

/** Settings that no sink of the container reads. */
export const idleSettings = ({ values }: ContainerSinks, sinks: readonly string[]): readonly Setting<unknown>[] =>
  [...values.keys()].filter((row) => !ROWS.some((each) => each.row === row && isReadBy(each, sinks)));

const isReadBy = ({ kinds }: Row, sinks: readonly string[]) => kinds.some((kind) => sinks.includes(kind));

/** A sink that the shipper opens. */
export interface NamedSink<S> {
  /** That of its kind, or `KIND@CONTAINER` for one with settings of a container. */
  readonly name: string;
  readonly kind: SinkName;
  readonly settings: S;
  /** Whether it gets the records of a container. Absent where it gets all. */
  readonly isFor?: (container: string) => boolean;
}

interface Chosen {
  readonly sinks: readonly SinkName[];
  readonly containerSettings?: { readonly sinks: ReadonlyMap<string, ContainerSinks> } | undefined;
}

/** The sinks of the pod, then those that only containers have. A container whose entry names none has those of the pod. */
export function namedSinks<S extends Chosen>(settings: S): readonly NamedSink<S>[] {
  const entries = [...(settings.containerSettings?.sinks ?? [])];
  if (entries.length === 0) return settings.sinks.map((kind) => ({ name: kind, kind, settings }));
  /** Containers with an entry, by the shared sinks that they go to. */
  const shared = new Map<SinkName, Set<string>>(settings.sinks.map((kind) => [kind, new Set()]));
  const own: NamedSink<S>[] = [];
  for (const [container, entry] of entries) {
    for (const kind of entry.sinks ?? settings.sinks) {
      const values = ROWS.filter((each) => entry.values.has(each.row) && isReadBy(each, [kind]));
      if (values.length === 0) {
        shared.set(kind, (shared.get(kind) ?? new Set()).add(container));
        continue;
      }
      const differing = Object.fromEntries(values.map(({ key, row }) => [key, entry.values.get(row)]));
      own.push({
        name: `${kind}@${container}`,
        kind,
        settings: { ...settings, ...differing },
        isFor: (name) => name === container,
      });
    }
  }
  const withEntry = new Set(entries.map(([container]) => container));
  const others = [...shared].map(([kind, containers]): NamedSink<S> => {
    const isOfPod = settings.sinks.includes(kind);
    return {
      ...{ name: kind, kind, settings },
      isFor: (name) => (withEntry.has(name) ? containers.has(name) : isOfPod),
    };
  });
  return [...others, ...own];
}
