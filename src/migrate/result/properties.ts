/** The properties of the tap from a description, in the order of logtap.yaml. Judges what depends on several sections. */
import type { Data, Description, Filter, Source } from '../description.js';
import type { Verdicts } from '../verdicts.js';
import { sinksByContainer } from './by-container.js';
import { eventsOf } from './events.js';
import { globsMeet } from './globs-meet.js';
import { fileIs, placesOf } from './places.js';
import { routed, sinkOf } from './routes.js';

export function propertiesOf(description: Description, verdicts: Verdicts): Data {
  const sources = routed(description);
  for (const source of description.sources) if (!sources.includes(source)) forget(source, verdicts);
  const sinks = sinksByContainer(description, verdicts) ?? { sink: sinkOf(description, verdicts) };
  const data: Data = { ...sinks };
  const isStreams = sources.map(({ streams }) => streams).filter((streams) => streams !== undefined);
  // A sidecar that reads only files sends no streams.
  data.streams = isStreams.includes('both') || new Set(isStreams).size > 1 ? 'both' : (isStreams[0] ?? 'none');
  const paths = [...new Set(sources.flatMap((source) => source.paths))];
  if (paths.length > 0) data.file = paths.join(':');
  if (data.streams === 'none' && paths.length === 0) {
    data.streams = 'both';
    description.gaps.push({
      property: 'streams',
      standIn: 'both',
      why: 'the input names no stream and no file that could be carried over',
    });
  }
  const containers = containersOf(description, sources);
  if (containers !== undefined) data.containers = containers;
  const { perContainer, ...events } = eventsOf(description, sources, verdicts);
  Object.assign(data, events);
  for (const [name, each] of Object.entries(perContainer ?? {}))
    assign(data, ['perContainer', name, 'events'], each.events);
  const rules = [
    ...sources.flatMap((source) => exclusions(source, sources, verdicts)),
    ...description.filters.flatMap((filter) => rulesOf(filter, sources, verdicts)),
  ];
  if (rules.length > 0) data.rules = [...new Set(rules)];
  const constants: Data = {};
  for (const filter of description.filters) wholeFilter(filter, sources, verdicts, constants, data);
  if (Object.keys(constants).length > 0) data.fields = { constants };
  for (const [path, value] of description.properties) assign(data, path.split('.'), value);
  return data;
}

function assign(data: Data, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) data[key] = value;
  else {
    data[key] ??= {};
    assign(data[key] as Data, rest, value);
  }
}

const taken = (sources: readonly Source[], { matches }: { matches(tag: string): boolean }) =>
  sources.filter(({ tag }) => matches(tag));

/** A source whose records went nowhere is not captured. */
function forget({ section, tag }: Source, verdicts: Verdicts): void {
  for (const entry of section.entries)
    verdicts.needless(entry, `no output sends the records of the tag '${tag}', so that they are not captured`);
}

/** The containers to tap, if the input names all of them, and if there may be others. */
function containersOf({ containers: known }: Description, sources: readonly Source[]): string[] | undefined {
  if (sources.length === 0 || sources.some(({ containers }) => containers === undefined)) return undefined;
  const named = [...new Set(sources.flatMap(({ containers = [] }) => containers))];
  return known.length > 0 && known.every(({ name }) => named.includes(name)) ? undefined : named;
}

/** Rules against the files that a source leaves out, limited to its own files where others read such files. */
function exclusions(source: Source, sources: readonly Source[], verdicts: Verdicts): string[] {
  const others = sources.filter((other) => other !== source).flatMap(({ paths }) => paths);
  return source.excluded.flatMap((excluded) => {
    const read = others.filter((path) => globsMeet(path, excluded));
    if (read.length === 0) return [`drop ${fileIs(excluded)}`];
    const both = read.find((path) => source.paths.some((own) => globsMeet(own, path)));
    if (both === undefined) return source.paths.map((own) => `drop ${fileIs(own)} ${fileIs(excluded)}`);
    for (const entry of source.section.entries.filter(({ key }) => /^exclude_path$/i.test(key)))
      verdicts.left(
        entry,
        `'${both}' of another input has such files, and no rule tells by which input a file is read`,
      );
    return [];
  });
}

/** Rules of a filter, limited to the files or streams of the tags that it takes. */
function rulesOf({ drops, selection, section }: Filter, sources: readonly Source[], verdicts: Verdicts): string[] {
  if (drops.length === 0) return [];
  const of = taken(sources, selection);
  if (of.length === 0 && sources.length > 0) return [];
  const places = placesOf(of, sources);
  if (places !== undefined)
    return drops.flatMap((drop) => places.map((place) => ['drop', place, drop].filter(Boolean).join(' ')));
  const others = sources.filter((source) => !of.includes(source)).map(({ tag }) => `'${tag}'`);
  verdicts.leaveAll(
    section,
    `it applies to '${selection.text}' only, and no condition of a rule tells those records from those of ${others.join(', ')}`,
  );
  return [];
}

/** What applies to every record, or to none. */
function wholeFilter(
  filter: Filter,
  sources: readonly Source[],
  verdicts: Verdicts,
  constants: Data,
  data: Data,
): void {
  const { selection, section } = filter;
  const of = taken(sources, selection);
  if (of.length === 0 && sources.length > 0) {
    verdicts.leaveAll(section, `no source that is carried over has a tag that matches '${selection.text}'`);
    return;
  }
  const hasWhole = Object.keys(filter.constants).length > 0 || filter.rateLimit !== undefined;
  if (hasWhole && of.length < sources.length) {
    verdicts.leaveAll(
      section,
      `it applies to '${selection.text}' only, and constants and limits apply to every record`,
    );
    return;
  }
  Object.assign(constants, filter.constants);
  if (filter.rateLimit !== undefined) data.budget = { rateLimit: filter.rateLimit };
}
