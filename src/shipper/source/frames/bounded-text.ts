/** Names that a peer gives: bounded where they come in, because every record repeats them. */

/** Of a process or a container. */
export const NAME_MAX_BYTES = 256;
/** PATH_MAX of Linux. */
export const PATH_MAX_BYTES = 4096;

const ELLIPSIS = '…';
const ELLIPSIS_BYTES = Buffer.byteLength(ELLIPSIS);

/** Bytes of a text within JSON, without the quotes: a control character takes six. */
export const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - 2;

/** The text, or as much of its beginning as takes at most `max` bytes in JSON; the cut shows as an ellipsis. */
export function boundedText(text: string, max: number): string {
  // No character takes less than a byte.
  if (text.length <= max && jsonBytes(text) <= max) return text;
  let end = 0;
  let bytes = ELLIPSIS_BYTES;
  for (const character of text) {
    bytes += jsonBytes(character);
    if (bytes > max) break;
    end += character.length;
  }
  // A copy: a part of a string keeps all of it in memory.
  return Buffer.from(text.slice(0, end) + ELLIPSIS).toString();
}
