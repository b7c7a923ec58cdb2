/** Lines and columns of a text. Lines end with a line feed. */

export const lineStart = (text: string, offset: number) => text.lastIndexOf('\n', offset - 1) + 1;

/** The start of the line after the one that contains the character before `offset`. */
export function nextLine(text: string, offset: number): number {
  if (text[offset - 1] === '\n') return offset;
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end + 1;
}

export const columnOf = (text: string, offset: number) => offset - lineStart(text, offset);

/** Whether only spaces precede it on its line. */
export const isFirstOfLine = (text: string, offset: number) => /^ *$/.test(text.slice(lineStart(text, offset), offset));

/** From the start of a line on: the place after the comments that have at least the column. */
export function afterComments(text: string, start: number, column: number): number {
  let after = start;
  for (let at = start; at < text.length; ) {
    const end = nextLine(text, at + 1);
    const [, spaces, rest] = /^( *)([\s\S]*)$/.exec(text.slice(at, end))!;
    if (rest!.startsWith('#') && spaces!.length >= column) after = end;
    else if (rest!.trim() !== '') break;
    at = end;
  }
  return after;
}

/** From the start of a line on: the place before the comments directly above. */
export function beforeComments(text: string, start: number): number {
  let before = start;
  while (before > 0) {
    const above = lineStart(text, before - 1);
    if (!/^ *#/.test(text.slice(above, before))) break;
    before = above;
  }
  return before;
}
