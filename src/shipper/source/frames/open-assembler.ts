/** What makes lines of a stream, by its character set. */
import type { Origin } from '../../parts.js';
import { type AssemblerShared, LineAssembler } from './line-assembler.js';
import { StreamAssembler } from './stream-assembler.js';
import type { ByteOrder } from './utf16.js';
import { Utf16Assembler } from './utf16-assembler.js';

/** Of the character sets whose line feed is no byte: the byte order, which marks tell where it is undefined. */
const UTF16: ReadonlyMap<string | undefined, ByteOrder | undefined> = new Map([
  ['utf-16le', 'le'],
  ['utf-16be', 'be'],
  ['utf-16', undefined],
]);

/** `writesTell`: as of a line assembler. */
export function openAssembler(
  origin: Origin,
  shared: AssemblerShared,
  writesTell: boolean,
): StreamAssembler | Utf16Assembler {
  const charset = shared.charsets?.[origin.stream];
  return UTF16.has(charset)
    ? new Utf16Assembler(origin, shared, UTF16.get(charset), writesTell)
    : new StreamAssembler(origin, shared, writesTell);
}

/** Of a peer without frames: its reads are no writes. */
export function openRawAssembler(origin: Origin, shared: AssemblerShared): LineAssembler | Utf16Assembler {
  const charset = shared.charsets?.[origin.stream];
  return UTF16.has(charset)
    ? new Utf16Assembler(origin, shared, UTF16.get(charset), false)
    : new LineAssembler(origin, shared, false);
}
