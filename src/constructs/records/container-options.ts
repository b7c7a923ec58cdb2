/** Options of one container: its tapped outputs, how its records are read, where they go, and further kinds of secrets to hide. */
import { CONTAINER_SETTINGS } from '../../catalog/records/container-settings.js';
import { must } from '../props/must.js';
import { type TapOptions, tapOptions } from '../props/tap-options.js';
import { type Binding, bindSettings } from '../sinks/bind.js';
import type { PodSinks } from '../sinks/by-container.js';
import type { Sink } from '../sinks/sink.js';
import { type EventOptions, eventBindings } from './event-options.js';
import { type ExpectedBill, expectedOfContainer } from './expected-bill.js';
import { type FieldReading, fieldBindings } from './field-options.js';
import { type AddedRedaction, redactionBindings } from './redaction-options.js';

/** How the records of one container or process are read. */
export interface ReadingOptions {
  /**
   * Lines that become one record.
   *
   * @default - as in the whole pod
   */
  readonly events?: EventOptions;

  /**
   * Fields and times that the shipper reads from the text of records.
   *
   * @default - as in the whole pod
   */
  readonly fields?: FieldReading;
}

/** Options of one container. */
export interface ContainerOptions extends TapOptions, ReadingOptions {
  /**
   * Secrets that the shipper hides in the records of this container, in addition to those of the whole pod. They are also hidden
   * in the records of a process that does not report the name of a tapped container.
   *
   * @default - those of the whole pod
   */
  readonly redact?: AddedRedaction;

  /**
   * Where the records of this container go, instead of to the sink of the pod. Records of a process that does not report the name of
   * the container go to the sink of the pod.
   *
   * @default - the sink of the pod
   */
  readonly sink?: Sink;

  /**
   * What the records of this container are expected to cost in CloudWatch Logs, in addition to the `bill` of the pod. Needs a `sink`
   * with another log group than the pod's.
   *
   * @default - no estimate
   */
  readonly bill?: ExpectedBill;

  /**
   * Options of single processes of the container, by the name of the process, such as `java`.
   *
   * @default - those of the container
   */
  readonly processes?: { readonly [process: string]: ReadingOptions };
}

/** Only the `ContainerOptions` of a struct, without absent ones. */
export function containerOptions(options: ContainerOptions): ContainerOptions {
  const { events, fields, redact, sink, bill, processes } = options;
  return {
    ...tapOptions(options),
    ...(events !== undefined && { events }),
    ...(fields !== undefined && { fields }),
    ...(redact !== undefined && { redact }),
    ...(sink !== undefined && { sink }),
    ...(bill !== undefined && { bill }),
    ...(processes !== undefined && { processes }),
  };
}

/** An annotation chooses the mode or the pattern and hides more, never less; the rest of the property stays. */
export function overridden(property: ContainerOptions = {}, annotation: ContainerOptions = {}): ContainerOptions {
  const { mode: _mode, pattern: _pattern, ...bounds } = property.events ?? {};
  const kinds = [...(property.redact?.kinds ?? []), ...(annotation.redact?.kinds ?? [])];
  return {
    ...property,
    ...annotation,
    ...(annotation.events && { events: { ...(annotation.events.mode !== 'off' && bounds), ...annotation.events } }),
    ...(annotation.fields && { fields: { ...property.fields, ...annotation.fields } }),
    ...(annotation.redact && { redact: { kinds } }),
  };
}

/** The options of containers, by their names. */
export type ByContainer = ReadonlyMap<string, ContainerOptions>;

/**
 * The setting for what differs by container; none if nothing does. With kinds that one container hides, every container has an
 * entry: in the records of others, the shipper hides all kinds.
 *
 * @param sinks settings of sinks by container
 * @throws with the property, the rule and the remedy if the shipper would reject the setting at start
 */
export function containerSettings(
  containers: ByContainer,
  pod: ReadingOptions & { readonly bill?: ExpectedBill },
  sinks: PodSinks['entries'] = {},
): Readonly<Record<string, string>> {
  const entries: Record<string, Record<string, string>> = {};
  const hides = [...containers.values()].some(({ redact }) => redact !== undefined);
  for (const [name, options] of containers) {
    const place = `perContainer.${name}`;
    const kinds = redactionBindings(options.redact ?? {}).filter(({ value }) => value !== undefined);
    const read = { ...reading(place, options, pod), ...bindSettings(at(place, kinds)).settings };
    const ofSinks = Object.hasOwn(sinks, name) ? sinks[name] : undefined;
    const own = { ...read, ...ofSinks, ...expectedOfContainer(`${place}.bill`, options.bill, pod.bill, ofSinks) };
    if (hides || Object.keys(own).length > 0) entries[name] = own;
    for (const [process, each] of Object.entries(options.processes ?? {})) {
      const isName = process !== '' && !process.includes('/');
      must(isName, `${place}.processes`, process, 'be names of processes, without a slash: correct it');
      entries[`${name}/${process}`] = reading(`${place}.processes.${process}`, each, inherited(pod, options));
    }
  }
  if (Object.keys(entries).length === 0) return {};
  return { [CONTAINER_SETTINGS.containerSettings.name]: JSON.stringify(entries) };
}

const at = (place: string, bindings: readonly Binding[]): Binding[] =>
  bindings.map((binding) => ({ ...binding, property: `${place}.${binding.property}` }));

/** The settings of the given options. Each must have an effect together with the inherited ones. */
function reading(place: string, given: ReadingOptions, from: ReadingOptions): Readonly<Record<string, string>> {
  const { events = {}, fields = {} } = given;
  const { events: allEvents, fields: allFields } = inherited(from, given);
  const bindings = (e: EventOptions, f: FieldReading) => at(place, [...eventBindings(e), ...fieldBindings(f)]);
  bindSettings(bindings(allEvents ?? {}, allFields ?? {}));
  const own = bindings(events, fields).filter(({ value }) => value !== undefined);
  return Object.fromEntries(own.map(({ setting, value }) => [setting.name, String(value)]));
}

/** Without inherited settings that the given ones make idle: bounds of events, and times of fields that are off. */
function inherited(from: ReadingOptions, { events = {}, fields = {} }: ReadingOptions): ReadingOptions {
  const { mode, pattern } = from.events ?? {};
  const isChosen = events.mode !== undefined || events.pattern !== undefined;
  const { fromText, time, timeZone } = fields.fromText === false ? {} : (from.fields ?? {});
  return {
    events: { ...(!isChosen && { mode, pattern }), ...events },
    fields: { fromText, time, ...(fields.time !== 'write' && { timeZone }), ...fields },
  } as ReadingOptions;
}
