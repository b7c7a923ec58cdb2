/** Where nodes are in their text. The library's ranges also contain comments behind a node. */
import { isCollection, isMap, isPair, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { columnOf } from './lines.js';

export type Mapping = YAMLMap<Node, Node | null>;
export type Collection = Mapping | YAMLSeq<Node>;
export type KeyValue = Pair<Node, Node | null>;

/** Whether nothing is written for a value that is null. */
const isUnwritten = (node: Node | null): node is null =>
  node === null || (isScalar(node) && node.value === null && node.range?.[0] === node.range?.[1]);

/** Whether its entries have lines of their own. */
export const isBlock = (node: unknown): node is Collection => isCollection(node) && !node.flow;

/** The place behind the colon of a pair; `undefined` if it has none. */
export function afterColon({ srcToken }: KeyValue): number | undefined {
  const colon = srcToken?.sep?.find(({ type }) => type === 'map-value-ind');
  return colon && colon.offset + 1;
}

/** The place behind the key and its colon. */
export const afterKey = (pair: KeyValue) => afterColon(pair) ?? pair.key.range![1];

/** The extent of a value, without comments behind it; `undefined` if nothing is written. */
export const extentOf = (node: Node | null) =>
  isUnwritten(node) ? undefined : { start: node.range![0], end: endOf(node) };

/** The place behind the last character of an entry. */
export function endOf(entry: KeyValue | Node): number {
  if (isPair(entry)) {
    const { value } = entry as KeyValue;
    return isUnwritten(value) ? afterKey(entry as KeyValue) : endOf(value);
  }
  return isBlock(entry) && entry.items.length > 0 ? endOfEntry(entry, entry.items.length - 1) : entry.range![1];
}

/** Where an entry of a collection starts, with the dash of an item. */
export function startOf(collection: Collection, index: number): number {
  if (isMap(collection)) return collection.items[index]!.key.range![0];
  return dashOf(collection, index) ?? collection.items[index]!.range![0];
}

export function endOfEntry(collection: Collection, index: number): number {
  const entry = collection.items[index]!;
  const dash = isSeq(collection) ? dashOf(collection as YAMLSeq<Node>, index) : undefined;
  return dash !== undefined && isUnwritten(entry as Node) ? dash + 1 : endOf(entry);
}

function dashOf({ srcToken }: YAMLSeq<Node>, index: number): number | undefined {
  const start = srcToken !== undefined && 'items' in srcToken ? srcToken.items[index]?.start : undefined;
  return start?.find(({ type }) => type === 'seq-item-ind')?.offset;
}

/** How a document is indented. */
export interface Layout {
  /** Columns by which a mapping is indented below its key. */
  readonly step: number;
  /** Columns by which a list is indented below its key. */
  readonly listStep: number;
  readonly newline: string;
}

/** The layout of the first mapping and of the first list below a key, or else that of the library. */
export function layoutOf(text: string, contents: Node | null): Layout {
  const found: { map?: number; list?: number } = {};
  const visit = (node: unknown): void => {
    if (found.map !== undefined && found.list !== undefined) return;
    if (isSeq(node)) node.items.forEach(visit);
    if (!isMap(node)) return;
    for (const { key, value } of node.items as KeyValue[]) {
      if (isBlock(node) && isBlock(value)) {
        const by = columnOf(text, startOf(value, 0)) - columnOf(text, key.range![0]);
        found[isSeq(value) ? 'list' : 'map'] ??= by;
      }
      visit(value);
    }
  };
  visit(contents);
  const step = found.map ?? 2;
  return { step, listStep: found.list ?? step, newline: text.includes('\r\n') ? '\r\n' : '\n' };
}
