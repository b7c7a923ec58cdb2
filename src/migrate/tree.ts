/** YAML and JSON as keys with their places: every scalar of the input is one entry. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { type Entry, MigrateError, mustBeText } from './input.js';

export class Tree {
  readonly root: unknown;
  readonly #lines = new LineCounter();

  /** @throws MigrateError for text that is no object or list */
  constructor(
    readonly file: string,
    text: string,
    readonly format: 'YAML' | 'JSON',
  ) {
    const clean = mustBeText(file, text);
    const document = parseDocument(clean, { lineCounter: this.#lines, strict: true, uniqueKeys: false });
    const [error] = document.errors;
    if (error !== undefined) {
      const place = { file, line: this.#lines.linePos(error.pos[0]).line };
      const found = clean.slice(error.pos[0], error.pos[1] + 20).split('\n')[0]!;
      throw new MigrateError(place, found, `is no valid ${format} (${error.code})`, 'Correct the line');
    }
    this.root = document.contents;
    if (!isMap(this.root) && !isSeq(this.root))
      throw new MigrateError({ file, line: 1 }, clean.slice(0, 40), 'is no configuration', 'Give an object');
  }

  lineOf(node: unknown): number {
    return this.#lines.linePos((node as Node | null)?.range?.[0] ?? 0).line;
  }

  /** Every scalar below a node. Items of a list of scalars have the key of the list, and an empty object or list is a key as well. */
  leaves(node: unknown, path: string, owner = ''): Entry[] {
    if (isAlias(node))
      throw new MigrateError(
        { file: this.file, line: this.lineOf(node) },
        String(node.source),
        'is an alias',
        'Write the value in its place',
      );
    if (isMap(node) && node.items.length > 0) {
      return node.items.flatMap(({ key, value }) => {
        const name = String(isScalar(key) ? key.value : key);
        return this.leaves(value, path === '' ? name : `${path}.${name}`, owner);
      });
    }
    if (isSeq(node) && node.items.length > 0) {
      return node.items.flatMap((item, index) => this.leaves(item, isScalar(item) ? path : `${path}.${index}`, owner));
    }
    const value = isScalar(node) ? String(node.value ?? '') : isMap(node) ? '{}' : isSeq(node) ? '[]' : '';
    return [{ file: this.file, line: this.lineOf(node), key: path, value, owner }];
  }
}

/** The value of a key, or `undefined`. */
export const member = (node: unknown, key: string): unknown => (isMap(node) ? node.get(key, true) : undefined);

export const items = (node: unknown): readonly unknown[] => (isSeq(node) ? node.items : []);
