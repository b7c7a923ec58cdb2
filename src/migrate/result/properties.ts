/** The properties of the tap from a description, in the order of logtap.yaml. Judges what depends on several sections. */
import type { Data, Description, Filter, Output, Source } from '../description.js';
import type { Verdicts } from '../verdicts.js';

export function propertiesOf(description: Description, verdicts: Verdicts): Data {
  const { sources } = description;
  const data: Data = { sink: sinkOf(description, verdicts) };
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
  const events = eventsOf(description, verdicts);
  if (events !== undefined) data.events = events;
  const rules = [...exclusions(sources), ...description.filters.flatMap((filter) => rulesOf(filter, sources))];
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

interface Kept {
  readonly sink: Data;
  readonly outputs: Output[];
  /** Sources of at least one of the outputs. */
  readonly of: Set<Source>;
}

/** Sinks get every record, so that an output for other records than an earlier one of its kind cannot be a second sink. */
function sinkOf(description: Description, verdicts: Verdicts): Data {
  const { sources } = description;
  const kept: Kept[] = [];
  for (const output of description.outputs) {
    const of = taken(sources, output.selection);
    const { text } = output.selection;
    if (of.length === 0 && sources.length > 0) {
      verdicts.leaveAll(output.section, `no source that is carried over has a tag that matches '${text}'`);
      continue;
    }
    const rival = kept.find((each) => isRival(each, output, of));
    if (rival === undefined) kept.push(merged(kept, output, of));
    else {
      const other = rival.outputs[0]!.selection.text;
      const why = `every sink gets every record, so that the records of '${text}' go where those of '${other}' go: give the other container a tap of its own to separate them`;
      verdicts.leaveAll(output.section, why);
    }
  }
  const sinks = [...new Set(kept)];
  for (const { outputs, of } of sinks) {
    if (of.size === sources.length) continue;
    for (const { selection } of outputs)
      if (selection.entry)
        verdicts.left(selection.entry, `the sink gets every record, not only those of '${selection.text}'`);
  }
  if (sinks.length === 0) {
    description.gaps.push({ property: 'sink', standIn: 'stdout', why: 'no output of the input could be carried over' });
    return { stdout: {} };
  }
  return sinks.length === 1 ? sinks[0]!.sink : { all: sinks.map(({ sink }) => sink) };
}

const isSame = (one: Data, other: Data) => JSON.stringify(one) === JSON.stringify(other);

/** Another destination of the same kind, for other records. */
function isRival({ sink, of: theirs }: Kept, output: Output, of: readonly Source[]): boolean {
  const isSameKind = Object.keys(sink)[0] === Object.keys(output.sink)[0];
  return isSameKind && !isSame(sink, output.sink) && !of.some((source) => theirs.has(source));
}

/** Outputs to one destination are one sink. */
function merged(kept: readonly Kept[], output: Output, of: readonly Source[]): Kept {
  const same = kept.find(({ sink }) => isSame(sink, output.sink));
  if (same === undefined) return { sink: output.sink, outputs: [output], of: new Set(of) };
  same.outputs.push(output);
  for (const source of of) same.of.add(source);
  return same;
}

function eventsOf({ sources, filters }: Description, verdicts: Verdicts): Data | undefined {
  const all = [
    ...sources
      .filter(({ events }) => events !== undefined)
      .map(({ events, eventEntries }) => ({ events, entries: eventEntries })),
    ...filters
      .filter(
        ({ events, selection }) =>
          events !== undefined && (sources.length === 0 || taken(sources, selection).length > 0),
      )
      .map(({ events, section }) => ({
        events,
        entries: section.entries.filter(({ key }) => /multiline|regexp/i.test(key)),
      })),
  ];
  const [first, ...others] = all;
  for (const { events, entries } of others)
    if (JSON.stringify(events) !== JSON.stringify(first?.events))
      for (const entry of entries)
        verdicts.left(
          entry,
          'all records of a container are joined in one way, and another source has decided: use perContainer',
        );
  return first?.events;
}

function exclusions(sources: readonly Source[]): string[] {
  return sources.flatMap(({ excluded }) => excluded.map((path) => `drop ${fileIs(path)}`));
}

const fileIs = (path: string) => `file=${/[\s;]/.test(path) ? `"${path}"` : path}`;

/** Rules of a filter, limited to the files or streams of the tags that it takes. */
function rulesOf({ drops, selection }: Filter, sources: readonly Source[]): string[] {
  const of = taken(sources, selection);
  if (of.length === sources.length) return drops.map((drop) => `drop ${drop}`.trim());
  const places = of.flatMap(({ paths, streams }) => [...paths.map(fileIs), ...(streams ? ['stream!=file'] : [])]);
  return drops.flatMap((drop) => places.map((place) => `drop ${place} ${drop}`.trim()));
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
