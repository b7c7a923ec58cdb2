/** Events as they were sent, to be compared with those that are stored. */
import type { RecordBatch } from '../../parts.js';
import { type Events, type PutBody, SPACE } from './events.js';

/** An event as it was sent. */
export interface SentEvent {
  /** Of its record, as `recordKey` gives it. */
  readonly record: string;
  /** Bytes of its record from the first up to, not including, the last; and in all. */
  readonly start: number;
  readonly end: number;
  readonly length: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly message: string;
}

/** Permanently unique to a record. */
export const recordKey = ({ origins, origin, seq }: RecordBatch, i: number): string =>
  `${origins[origin[i]!]!.id} ${seq[i]!}`;

export function sentEvents(
  { batch, record, start, end }: Events,
  { bytes, from, to }: Omit<PutBody, 'billedBytes'>,
): readonly SentEvent[] {
  const { logEvents } = JSON.parse(bytes.toString()) as {
    readonly logEvents: readonly { readonly timestamp: number; readonly message: string }[];
  };
  return Array.from({ length: to - from }, (_, at) => {
    const { timestamp, message } = logEvents[at]!;
    const index = record[from + at]!;
    return {
      record: recordKey(batch, index),
      start: start[from + at]! - batch.start[index]!,
      end: end[from + at]! - batch.start[index]!,
      length: batch.length[index]!,
      timeMs: timestamp,
      message,
    };
  });
}

/** The text of event i as it is sent, and stored. */
export function messageAt({ batch, start, end }: Events, i: number): string {
  if (start[i] === end[i]) return SPACE.toString();
  // The same replacement of invalid bytes as in a body.
  return Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset + start[i]!, end[i]! - start[i]!).toString();
}

export const eventKey = (timeMs: number, message: string): string => `${timeMs} ${message}`;
