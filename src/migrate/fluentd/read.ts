/**
 * Fluentd as a description of its pipeline. Records go through the sections in order: filters change them, and the first
 * `match` of their tag takes them. With `@label`, they go through the sections of that label instead.
 */
import { Description } from '../description.js';
import type { Input } from '../fluent-bit/read.js';
import type { Section } from '../input.js';
import { Plugin } from '../plugin.js';
import { WHY } from '../reasons.js';
import { tagPattern } from '../tags/match.js';
import type { Verdicts } from '../verdicts.js';
import { readFilter } from './filters.js';
import { readOutput } from './outputs.js';
import { parseFluentd } from './parse.js';
import { readSource } from './sources.js';

export function readFluentd({ file, text, files, variables }: Input, verdicts: Verdicts): Description {
  const top = parseFluentd(file, text, { files, variables });
  // Sections of single workers are sections.
  top.sections.splice(0, top.sections.length, ...top.sections.flatMap(withoutWorker));
  verdicts.register(top);
  const to = new Description();
  for (const entry of top.entries) {
    if (!/^@?include$/.test(entry.key)) verdicts.left(entry, 'a key outside of a section has no effect');
    else if (/^https?:/.test(entry.value))
      verdicts.left(entry, 'a file at a URL is not read: put it beside the configuration');
    else verdicts.needless(entry, 'the file was read, and its keys are in this list');
  }
  route(top, to, verdicts);
  return to;
}

function route(top: Section, to: Description, verdicts: Verdicts): void {
  const labels = new Map(top.sections.filter(({ name }) => name === 'label').map((label) => [label.argument, label]));
  for (const section of top.sections) {
    const plugin = new Plugin(section, verdicts);
    if (section.name === 'source') readSource(plugin, to);
    else if (section.name === 'system') for (const entry of section.entries) verdicts.needless(entry, WHY.ownLog);
    else if (!/^(label|filter|match)$/.test(section.name))
      verdicts.leaveRest(section, `sections <${section.name}> have no counterpart`);
  }
  // A label has its own records: those of the sources that name it.
  pipeline(top, (source) => labelOf(source) === undefined, to, verdicts);
  for (const [name, label] of labels) {
    if (name === '@ERROR' || name === '@FLUENT_LOG') {
      verdicts.leaveRest(
        label,
        'the shipper has no events of its own in the pipeline: it has a log, metrics and dead letters',
      );
      continue;
    }
    const relayed = relaysTo(top, labels, name);
    pipeline(label, (source) => labelOf(source) === name || relayed.some((relay) => relay(source)), to, verdicts);
  }
}

const withoutWorker = (section: Section): Section[] => (section.name === 'worker' ? section.sections : [section]);

const labelOf = (source: Section) => source.entries.find(({ key }) => key === '@label')?.value;

/** Outputs of type `relabel` that send records to a label. */
function relaysTo(top: Section, labels: ReadonlyMap<string, Section>, name: string) {
  const scopes: [Section, (source: Section) => boolean][] = [
    [top, (source) => labelOf(source) === undefined],
    ...[...labels].map(([label, section]): [Section, (source: Section) => boolean] => [
      section,
      (source) => labelOf(source) === label,
    ]),
  ];
  return scopes.filter(([section]) => hasRelay(section, name)).map(([, isFrom]) => isFrom);
}

/** Plugins that pass records on to a label. */
function hasRelay(section: Section, name: string): boolean {
  return section.sections.some(
    (inner) =>
      inner.name !== 'source' &&
      inner.name !== 'label' &&
      (inner.entries.some(({ key, value }) => key === '@label' && value === name) || hasRelay(inner, name)),
  );
}

function pipeline(scope: Section, isOf: (source: Section) => boolean, to: Description, verdicts: Verdicts): void {
  // A match may give records other tags, for later ones.
  const tagsOf = () =>
    to.sources.filter(({ section }) => isOf(section)).flatMap(({ tag, later = [] }) => [tag, ...later]);
  const taken = new Set<string>();
  for (const section of scope.sections) {
    if (section.name !== 'filter' && section.name !== 'match') continue;
    const pattern = tagPattern(section.argument);
    // The first match of a tag takes its records, and later sections do not see them.
    const past = new Set(taken);
    const selection = {
      text: section.argument || '**',
      arrives: (tag: string) => tagsOf().includes(tag) && !past.has(tag),
      matches: (tag: string) => tagsOf().includes(tag) && !past.has(tag) && pattern.matches(tag),
    };
    const plugin = new Plugin(section, verdicts);
    if (section.name === 'filter') readFilter(plugin, selection, to);
    else {
      const isRelay = readOutput(plugin, selection, to);
      if (!isRelay) for (const tag of tagsOf()) if (pattern.matches(tag)) taken.add(tag);
    }
  }
}
