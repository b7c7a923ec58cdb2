/** Sinks by container, where each tag is that of whole containers: then each record goes where it went, and nowhere else. */
import type { Data, Description, Output, Source } from '../description.js';
import type { Verdicts } from '../verdicts.js';
import { routed, routedBy } from './routes.js';

interface Destination {
  readonly containers: string[];
  readonly outputs: Output[];
  readonly sinks: readonly Data[];
}

export interface SinksByContainer {
  readonly sink: Data;
  readonly perContainer: Readonly<Record<string, { readonly sink: Data }>>;
}

const textOf = (value: unknown) => JSON.stringify(value);
const kindOf = (sink: Data) => Object.keys(sink)[0]!;
const asOne = (sinks: readonly Data[]): Data => (sinks.length === 1 ? sinks[0]! : { all: sinks });

/** The sink of most containers is that of the pod. `undefined` where all have one sink, or where it would not be exact. */
export function sinksByContainer(description: Description, verdicts: Verdicts): SinksByContainer | undefined {
  const destinations = destinationsOf(description);
  if (destinations === undefined || destinations.length < 2) return undefined;
  const most = Math.max(...destinations.map(({ containers }) => containers.length));
  const pod = destinations.find(({ containers }) => containers.length === most)!;
  const others = destinations.filter((each) => each !== pod);
  for (const { outputs, containers } of [pod, ...others]) {
    const places = pod.containers === containers ? [''] : containers.map((name) => `perContainer.${name}.`);
    for (const output of outputs) place(output, places, pod.outputs.includes(output), verdicts);
  }
  return {
    sink: asOne(pod.sinks),
    perContainer: Object.fromEntries(
      others.flatMap(({ containers, sinks }) => containers.map((name) => [name, { sink: asOne(sinks) }] as const)),
    ),
  };
}

function destinationsOf(description: Description): readonly Destination[] | undefined {
  const found = new Map<string, Destination>();
  const known = new Map<string, string>();
  for (const source of routed(description)) {
    const outputs = outputsOf(source, description.outputs);
    if (outputs === undefined || !isOfContainers(source)) return undefined;
    const sinks = [...new Map(outputs.map(({ sink }) => [textOf(sink), sink!])).values()];
    // A container has one sink of a kind.
    if (new Set(sinks.map(kindOf)).size < sinks.length) return undefined;
    const key = textOf(sinks.map(textOf).sort());
    const destination = found.get(key) ?? { containers: [], outputs: [], sinks };
    found.set(key, destination);
    for (const name of source.containers ?? []) {
      if (known.has(name) && known.get(name) !== key) return undefined;
      if (!known.has(name)) destination.containers.push(name);
      known.set(name, key);
    }
    destination.outputs.push(...outputs.filter((output) => !destination.outputs.includes(output)));
  }
  return [...found.values()];
}

/** Whether the source is the standard streams of named containers, with one tag. */
const isOfContainers = ({ containers = [], paths, later = [] }: Source) =>
  containers.length > 0 && paths.length === 0 && later.length === 0;

/** The outputs that take all records of the source. `undefined` if one takes a part of them, or has no sink. */
function outputsOf(source: Source, outputs: readonly Output[]): readonly Output[] | undefined {
  const taking = outputs.filter(({ selection }) => routedBy([source], selection).length > 0);
  const isExact = taking.every(({ selection, sink }) => sink !== undefined && selection.matches(source.tag));
  return isExact && taking.length > 0 ? taking : undefined;
}

/** The keys of an output are properties of the sinks of these places. */
function place({ section, selection }: Output, places: readonly string[], isOfPod: boolean, verdicts: Verdicts): void {
  for (const entry of section.entries) {
    const text = verdicts.carriedTo(entry);
    if (text === undefined || isOfPod || entry === selection.entry) continue;
    if (text.startsWith('sink.')) verdicts.carried(entry, places.map((each) => `${each}${text}`).join('; '));
  }
  if (selection.entry === undefined) return;
  const of = isOfPod ? ['sink', ...places.filter(Boolean)] : places;
  verdicts.carried(selection.entry, of.map((each) => (each === '' ? 'sink' : each.replace(/\.$/, '.sink'))).join('; '));
}
