/** Processors of an input: filters of its records alone, and `content_modifier`. */
import type { Data, Description, Selection } from '../description.js';
import { constant } from '../filters.js';
import type { Section } from '../input.js';
import { Plugin } from '../plugin.js';
import { WHY } from '../reasons.js';
import { readFilter } from './filters.js';
import type { Parsers } from './parsers.js';

export function readProcessors(
  { section, verdicts }: Plugin,
  selection: Selection,
  to: Description,
  parsers: Parsers,
): void {
  const prefixes = section.entries.flatMap(({ key }) => /^(processors\.logs\.\d+\.)name$/i.exec(key)?.[1] ?? []);
  for (const prefix of prefixes) {
    const originals = section.entries.filter(({ key }) => key.startsWith(prefix));
    // The filters know the keys without the place of the processor.
    const copies = originals.map((entry) => ({ ...entry, key: entry.key.slice(prefix.length) }));
    const processor: Section = { ...section, name: 'filter', entries: copies, sections: [] };
    const before = to.filters.length;
    const plugin = new Plugin(processor, verdicts);
    if (plugin.all('name')[0]?.value === 'content_modifier') modify(plugin, selection, to);
    else readFilter(plugin, to, parsers, selection);
    for (const [index, copy] of copies.entries()) verdicts.move(copy, originals[index]!);
    const made = to.filters[before];
    if (made !== undefined) to.filters[before] = { ...made, section: { ...processor, entries: originals } };
  }
  for (const entry of section.entries)
    if (/^processors\./i.test(entry.key) && !verdicts.isJudged(entry))
      verdicts.left(entry, `a processor that has no counterpart: ${WHY.stage}`);
}

function modify(plugin: Plugin, selection: Selection, to: Description): void {
  const constants: Data = {};
  const [action, key, value] = ['action', 'key', 'value'].map((name) => plugin.all(name)[0]);
  if (action && key && value && /^(insert|upsert)$/.test(action.value)) {
    constant(value, key.value, value.value, constants, plugin.verdicts);
    if (Object.keys(constants).length > 0)
      for (const entry of plugin.section.entries) plugin.verdicts.carried(entry, `fields.constants.${key.value}`);
  }
  to.filters.push({ selection, drops: [], constants, section: plugin.section });
}
