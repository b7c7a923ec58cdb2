/** Annotations of a workload that configure its tap, so that the manifest carries the configuration. */
import { remedyFor } from '../../catalog/closest.js';
import { ruleTexts } from '../../catalog/values/record-rules.js';
import { mustHaveProperties } from '../props/known-properties.js';
import { must } from '../props/must.js';
import { mustBeFiles, type TapOptions, TapStreams } from '../props/tap-options.js';
import type { ContainerOptions } from '../records/container-options.js';
import type { EventMode } from '../records/event-options.js';
import { RecordTime } from '../records/field-options.js';
import { type RecordOptions, resolveRecords } from '../records/record-options.js';
import type { RedactionKind } from '../records/redaction-options.js';

export const DOMAIN = 'logtap.dev';
/** Records on the pod template the fields that injection replaced. Its presence marks the template as injected. */
export const ORIGINAL_ANNOTATION = `${DOMAIN}/original`;
/** Changes with the settings, so that pods are replaced even if the change appears nowhere else in the template. */
export const CONFIG_HASH_ANNOTATION = `${DOMAIN}/config-hash`;

/** On the pod template: whether injection may change it. */
export const INJECT = `${DOMAIN}/inject`;
export const INJECT_DISABLED = 'disabled';
export const CONTAINERS = `${DOMAIN}/containers`;
export const EXCLUDE_CONTAINERS = `${DOMAIN}/exclude-containers`;
/** Options of the pod, or of one container with the prefix `CONTAINER.`. */
export const OPTIONS = ['file', 'streams'] as const;

/** Options of the records of the pod, or of one container, each with its reader. A reader throws an Error with the cause. */
const READINGS: Readonly<Record<string, (value: string) => ContainerOptions & RecordOptions>> = {
  events: (value) => {
    const [, pattern] = /^pattern:(.+)$/s.exec(value) ?? [];
    const events = pattern === undefined ? { mode: value as EventMode } : { pattern };
    mustHaveProperties('EventOptions', events, 'events');
    resolveRecords({ events });
    return { events };
  },
  fields: (value) => {
    must(value === 'auto' || value === 'off', 'fields', value, 'be auto or off: correct it');
    return { fields: { fromText: value === 'auto' } };
  },
  time: (value) => {
    const fields = { time: value as RecordTime };
    mustHaveProperties('FieldReading', fields, 'fields');
    return { fields };
  },
  'time-zone': (value) => {
    resolveRecords({ fields: { time: RecordTime.TEXT, timeZone: value } });
    return { fields: { timeZone: value } };
  },
  redact: (value) => {
    const redact = { kinds: value.split(',').map((kind) => kind.trim() as RedactionKind) };
    mustHaveProperties('Redaction', redact, 'redact');
    return { redact };
  },
};

/** Options of the records of the pod. */
const RECORDS: Readonly<Record<string, (value: string) => RecordOptions>> = {
  ...READINGS,
  rules: (value) => {
    const options = { rules: ruleTexts(value) };
    resolveRecords(options);
    return options;
  },
};

const KNOWN: readonly string[] = [
  INJECT,
  CONTAINERS,
  EXCLUDE_CONTAINERS,
  ...[...OPTIONS, ...Object.keys(RECORDS)].map((name) => `${DOMAIN}/${name}`),
];

/** On the pod template, with the prefix `CONTAINER.`: those of the pod's sinks that the records of the container go to. */
const SINK = 'sink';
const CONTAINER_OPTIONS = [...OPTIONS, ...Object.keys(READINGS), SINK];
const KNOWN_NAMES = KNOWN.map((key) => key.slice(DOMAIN.length + 1));

/** The parsed annotations of a workload. */
export interface PodAnnotations {
  /** Whether they forbid the injection. */
  readonly isDisabled: boolean;
  readonly containers?: string[];
  readonly excludeContainers?: string[];
  /** For every container. */
  readonly options: TapOptions;
  /** For the records of the pod. */
  readonly records: RecordOptions;
  /** Per container; these override the properties. */
  readonly perContainer: ReadonlyMap<string, ContainerOptions>;
  /** Names of sinks of the pod, per container. */
  readonly sinks: ReadonlyMap<string, readonly string[]>;
  /** Problems in the annotations. Each names the annotation, the value, the rule and the remedy. */
  readonly problems: readonly { readonly message: string; readonly remedy: string }[];
}

interface Metadata {
  readonly annotations?: Readonly<Record<string, unknown>> | null;
  readonly labels?: unknown;
}

/**
 * Reads the annotations of a workload, of a job template and of the pod template, in this order. The level nearest to the
 * pod wins. An invalid annotation becomes a problem, never an exception.
 */
