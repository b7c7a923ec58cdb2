/** Settings that differ by container, or by process: how their records are read, what else is hidden in them, and where they go. */

import { remedyFor } from '../closest.js';
import type { Given, Rule } from '../rule.js';
import { type Setting, setting, type ValueOf } from '../setting.js';
import { type ContainerSinks, containerSinks, SINK_SETTING_NAMES } from './container-sinks.js';
import { EVENT_RULES, EVENT_SETTINGS } from './events.js';
import { FIELD_RULES, FIELD_SETTINGS } from './fields.js';
import { REDACTION_SETTINGS, type RedactionKind } from './redaction.js';

/** How the records of a container or process are read. */
const READING = {
  ...EVENT_SETTINGS,
  fields: FIELD_SETTINGS.fields,
  time: FIELD_SETTINGS.time,
  timeZone: FIELD_SETTINGS.timeZone,
} as const;
const ROWS: readonly (readonly [key: string, setting: Setting<unknown>])[] = Object.entries(READING);
const NAMES = ROWS.map(([, { name }]) => name);
const REDACT = REDACTION_SETTINGS.redact.name;

export type Reading = { readonly [K in keyof typeof READING]: ValueOf<(typeof READING)[K]> };

/** What `LOGTAP_CONTAINER_SETTINGS` says, with parsed values. */
export interface ContainerSettings {
  /** By `CONTAINER`, `CONTAINER/PROCESS` or `/PROCESS`. */
  readonly readings: ReadonlyMap<string, Partial<Reading>>;
  /** By each container with an entry: the kinds that are hidden in its records in addition to those of the default. */
  readonly redact: ReadonlyMap<string, readonly RedactionKind[]>;
  /** By each container whose records have sinks of their own. */
  readonly sinks: ReadonlyMap<string, ContainerSinks>;
}

/** A JSON object by container or process, whose values are objects with the names and texts of settings. */
function containerSettings(text: string): ContainerSettings {
  const readings = new Map<string, Partial<Reading>>();
  const redact = new Map<string, readonly RedactionKind[]>();
  const sinks = new Map<string, ContainerSinks>();
  for (const [key, settings] of Object.entries(objectOf(text))) {
    if (!/^[^/]*(\/[^/]+)?$/.test(key) || key === '') {
      throw new Error(`has the key '${key}', which must be CONTAINER, CONTAINER/PROCESS or /PROCESS. Correct it.`);
    }
    if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
      throw new Error(`must have an object of settings for '${key}', such as {"${EVENT_SETTINGS.events.name}":"off"}.`);
    }
    const isProcess = key.includes('/');
    if (!isProcess) redact.set(key, []);
    const reading: Record<string, unknown> = {};
    const ofSinks = new Map<string, unknown>();
    for (const [name, value] of Object.entries(settings)) {
      const isOfSink = SINK_SETTING_NAMES.includes(name);
      if ((name === REDACT || isOfSink) && isProcess) {
        const because = isOfSink
          ? 'sinks are chosen by container'
          : 'a program that is renamed must not show what is hidden';
        throw new Error(
          `has ${name} for the process '${key}', but ${because}. Give it to the container '${key.slice(0, key.indexOf('/'))}'.`,
        );
      }
      if (isOfSink) ofSinks.set(name, value);
      else if (name === REDACT) redact.set(key, parsed(key, REDACTION_SETTINGS.redact, value));
      else {
        const row = ROWS.find(([, each]) => each.name === name);
        if (row === undefined) {
          const known = [...NAMES, REDACT, ...SINK_SETTING_NAMES];
          const some = `use some of ${[...NAMES, REDACT].join(', ')}, or a setting of a sink`;
          const remedy = remedyFor(name, known, some);
          throw new Error(`has ${name} for '${key}', which is the same for all containers or unknown: ${remedy}.`);
        }
        reading[row[0]] = parsed(key, row[1], value);
      }
    }
    readings.set(key, reading);
    const own = containerSinks(ofSinks, (row, text) => parsed(key, row, text));
    if (own !== undefined) sinks.set(key, own);
  }
  return { readings, redact, sinks };
}

