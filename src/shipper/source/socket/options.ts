/** Options and callbacks of the source of lines over a socket. */
import type { Charsets } from '../../../catalog/records/bytes.js';
import type { EndedProcess, ProcessEnd } from '../../accounting/ends.js';
import type { ProtocolError } from '../../errors.js';
import type { EventChoice, EventSettings } from '../../events/room.js';
import type { Lost } from '../frames/decoder.js';
import type { ConnectionReadsOptions } from './connection-reads.js';
import type { LaterVersionsOptions } from './later-versions.js';

export interface SocketSourceOptions extends ConnectionReadsOptions, LaterVersionsOptions {
  readonly path: string;
  /** At the bound the one that has been idle for longest is closed, or else the new one; either is read before. */
  readonly maxConnections?: number;
  readonly lineMaxBytes: number;
  /** An unfinished line that did not grow for this long becomes a record. */
  readonly lineIdleMs: number;
  /** One that grows, too, after this long. Not before it could be idle. */
  readonly lineAgeMs?: number;
  /** Told of a process that said that it ends, after its last line was handed on. */
  readonly onWriterEnded?: ((writer: EndedProcess, end: ProcessEnd) => void) | undefined;
  /** How lines are joined to events; each is a record when absent. */
  readonly events?: EventSettings | EventChoice | undefined;
  readonly charsets?: Charsets | undefined;
  /** Longest wait of a record for others to share its batch. */
  readonly lingerMs: number;
  /** An application could not hand over this much since its last report. */
  readonly onLost: (lost: Lost) => void;
  /** There is no page of losses now, so that losses of processes that cannot connect are not counted. */
  readonly onNoLossPage?: (problem: string) => void;
  readonly onProtocolError: (error: ProtocolError) => void;
  /** Milliseconds that never go back, also when the clock is set. */
  readonly now?: () => number;
  /** Frames are missing in the numbering of a process. */
  readonly onGap?: () => void;
  readonly onTimeReplaced?: (nowMs: number) => void;
}