export function readAnnotations(levels: readonly Metadata[]): PodAnnotations {
  const annotations: Record<string, unknown> = Object.assign({}, ...levels.map((level) => level.annotations ?? {}));
  const problems: { message: string; remedy: string }[] = [];
  if (levels.some(({ labels }) => Object.hasOwn(Object(labels), INJECT))) {
    problems.push({ message: `'${INJECT}' must be an annotation, not a label`, remedy: 'move it to the annotations' });
  }
  const perContainer = new Map<string, ContainerOptions>();
  const sinks = new Map<string, readonly string[]>();
  let options: TapOptions = {};
  let records: RecordOptions = {};
  let isDisabled = false;
  const lists: { containers?: string[]; excludeContainers?: string[] } = {};

  for (const [key, value] of Object.entries(annotations)) {
    const slash = key.indexOf('/');
    const prefix = key.slice(0, slash);
    if (slash < 0 || (prefix !== DOMAIN && !prefix.endsWith(`.${DOMAIN}`))) continue;
    if (key === ORIGINAL_ANNOTATION || key === CONFIG_HASH_ANNOTATION) continue;
    const refuse = (rule: string, remedy: string) => {
      problems.push({ message: `the annotation '${key}' (${JSON.stringify(value)}) must ${rule}`, remedy });
    };
    const container = prefix === DOMAIN ? undefined : prefix.slice(0, -DOMAIN.length - 1);
    const name = key.slice(slash + 1);
    const isOption = OPTIONS.some((option) => option === name);
    if (typeof value !== 'string') refuse('be a string', 'put it in quotes');
    else if (isOption) {
      const option = name === 'file' ? file(value, refuse) : streams(value, refuse);
      if (container === undefined) options = { ...options, ...option };
      else perContainer.set(container, { ...perContainer.get(container), ...option });
    } else if (Object.hasOwn(container === undefined ? RECORDS : READINGS, name)) {
      try {
        if (container === undefined) records = withFields(records, RECORDS[name]!(value));
        else perContainer.set(container, withFields(perContainer.get(container) ?? {}, READINGS[name]!(value)));
      } catch (error) {
        refuse(`follow the rules of the property '${name}'`, (error as Error).message);
      }
    } else if (container !== undefined && name === SINK) {
      const names = value.split(',').map((item) => item.trim());
      if (names.includes('')) refuse('be names of sinks, separated by commas', 'correct it, or leave it out');
      else sinks.set(container, names);
    } else if (container !== undefined) {
      const known = CONTAINER_OPTIONS.map((option) => `${container}.${DOMAIN}/${option}`);
      refuse('be an option of a single container', remedyFor(name, CONTAINER_OPTIONS, `use ${known.join(' or ')}`));
    } else if (key === INJECT) {
      if (value !== 'enabled' && value !== INJECT_DISABLED)
        refuse('be enabled or disabled', 'correct it, or leave it out');
      isDisabled = value === INJECT_DISABLED;
    } else if (key === CONTAINERS || key === EXCLUDE_CONTAINERS) {
      const names = value.split(',').map((item) => item.trim());
      if (names.includes('')) refuse('be names of containers, separated by commas', 'correct it, or leave it out');
      else lists[key === CONTAINERS ? 'containers' : 'excludeContainers'] = names;
    } else refuse(`be one of ${KNOWN.join(', ')}`, remedyFor(name, KNOWN_NAMES, 'correct its name, or leave it out'));
  }
  return { isDisabled, ...lists, options, records, perContainer, sinks, problems };
}

/** Several annotations set fields. */
const withFields = <T extends ContainerOptions | RecordOptions>(before: T, option: T): T => ({
  ...before,
  ...option,
  ...(option.fields && { fields: { ...before.fields, ...option.fields } }),
});

type Refuse = (rule: string, remedy: string) => void;

function file(value: string, refuse: Refuse): TapOptions {
  try {
    mustBeFiles('file', value);
    return { file: value };
  } catch {
    refuse("be absolute paths and patterns of files, separated by ':'", "start each with '/'");
    return {};
  }
}

function streams(value: string, refuse: Refuse): TapOptions {
  const names = value.split(',').map((item) => item.trim());
  const known = Object.values(TapStreams);
  const [first] = names;
  if (names.length === 2 && names.includes(TapStreams.STDOUT) && names.includes(TapStreams.STDERR)) {
    return { streams: TapStreams.BOTH };
  }
  const only = known.find((item) => item === first);
  if (names.length === 1 && only !== undefined) return { streams: only };
  refuse('be stdout, stderr, both or none', remedyFor(value, known, 'use one of them'));
  return {};
}
