/** Options and callbacks of the stream of a peer, and how far it was read. */
import type { Hello } from './decoder.js';
import type { NameRoom } from './name-room.js';
import type { ByteOrder } from './utf16/utf16.js';

/** How far a framed stream was turned into records. */
export interface Progress {
  /** Of the first frame that has to be read again. */
  readonly position: number;
  /** By stream, the place before which every byte is in a record, and the byte order where a mark told it. */
  readonly assembled: readonly (readonly [stream: number, seq: number, order?: ByteOrder])[];
  readonly hello: Hello;
  readonly files: ReadonlyMap<number, string>;
}

/** Why bytes are not read once more: an earlier ring had the same frame, or the reader before had made records of them. */
export type SkipReason = 'written_again' | 'settled';

export interface FrameStreamOptions {
  /** The only process that may speak here; any when absent. */
  readonly instance?: string;
  /** What the ids of records begin with; the instance that HELLO names when absent. */
  readonly name?: string;
  readonly names?: NameRoom;
  /** How much of the stream an unfinished line or event may keep; any number when absent. */
  readonly heldMaxBytes?: number;
  /** When it began, on the clock of `write`. */
  readonly nowMs?: number;
  /** For lines and notices that bring no time of their own: milliseconds since 1970. */
  readonly wallMs?: () => number;
  readonly onSkipped?: ((reason: SkipReason, bytes: number) => void) | undefined;
  /** The numbers of frames go on, but not with the next one: something was lost between. */
  readonly onGap?: (() => void) | undefined;
  /** Told of HELLO. Where it is given, line ends are counted. */
  readonly onHello?: ((hello: Hello) => void) | undefined;
  /** Told of the first DATA frame before it is taken. */
  readonly onFirstFrame?: ((instance: string, seq: number) => void) | undefined;
  /** The time of a frame was not believed, and its record has the present one, in milliseconds since 1970. */
  readonly onTimeReplaced?: ((nowMs: number) => void) | undefined;
}
