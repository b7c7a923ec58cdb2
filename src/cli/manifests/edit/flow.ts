/** Edits between braces or brackets. A comma comes and goes with its entry. */
import type { Node } from 'yaml';
import { afterColon, afterKey, endOfEntry, extentOf, startOf } from './nodes.js';
import type { PartEdits } from './part.js';
import type { Edit } from './splice.js';
import { flowPair, flowText, inlineText } from './value-text.js';

const edit = (start: number, end: number, text: string): Edit => ({ start, end, text, column: 0 });

export const FLOW: PartEdits = {
  insert({ collection }, after, entries) {
    const texts = Array.isArray(entries)
      ? entries.map(flowText)
      : Object.entries(entries).map(([key, value]) => flowPair(key, value));
    const text = texts.join(', ');
    const place = after < 0 ? startOf(collection, 0) : endOfEntry(collection, after);
    return edit(place, place, after < 0 ? `${text}, ` : `, ${text}`);
  },

  remove({ collection }, indices) {
    const firstKept = collection.items.findIndex((_, index) => !indices.has(index));
    return [...indices].map((index) =>
      index < firstKept
        ? edit(startOf(collection, index), startOf(collection, index + 1), '')
        : edit(endOfEntry(collection, index - 1), endOfEntry(collection, index), ''),
    );
  },

  replaceValue(_part, pair, value) {
    const extent = extentOf(pair.value);
    const text = inlineText(value, pair.value, true);
    if (extent !== undefined) return [edit(extent.start, extent.end, text)];
    const place = afterKey(pair);
    return [edit(place, place, afterColon(pair) === undefined ? `: ${text}` : ` ${text}`)];
  },

  replaceItem({ collection }, index, value) {
    const before = collection.items[index] as Node;
    return edit(startOf(collection, index), endOfEntry(collection, index), inlineText(value, before, true));
  },
};
