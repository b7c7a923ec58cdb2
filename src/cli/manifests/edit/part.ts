/** A collection of a text whose entries are edited, and the ways to do so. */
import type { Collection, KeyValue, Layout } from './nodes.js';
import type { Edit } from './splice.js';

export interface Part<C extends Collection = Collection> {
  readonly text: string;
  readonly layout: Layout;
  readonly collection: C;
}

/** A list of new items, or a mapping of new pairs. */
export type Entries = readonly unknown[] | Readonly<Record<string, unknown>>;

/** The edits of a part, for entries on lines of their own or between braces. */
export interface PartEdits {
  /** New entries follow the one of that index, the first ones -1. */
  insert(part: Part, after: number, entries: Entries): Edit;
  remove(part: Part, indices: ReadonlySet<number>): Edit[];
  replaceValue(part: Part, pair: KeyValue, value: unknown): Edit[];
  replaceItem(part: Part, index: number, value: unknown): Edit;
}