function objectOf(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`must be JSON: ${(error as Error).message}. Correct it.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(
      `must be a JSON object by container, such as {"web":{"${EVENT_SETTINGS.events.name}":"off"}}. Correct it.`,
    );
  }
  return value;
}

function parsed<T>(key: string, row: Setting<T>, value: unknown): T {
  if (typeof value !== 'string') throw new Error(`must have a text for ${row.name} of '${key}'. Put it in quotes.`);
  try {
    return row.parse(value);
  } catch (error) {
    throw new Error(`has ${row.name}='${value}' for '${key}': it ${(error as Error).message}`);
  }
}

/** The keys of settings that hold for a process, from the least to the most specific. Peers choose both names. */
export function keysOf(container: string, process: string): readonly string[] {
  const isContainer = container !== '' && !container.includes('/');
  const isProcess = process !== '' && !process.includes('/');
  return [
    ...(isContainer ? [container] : []),
    ...(isProcess ? [`/${process}`] : []),
    ...(isContainer && isProcess ? [`${container}/${process}`] : []),
  ];
}

/** How the records of a process are read. */
export function readingOf<S extends Partial<Reading>>(
  settings: S,
  { readings }: ContainerSettings,
  container: string,
  process: string,
): S {
  return Object.assign({}, settings, ...keysOf(container, process).map((key) => readings.get(key)));
}

export const CONTAINER_SETTINGS = {
  containerSettings: setting({
    name: 'LOGTAP_CONTAINER_SETTINGS',
    defaultMeaning: 'all containers have the same settings',
    help: `Settings that differ by container or process: a JSON object by \`CONTAINER\`, \`CONTAINER/PROCESS\` or \`/PROCESS\`, such as \`{"web":{"LOGTAP_EVENTS":"off"}}\`. The more specific key decides. Possible settings: ${[...NAMES, REDACT].map((name) => `\`${name}\``).join(', ')}. \`${REDACT}\`, only by container, adds kinds to those of the default. A record of a process that reports no container, or one without an entry, has the kinds of all entries hidden. Only by container, \`LOGTAP_SINK\` and the settings of sinks say where its records go instead, such as \`{"audit":{"LOGTAP_SINK":"cloudwatch"}}\`: a sink with a setting of the container is one of its own, named \`SINK@CONTAINER\`, and an empty text removes a setting.`,
    parse: containerSettings,
  }),
} as const;

const { containerSettings: row } = CONTAINER_SETTINGS;
const { redact, redactPatternsFile, redactWith } = REDACTION_SETTINGS;

/** Rules that say of their first setting that it has no effect, between settings that may differ. */
const EFFECTS = [...EVENT_RULES, ...FIELD_RULES].filter(({ settings }) =>
  settings.every((each) => ROWS.some(([, own]) => own === each)),
);

/** The first entry with a setting that has no effect, together with the settings that the entry inherits. */
function brokenEntry(known: Given): { readonly key: string; readonly rule: Rule } | undefined {
  const { readings = new Map<string, Partial<Reading>>() } = known.read(row) ?? {};
  for (const [key, reading] of readings) {
    const [container = '', process] = key.split('/');
    const chain = process === undefined ? [container] : keysOf(container, process);
    const effective = new Map(chain.flatMap((each) => valuesOf(readings.get(each))));
    const own = new Map(valuesOf(reading));
    const given: Given = {
      isGiven: (setting) => own.has(setting),
      read: (setting) => (effective.has(setting) ? (effective.get(setting) as never) : known.read(setting)),
    };
    const rule = EFFECTS.find((each) => own.has(each.settings[0]!) && each.isBroken(given));
    if (rule !== undefined) return { key, rule };
  }
  return undefined;
}

const valuesOf = (reading: Partial<Reading> = {}): [Setting<unknown>, unknown][] =>
  ROWS.flatMap(([key, each]) => (key in reading ? [[each, reading[key as keyof Reading]]] : []));

export const CONTAINER_RULES: readonly Rule[] = [
  {
    settings: [row],
    isBroken: (known) => brokenEntry(known) !== undefined,
    says: (nameOf, known) => {
      const broken = known && brokenEntry(known);
      if (broken === undefined) return `In ${nameOf(row)}, each entry follows the rules of its settings.`;
      return `${nameOf(row)}, entry '${broken.key}': ${broken.rule.says(({ name }) => name)}`;
    },
  },
  {
    settings: [redactWith, redact, redactPatternsFile, row],
    isBroken: ({ isGiven, read }) =>
      isGiven(redactWith) &&
      !isGiven(redact) &&
      !isGiven(redactPatternsFile) &&
      [...(read(row)?.redact.values() ?? [])].every((kinds) => kinds.length === 0),
    says: (nameOf) =>
      `${nameOf(redactWith)} has no effect without ${nameOf(redact)} or ${nameOf(redactPatternsFile)}. Set one of them, or remove the first.`,
  },
];
