/** Edits of entries on lines of their own. */
import { isMap, type Node } from 'yaml';
import { afterComments, beforeComments, columnOf, isFirstOfLine, lineStart, nextLine } from './lines.js';
import { afterKey, endOf, endOfEntry, extentOf, isBlock, startOf } from './nodes.js';
import type { Part, PartEdits } from './part.js';
import type { Edit } from './splice.js';
import { blockText, inlineText, isInline } from './value-text.js';

const columnIn = ({ text, collection }: Part) => columnOf(text, startOf(collection, 0));

const edit = (part: Part, start: number, end: number, text: string): Edit => ({
  start,
  end,
  text,
  column: columnIn(part),
});

export const BLOCK: PartEdits = {
  insert(part, after, entries) {
    const { text, layout, collection } = part;
    const column = columnIn(part);
    const added = blockText(entries, column, layout);
    if (after >= 0) {
      const isLast = after === collection.items.length - 1;
      // In the column of its key, a list may be followed by the comments of the next key.
      const ownsComments = isLast && (isMap(collection) || layout.listStep > 0);
      const line = nextLine(text, endOfEntry(collection, after));
      // Comments further to the right belong to the entry, whose own insertions come behind them.
      const place = afterComments(text, line, ownsComments ? column : column + 1);
      return edit(part, place, place, added);
    }
    const first = startOf(collection, 0);
    if (!isFirstOfLine(text, first)) return edit(part, first, first, `${added.trimStart()}${' '.repeat(column)}`);
    const place = beforeComments(text, lineStart(text, first));
    return edit(part, place, place, added);
  },

  remove(part, indices) {
    const { text, collection } = part;
    return [...indices].map((index) => {
      const start = startOf(collection, index);
      const end = endOfEntry(collection, index);
      const line = nextLine(text, end);
      if (isFirstOfLine(text, start)) return edit(part, lineStart(text, start), line, '');
      // The first entry shares its line with the dash of an item.
      const next = index + 1 < collection.items.length ? startOf(collection, index + 1) : undefined;
      const isNextKept = next !== undefined && !indices.has(index + 1) && text.slice(line, next).trim() === '';
      return edit(part, start, isNextKept ? next : end, '');
    });
  },

  replaceValue(part, pair, value) {
    const { text, layout } = part;
    const before = pair.value;
    const key = afterKey(pair);
    const whole = extentOf(before);
    // The extent of a folded or literal text includes the ends of its last lines.
    const extent = whole && { ...whole, end: whole.start + text.slice(whole.start, whole.end).trimEnd().length };
    const lines = isBlock(before)
      ? [edit(part, lineStart(text, startOf(before, 0)), nextLine(text, endOf(before)), '')]
      : [];
    if (isInline(value)) {
      const inline = inlineText(value, before, false);
      if (extent === undefined || isBlock(before)) return [...lines, edit(part, key, key, ` ${inline}`)];
      return [edit(part, extent.start, extent.end, inline)];
    }
    const below = columnIn(part) + (Array.isArray(value) ? layout.listStep : layout.step);
    const end = isBlock(before) ? key : (extent?.end ?? key);
    const place = nextLine(text, end);
    // The place is where the lines of the value are removed, or a deeper insertion ends.
    const added = { ...edit(part, place, place, blockText(value as object, below, layout)), column: below };
    return [...lines, edit(part, key, end, ''), added].filter(({ start, end: last, text: by }) => last > start || by);
  },

  replaceItem(part, index, value) {
    const { text, layout, collection } = part;
    const before = collection.items[index] as Node;
    const { start, end } = extentOf(before) ?? {
      start: endOfEntry(collection, index),
      end: endOfEntry(collection, index),
    };
    const inline = isInline(value)
      ? inlineText(value, before, false)
      : blockText(value as object, columnOf(text, start), layout).trim();
    return edit(part, start, end, start === end ? ` ${inline}` : inline);
  },
};
