/** Reads the YAML format of Fluent Bit: service, env, includes, parsers, multiline_parsers, and pipeline with its plugins. */
import { isMap, isSeq } from 'yaml';
import { type Entry, type Files, MigrateError, type Section } from '../input.js';
import { Tree } from '../tree.js';
import { includedFiles, substituted } from './classic.js';

/** Sections of Fluent Bit, by the lists that hold them. */
const LISTS: Readonly<Record<string, string>> = {
  'pipeline.inputs': 'input',
  'pipeline.filters': 'filter',
  'pipeline.outputs': 'output',
  parsers: 'parser',
  multiline_parsers: 'multiline_parser',
};

export function readYaml(
  file: string,
  text: string,
  files: Files,
  variables: Map<string, string>,
  depth = 0,
): Section[] {
  const tree = new Tree(file, text, 'YAML');
  if (!isMap(tree.root)) {
    throw new MigrateError(
      { file, line: 1 },
      text.slice(0, 40),
      'is no configuration',
      'Fluent Bit reads an object with `pipeline`',
    );
  }
  const reader = new YamlSections(tree, variables);
  const top = new Map(tree.root.items.map(({ key, value }) => [String(key), value]));
  // Variables first: Fluent Bit reads them before the rest.
  const env = top.get('env');
  for (const entry of env === undefined ? [] : reader.leaves(env, 'env')) {
    variables.set(entry.key.replace(/^env\./, ''), entry.value);
    reader.rest.entries.push(entry);
  }
  const included: Section[] = [];
  for (const [name, value] of top) {
    if (name === 'env') continue;
    if (name !== 'includes') reader.add(name, value);
    else {
      const entries = reader.leaves(value, name);
      reader.rest.entries.push(...entries);
      included.push(...entries.flatMap((entry) => include(entry, files, variables, depth)));
    }
  }
  return [reader.rest, ...included, ...reader.sections];
}

const include = (entry: Entry, files: Files, variables: Map<string, string>, depth: number) =>
  includedFiles(entry, entry.value, files, depth).flatMap(({ path, text }) =>
    readYaml(path, text, files, variables, depth + 1),
  );

class YamlSections {
  readonly sections: Section[] = [];
  /** Keys outside of the sections. */
  readonly rest: Section;

  constructor(
    readonly tree: Tree,
    readonly variables: ReadonlyMap<string, string>,
  ) {
    this.rest = { file: tree.file, line: 1, name: 'command', argument: '', entries: [], sections: [] };
  }

  add(path: string, value: unknown): void {
    if (path === 'service') this.sections.push(this.#section('service', value));
    else if (path === 'pipeline' && isMap(value))
      for (const { key, value: list } of value.items) this.add(`pipeline.${key}`, list);
    else if (path in LISTS && isSeq(value))
      for (const item of value.items) this.sections.push(this.#section(LISTS[path]!, item));
    else this.rest.entries.push(...this.leaves(value, path));
  }

  #section(name: string, item: unknown): Section {
    const place = { file: this.tree.file, line: this.tree.lineOf(item) };
    if (!isMap(item)) throw new MigrateError(place, String(item), `is no ${name}`, 'Write an object with `name`');
    const entries = this.leaves(item, '', `[${name.toUpperCase()}]`);
    return { ...place, name, argument: '', entries, sections: [] };
  }

  leaves(node: unknown, path: string, owner = ''): Entry[] {
    return this.tree
      .leaves(node, path, owner)
      .map((entry) => ({ ...entry, value: substituted(entry.value, this.variables) }));
  }
}
