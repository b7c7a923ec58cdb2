/**
 * A tape: the frames of processes, with their times and the boundaries of their writes.
 *
 * A file of JSON lines, perhaps compressed with gzip. The first line is `{"tape":1,"startMs":N}`. Each further line is an
 * `Entry`, in the order in which the frames came. Text is Latin-1: a character is a byte.
 */
import { gunzipSync } from 'node:zlib';
import { FRAME_MAX_PAYLOAD_BYTES } from '../contract.js';

export const TAPE_VERSION = 1;

/** The first frame of a process. */
export interface ProcessEntry {
  /** Number of the process on the tape. */
  readonly p: number;
  readonly process: string;
  readonly pid: number;
  readonly container: string;
}

/** A DATA frame. */
export interface WriteEntry {
  readonly p: number;
  /** `stdout`, `stderr` or the path of a file. */
  readonly s: string;
  /** Milliseconds since the start of the tape. */
  readonly t: number;
  /** Number of the frame within its process. */
  readonly n: number;
  /** Tag of the thread; 0 if unknown. */
  readonly h: number;
  /** More frames of the same write follow. */
  readonly c?: 1;
  readonly d: string;
}

/** A LOST frame: totals since the start of the process. */
export interface LossEntry {
  readonly p: number;
  readonly t: number;
  readonly lost: { readonly lines: number; readonly bytes: number };
}

export type Entry = ProcessEntry | WriteEntry | LossEntry;

export interface Tape {
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly entries: readonly Entry[];
}

const GZIP = Buffer.from([0x1f, 0x8b]);

/** The tape in a file; `undefined` if the file is a text. */
export function readTape(file: Buffer): Tape | undefined {
  const bytes = file.subarray(0, 2).equals(GZIP) ? gunzipSync(file) : file;
  const [first = '', ...lines] = bytes.toString('utf8').split('\n');
  const header = objectIn(first);
  if (header?.tape === undefined) return undefined;
  if (header.tape !== TAPE_VERSION || typeof header.startMs !== 'number') {
    throw new Error(`a tape of version ${JSON.stringify(header.tape)} cannot be read: record it with this version`);
  }
  const entries = lines.flatMap((line, index): Entry[] => {
    if (line === '') return [];
    const entry = objectIn(line);
    // The last line of a recorder that was killed may be incomplete.
    if (entry === undefined && index === lines.length - 1) return [];
    if (typeof entry?.p !== 'number') throw new Error(`line ${index + 2} of the tape is damaged: record it again`);
    return [entry as unknown as Entry];
  });
  return { startMs: header.startMs, entries };
}

function objectIn(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A text as a tape. A file does not contain the boundaries of writes, so no process is named: then only the text of lines
 * decides which of them are one record.
 */
export function tapeOf(
  text: Buffer,
  { stream, container }: { readonly stream: string; readonly container: string },
): Tape {
  const entries: Entry[] = [{ p: 0, process: '', pid: 0, container }];
  let frames = 1;
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf(0x0a, at);
    const end = newline < 0 ? text.length : newline + 1;
    entries.push({ p: 0, s: stream, t: 0, n: frames, h: 0, d: text.toString('latin1', at, end) });
    frames += Math.ceil((end - at) / FRAME_MAX_PAYLOAD_BYTES);
    at = end;
  }
  return { startMs: 0, entries };
}
