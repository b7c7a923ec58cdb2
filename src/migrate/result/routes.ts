/** Which sinks the records of which sources had, and have now. */
import type { Data, Description, Output, Selection, Source } from '../description.js';
import type { Verdicts } from '../verdicts.js';

/** Sources that an output takes, as a whole or in part. */
export const routedBy = (sources: readonly Source[], selection: Selection) =>
  sources.filter((source) => selection.matches(source.tag) || isTakenInPart(source, selection));

/** A filter may give another tag to a part of the records, and a tag made of paths or variables has many values. */
function isTakenInPart({ tag, later = [] }: Source, selection: Selection): boolean {
  if (later.some((each) => selection.matches(each))) return true;
  const [start = '', ...rest] = tag.split(/[*<]|\$|#\{/);
  if (rest.length === 0 || selection.arrives?.(tag) === false) return false;
  const starts = selection.text.split(/\s+/).map((pattern) => pattern.split(/[*{^\\([]/)[0]!);
  return starts.some((each) => each.startsWith(start) || start.startsWith(each));
}

const takesAll = (of: Iterable<Source>, { matches }: Selection) => [...of].every(({ tag }) => matches(tag));

/** Sources whose records went somewhere. If none did, the tags of the input are not understood: all of them. */
export function routed({ sources, outputs }: Description): readonly Source[] {
  const somewhere = outputs.filter(({ discards }) => discards !== true);
  const found = sources.filter((source) => somewhere.some(({ selection }) => routedBy([source], selection).length > 0));
  return found.length > 0 ? found : sources;
}

interface Kept {
  readonly sink: Data;
  readonly outputs: Output[];
  /** Sources of at least one of the outputs. */
  readonly of: Set<Source>;
}

/** Every sink gets every record, and there is one of each kind: that of most sources, and of the first of those. */
export function sinkOf(description: Description, verdicts: Verdicts): Data {
  const { sources } = description;
  const captured = routed(description);
  const groups: Kept[] = [];
  for (const output of description.outputs) {
    const of = routedBy(sources, output.selection);
    if (output.discards && of.length > 0 && !takesAll(of, output.selection))
      verdicts.leaveAll(
        output.section,
        `it discards a part of the records of ${of.map(placeOf).join(', ')}: write rules, such as drop container=NAME`,
      );
    if (output.sink === undefined) continue;
    if (of.length === 0 && sources.length > 0) {
      verdicts.leaveAll(
        output.section,
        `no source that is carried over has a tag that matches '${output.selection.text}'`,
      );
      continue;
    }
    const same = groups.find(({ sink }) => isSame(sink, output.sink!));
    if (same === undefined) groups.push({ sink: output.sink, outputs: [output], of: new Set(of) });
    else {
      same.outputs.push(output);
      for (const source of of) same.of.add(source);
    }
  }
  const kept = groups.filter((group) => group === firstOf(group, groups));
  for (const group of groups) if (!kept.includes(group)) leaveRival(group, firstOf(group, groups), verdicts);
  for (const { outputs, of } of kept) {
    const isWhole = captured.every((source) => of.has(source));
    for (const { selection } of outputs)
      if (selection.entry && !(isWhole && takesAll(routedBy(captured, selection), selection)))
        verdicts.left(selection.entry, `the sink gets every record, not only those of '${selection.text}'`);
  }
  const [first, ...others] = kept.map(({ sink }) => sink);
  describeRoutes(description, captured, kept);
  if (first === undefined) {
    description.gaps.push({ property: 'sink', standIn: 'stdout', why: 'no output of the input could be carried over' });
    return { stdout: {} };
  }
  return others.length === 0 ? first : { all: [first, ...others] };
}

const isSame = (one: Data, other: Data) => JSON.stringify(one) === JSON.stringify(other);
const kindOf = (sink: Data) => Object.keys(sink)[0]!;

/** The group that becomes the sink of its kind. */
function firstOf({ sink }: Kept, groups: readonly Kept[]): Kept {
  const rivals = groups.filter((each) => kindOf(each.sink) === kindOf(sink));
  const most = Math.max(...rivals.map(({ of }) => of.size));
  return rivals.find(({ of }) => of.size === most)!;
}

/** What both outputs set alike is carried over; the rest is not. */
function leaveRival({ outputs }: Kept, other: Kept, verdicts: Verdicts): void {
  const [theirs] = other.outputs;
  const texts = other.outputs.map(({ selection }) => `'${selection.text}'`).join(', ');
  for (const { section, selection } of outputs) {
    const alike = new Map(theirs!.section.entries.map(({ key, value }) => [key.toLowerCase(), value]));
    const why = `every sink gets every record, and there is one of each kind: the records of '${selection.text}' go where those of ${texts} go`;
    for (const entry of section.entries) {
      const isAlike = alike.get(entry.key.toLowerCase()) === entry.value;
      if (isAlike && !IDENTITY.test(entry.key) && verdicts.isJudged(entry)) continue;
      verdicts.left(entry, why);
    }
    for (const inner of section.sections) verdicts.leaveAll(inner, why);
  }
}

/** Keys that make an output, and not one of its properties. */
const IDENTITY = /^(name|match|match_regex|@type|type)$/i;

/** A destination for people: its kind, and what tells it from others of the kind. */
function labelOf(sink: Data): string {
  const kind = kindOf(sink);
  const { logGroup, logStream, url, index, dataStream, host, port, roleArn } = sink[kind] as Data;
  const place = [logGroup, logStream, url, index ?? dataStream, host && `${host}:${port}`, roleArn && `as ${roleArn}`];
  return [kind, ...place.filter((part) => part !== undefined)].join(' ');
}

function describeRoutes(description: Description, captured: readonly Source[], kept: readonly Kept[]): void {
  const now = kept.map(({ sink }) => labelOf(sink));
  for (const source of captured) {
    const outputs = description.outputs.filter(
      ({ selection, discards }) => discards !== true && routedBy([source], selection).length > 0,
    );
    const before = outputs.map(({ sink, name }) => (sink === undefined ? name! : labelOf(sink)));
    const lost = [...new Set(before)].filter((label) => !now.includes(label));
    const more = now.filter((label) => !before.includes(label));
    const parts = kept
      .filter(({ outputs: made }) => made.every(({ selection }) => !selection.matches(source.tag)))
      .map(({ sink }) => labelOf(sink))
      .filter((label) => before.includes(label));
    if (lost.length + more.length + parts.length === 0) continue;
    const changes = [
      lost.length > 0 && `not to ${lost.join(', ')}`,
      more.length > 0 && `to ${more.join(', ')}`,
      parts.length > 0 && `all, not a part, to ${parts.join(', ')}`,
    ];
    description.routes.push(`${placeOf(source)}: ${changes.filter(Boolean).join(', but ')}`);
  }
}

/** A source for people. */
export function placeOf({ tag, paths, containers, streams }: Source): string {
  const of = [
    ...paths,
    ...(streams === undefined ? [] : [containers ? `container ${containers.join(', ')}` : 'standard streams']),
  ];
  return `${of.join(', ') || 'a source'} (tag '${tag}')`;
}
