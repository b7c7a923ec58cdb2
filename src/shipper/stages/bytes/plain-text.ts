/** Messages to plain UTF-8: from their character set, without sequences of terminals. */
import { TextDecoder } from 'node:util';
import type { Charsets } from '../../../catalog/records/bytes.js';
import type { Origin, RecordBatch, Stage } from '../../parts.js';
import { EditedBatch } from '../edited-batch.js';
import { ESCAPE, sequenceEnd } from './ansi.js';

export interface PlainTextOptions {
  readonly charsets: Charsets;
  readonly removesAnsi: boolean;
}

export class PlainText implements Stage {
  readonly name = 'bytes';
  readonly #decoders: Readonly<Partial<Record<Origin['stream'], TextDecoder>>>;
  readonly #removesAnsi: boolean;

  constructor({ charsets, removesAnsi }: PlainTextOptions) {
    const decoders = Object.entries(charsets)
      // UTF-16 is UTF-8 since its lines were found.
      .filter(([, charset]) => charset !== 'utf-8' && !charset.startsWith('utf-16'))
      // Fatal: a byte that is not valid would become another one. The mark of an order of bytes is a character.
      .map(([stream, charset]) => [stream, new TextDecoder(charset, { fatal: true, ignoreBOM: true })]);
    this.#decoders = Object.fromEntries(decoders);
    this.#removesAnsi = removesAnsi;
  }

  apply(batch: RecordBatch): RecordBatch {
    const { bytes, count, start, length, origin, origins } = batch;
    const decoders = origins.map(({ stream }) => this.#decoders[stream]);
    let edited: EditedBatch | undefined;
    for (let i = 0; i < count; i++) {
      const [from, to] = [start[i]!, start[i]! + length[i]!];
      const decoder = decoders[origin[i]!];
      const decoded = decoder === undefined ? undefined : decodedBy(decoder, bytes, from, to);
      const hasEscape = this.#removesAnsi && hasByte(bytes, from, to, ESCAPE);
      if (decoded === undefined && !hasEscape) continue;
      edited ??= new EditedBatch(batch);
      edited.begin(i);
      const message = decoded ?? bytes.subarray(from, to);
      if (hasEscape) addWithoutSequences(edited, message);
      else edited.add(message);
      edited.end(i);
    }
    return edited?.finish() ?? batch;
  }
}

/** The message in UTF-8; `undefined` if it stays the same, or is not valid. */
function decodedBy(decoder: TextDecoder, bytes: Uint8Array, from: number, to: number): Uint8Array | undefined {
  // ASCII means itself in all of them, unless it is shifted.
  const isShifted = decoder.encoding === 'iso-2022-jp' && hasByte(bytes, from, to, ESCAPE);
  if (!isShifted && !hasHighByte(bytes, from, to)) return undefined;
  try {
    const message = bytes.subarray(from, to);
    return Buffer.from(decoder.encoding === 'windows-1252' ? windows1252(message) : decoder.decode(message));
  } catch {
    return undefined;
  }
}

/** Of the bytes 80 to 9F; those that are missing are controls of the same number. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

/** Node 20 decodes these bytes as ISO 8859-1, which has controls where this set has the euro sign and the quotes. */
function windows1252(message: Uint8Array): string {
  const text = Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString('latin1');
  return text.replace(/[\u0080-\u009f]/g, (character) => WINDOWS_1252[character.charCodeAt(0) - 0x80]!);
}

function hasByte(bytes: Uint8Array, from: number, to: number, byte: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] === byte) return true;
  return false;
}

function hasHighByte(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i]! >= 0x80) return true;
  return false;
}

function addWithoutSequences(edited: EditedBatch, message: Uint8Array): void {
  let kept = 0;
  for (let i = 0; i < message.length; ) {
    const end = message[i] === ESCAPE ? sequenceEnd(message, i, message.length) : i;
    if (end === i) {
      i++;
      continue;
    }
    edited.add(message.subarray(kept, i));
    kept = end;
    i = end;
  }
  edited.add(message.subarray(kept));
}
