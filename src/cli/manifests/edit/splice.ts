/** Replaces parts of a text. */

/** A part to replace. A part without characters is a place to insert at. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Of several insertions at one place, the one with the greater column comes first: it belongs to the inner block. */
  readonly column: number;
}

/** The text after all edits, with a line feed at the end exactly if it had one; `undefined` if two edits overlap. */
export function spliced(text: string, edits: readonly Edit[]): string | undefined {
  const isInsertion = ({ start, end }: Edit) => (start === end ? 0 : 1);
  const inOrder = [...edits].sort(
    (a, b) => a.start - b.start || isInsertion(a) - isInsertion(b) || b.column - a.column,
  );
  let result = '';
  let at = 0;
  for (const edit of inOrder) {
    if (edit.start < at) return undefined;
    result += text.slice(at, edit.start);
    const isAtEnd = edit.start === text.length && edit.text !== '' && result !== '' && !result.endsWith('\n');
    result += isAtEnd ? `\n${edit.text}` : edit.text;
    at = edit.end;
  }
  result += text.slice(at);
  return text.endsWith('\n') ? result : result.replace(/\r?\n$/, '');
}
