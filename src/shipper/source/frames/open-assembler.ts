/** What makes lines of a stream, by its character set. */
import type { Origin } from '../../parts.js';
import type { AssemblerShared } from './assembly.js';
import { LineAssembler } from './line-assembler.js';
import { StreamAssembler } from './stream-assembler.js';
import type { ByteOrder } from './utf16/utf16.js';
import { Utf16Assembler } from './utf16/utf16-assembler.js';

/** Of the character sets whose line feed is no byte: the byte order, which marks tell where it is undefined. */
const UTF16: ReadonlyMap<string | undefined, ByteOrder | undefined> = new Map([
  ['utf-16le', 'le'],
  ['utf-16be', 'be'],
  ['utf-16', undefined],
]);

/** Programs that write what others wrote: where their writes begin and end says nothing. */
const COPIERS: ReadonlySet<string> = new Set([
  'cat',
  'tee',
  'sed',
  'grep',
  'awk',
  'gawk',
  'mawk',
  'head',
  'tail',
  'ts',
  'socat',
  'dd',
]);

/** Of a stream of frames. */
export function openAssembler(origin: Origin, shared: AssemblerShared): StreamAssembler | Utf16Assembler {
  // Without a name it is not known whose writes they are.
  const writesTell = origin.process !== '' && !COPIERS.has(origin.process);
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
