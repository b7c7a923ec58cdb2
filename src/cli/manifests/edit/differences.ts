/** The edits that give a document another value. Nodes that stay keep their text. */
import { isDeepStrictEqual } from 'node:util';
import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type YAMLSeq } from 'yaml';
import { aligned, placeOfKey } from './alignment.js';
import { BLOCK } from './block.js';
import { type Fields, isFields } from './fields.js';
import { FLOW } from './flow.js';
import type { Collection, Layout, Mapping } from './nodes.js';
import type { PartEdits } from './part.js';
import type { Edit } from './splice.js';

/** A document being edited. */
export interface Editing {
  readonly text: string;
  readonly layout: Layout;
  /** Aliases to write out, because the node that they refer to changes. */
  readonly expanded: ReadonlySet<Alias>;
}

/** The edits below a node; `undefined` if the node itself must be replaced. */
export function differences(editing: Editing, node: Node | null, before: unknown, after: unknown): Edit[] | undefined {
  if (isDeepStrictEqual(before, after) && !hasExpanded(editing, node)) return [];
  if (isMap(node) && isFields(before) && isFields(after) && isFilled(node, after)) {
    return ofMapping(editing, node as Mapping, before, after);
  }
  if (isSeq(node) && Array.isArray(before) && Array.isArray(after) && isFilled(node, after)) {
    return ofList(editing, node as YAMLSeq<Node>, before, after);
  }
  return undefined;
}

function ofMapping(editing: Editing, map: Mapping, before: Fields, after: Fields): Edit[] {
  const { by, part } = partOf(editing, map);
  const edits: Edit[] = [];
  const keys = map.items.map(({ key }) => keyOf(key));
  const isMerge = (index: number) => keys[index] === MERGE && !Object.hasOwn(before, MERGE);
  // A merged key cannot be removed alone.
  const losesMerged = Object.keys(before).some((key) => !keys.includes(key) && !Object.hasOwn(after, key));
  const removed = new Set<number>();
  let isUnmerged = false;
  map.items.forEach((pair, index) => {
    const key = keys[index]!;
    if (isMerge(index)) {
      isUnmerged ||= losesMerged || hasExpanded(editing, pair.value);
      if (losesMerged || hasExpanded(editing, pair.value)) removed.add(index);
    } else if (!Object.hasOwn(after, key)) removed.add(index);
    else {
      const below = differences(editing, pair.value, before[key], after[key]);
      edits.push(...(below ?? by.replaceValue(part, pair, after[key])));
    }
  });
  const added = new Map<number, Record<string, unknown>>();
  for (const [key, value] of Object.entries(after)) {
    if (keys.includes(key) || (!isUnmerged && isDeepStrictEqual(before[key], value))) continue;
    const place = placeOfKey(key, keys);
    added.set(place, { ...added.get(place), [key]: value });
  }
  for (const [place, pairs] of added) edits.push(by.insert(part, place, pairs));
  return [...edits, ...by.remove(part, removed)];
}

function ofList(editing: Editing, list: YAMLSeq<Node>, before: readonly unknown[], after: readonly unknown[]): Edit[] {
  const { by, part } = partOf(editing, list);
  const edits: Edit[] = [];
  const matches = aligned(before, after);
  const kept = new Set(matches.map((match) => match.before));
  let last = { before: -1, after: -1 };
  for (const match of [...matches, { before: before.length, after: after.length }]) {
    const added = after.slice(last.after + 1, match.after);
    if (added.length > 0) edits.push(by.insert(part, last.before, added));
    last = match;
  }
  for (const { before: index, after: to } of matches) {
    const below = differences(editing, list.items[index]!, before[index], after[to]);
    edits.push(...(below ?? [by.replaceItem(part, index, after[to])]));
  }
  return [...edits, ...by.remove(part, new Set([...before.keys()].filter((index) => !kept.has(index))))];
}

function partOf({ text, layout }: Editing, collection: Collection) {
  const by: PartEdits = collection.flow ? FLOW : BLOCK;
  return { by, part: { text, layout, collection } };
}

function hasExpanded(editing: Editing, node: Node | null): boolean {
  if (editing.expanded.size === 0 || node === null) return false;
  if (isAlias(node)) return editing.expanded.has(node);
  if (isSeq(node)) return node.items.some((item) => hasExpanded(editing, item as Node));
  return isMap(node) && node.items.some(({ value }) => hasExpanded(editing, value as Node | null));
}

/** Whether a collection has entries before and after. An empty one is written in another way. */
const isFilled = ({ items }: { readonly items: readonly unknown[] }, after: object) =>
  items.length > 0 && Object.keys(after).length > 0;

const MERGE = '<<';

function keyOf(key: Node): string {
  if (!isScalar(key)) return '';
  return key.source === MERGE ? MERGE : String(key.value ?? '');
}
