/** Gives documents of a text other values by the fewest edits, so that comments, order and layout stay. */
import { isDeepStrictEqual } from 'node:util';
import { type Alias, type Document, type Node, visit } from 'yaml';
import { toYaml } from '../kubectl-yaml.js';
import { differences } from './differences.js';
import { editJson, jsonValue } from './edit-json.js';
import { afterComments, columnOf, lineStart, nextLine } from './lines.js';
import { endOf, isBlock, layoutOf, startOf } from './nodes.js';
import { type Edit, spliced } from './splice.js';

/** A document of the text, and what it shall be read as. */
export interface Change {
  readonly document: Document.Parsed;
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * The edited text. Each document is read again: one that the edits would give another value is written anew, without its
 * comments.
 *
 * @param read reads a text into the values of its documents, and throws for text that is no YAML
 */
export function editYaml(text: string, changes: readonly Change[], read: (text: string) => unknown[]): string {
  const values = changes.map(({ after }) => after);
  const changed = changes.filter(({ before, after }) => !isDeepStrictEqual(before, after));
  if (changed.length === 0) return text;
  const edits = new Map(changed.map((change) => [change, editsOf(text, change)]));
  const isRight = (candidate: string | undefined) => {
    try {
      return candidate !== undefined && isDeepStrictEqual(read(candidate), values);
    } catch {
      return false;
    }
  };
  const edited = spliced(text, [...edits.values()].flat());
  if (isRight(edited)) return edited!;
  for (const [change, own] of edits) {
    const alone = changes.map((each) => (each === change ? each.after : each.before));
    const candidate = spliced(text, own);
    let found: unknown[] = [];
    try {
      found = candidate === undefined ? [] : read(candidate);
    } catch {
      // No YAML: the document is written anew.
    }
    if (!isDeepStrictEqual(found, alone)) edits.set(change, rewriting(text, change));
  }
  const rewritten = spliced(text, [...edits.values()].flat());
  return isRight(rewritten) ? rewritten! : values.map((value) => toYaml(value)).join('---\n');
}

function editsOf(text: string, { document, before, after }: Change): Edit[] {
  const contents = document.contents as Node | null;
  // kubectl reads a document that starts with a brace as JSON.
  const [start = 0, end = 0] = contents?.range ?? [];
  const json = text.slice(start, end);
  if (isDeepStrictEqual(jsonValue(json), before))
    return [{ start, end, text: editJson(json, before, after), column: 0 }];
  const layout = layoutOf(text, contents);
  const aliases = aliasesOf(document);
  const expanded = new Set<Alias>();
  for (;;) {
    const edits = differences({ text, layout, expanded }, contents, before, after);
    if (edits === undefined) return rewriting(text, { document, before, after });
    const touched = aliases.filter(({ alias, node }) => !expanded.has(alias) && edits.some(isWithin(text, node)));
    if (touched.length === 0) return edits;
    for (const { alias } of touched) expanded.add(alias);
  }
}

/** Whether an edit changes a node. At the end of a block, an edit of a lesser column belongs to what surrounds it. */
function isWithin(text: string, node: Node): (edit: Edit) => boolean {
  const [start, end] = node.range!;
  if (!isBlock(node)) return (edit) => edit.start >= start && edit.start < end;
  const column = columnOf(text, startOf(node, 0));
  const last = afterComments(text, nextLine(text, endOf(node)), column);
  return (edit) => edit.start >= start && edit.start <= last && edit.column >= column;
}

/** The aliases of a document, with the nodes that they refer to. */
function aliasesOf(document: Document.Parsed) {
  const aliases: { alias: Alias; node: Node }[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      const node = alias.resolve(document);
      if (node?.range) aliases.push({ alias, node });
    },
  });
  return aliases;
}

/** Replaces all of a document but what precedes and follows its content. */
function rewriting(text: string, { document, after }: Change): Edit[] {
  const contents = document.contents as Node;
  const start = lineStart(text, contents.range![0]);
  return [{ start, end: nextLine(text, endOf(contents)), text: toYaml(after), column: 0 }];
}
