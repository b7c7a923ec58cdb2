/** Tags that a pipeline gives to a part of the records of a source. What a tag takes from a record is not known: any text is there. */
import type { Description, Selection } from '../description.js';

const ANY = 'x';

/** @param templates new tags, with the placeholders of either tool */
export function addTags(to: Description, { matches }: Selection, templates: readonly string[]): void {
  for (const [index, source] of to.sources.entries()) {
    const { tag, later = [] } = source;
    const from = [tag, ...later].filter((each) => matches(each));
    if (from.length === 0) continue;
    const made = from.flatMap((each) => templates.map((template) => tagOf(template, each)));
    to.sources[index] = { ...source, later: [...new Set([...later, ...made])].filter((each) => each !== tag) };
  }
}

function tagOf(template: string, tag: string): string {
  const parts = tag.split('.');
  return template
    .replace(
      /\$\{tag_parts\[(-?\d+)\]\}|\$TAG\[(\d+)\]/g,
      (_, one?: string, two?: string) => parts.at(Number(one ?? two)) ?? ANY,
    )
    .replace(/\$\{tag\}|__TAG__|\$TAG\b/g, tag)
    .replace(/\$\{[^}]*\}|\$\w+(\[[^\]]*\])*/g, ANY);
}
