/**
 * Recordings of real programs: the frames of a run, and which lines are one event.
 *
 * A file is gzip of JSON lines. The first is a `Header`; each further line is a `Write`, in the order of the process's
 * frames. Text is Latin-1: a character is a byte.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export const RECORDINGS = join(__dirname, 'recordings');

export interface Header {
  /** Runtime or program, as in the table of figures. */
  readonly writer: string;
  /** How it was run: `low` (a pause after each event), `burst`, `threads` (two, line by line), `block` (a full buffer a write), `pipe` (through `cat`). */
  readonly load: 'low' | 'burst' | 'threads' | 'block' | 'pipe';
  /** Of the runtime. */
  readonly version: string;
  /**
   * By stream of a process, `0/stderr`: pairs of the number of an event and how many of the stream's next lines are part of
   * it. The numbers are those of one process.
   */
  readonly truth: Readonly<Record<string, readonly (readonly [event: number, lines: number])[]>>;
}

/** One DATA frame. */
export interface Write {
  /** Which of the run's processes. */
  readonly p: number;
  /** `stdout`, `stderr` or the name of a file. */
  readonly s: string;
  /** Milliseconds since the first frame. */
  readonly t: number;
  /** Its number within its process. */
  readonly n: number;
  /** Tag of the thread; 0 where it is not known. */
  readonly h: number;
  /** More frames of the same write follow. */
  readonly c?: 1;
  readonly d: string;
}

export interface Recording {
  readonly name: string;
  readonly header: Header;
  readonly writes: readonly Write[];
}

export function readRecording(name: string): Recording {
  const lines = gunzipSync(readFileSync(join(RECORDINGS, `${name}.gz`)))
    .toString('utf8')
    .trimEnd()
    .split('\n');
  const [header, ...writes] = lines.map((line) => JSON.parse(line));
  return { name, header, writes };
}

export const recordingNames = (): string[] =>
  readdirSync(RECORDINGS)
    .filter((file) => file.endsWith('.gz'))
    .map((file) => file.slice(0, -'.gz'.length))
    .sort();

/**
 * Ordinary logs of real programs, under load and as talkative as they can be made: each line is an event. Lines that continue
 * others (indented ones, PostgreSQL's STATEMENT) were taken out.
 */
const ORDINARY = join(__dirname, 'ordinary');

export const ordinaryNames = (): string[] =>
  readdirSync(ORDINARY)
    .map((file) => file.replace('.log.gz', ''))
    .sort();

/** The lines, Latin-1, without their ends. */
export const readOrdinary = (name: string): string[] =>
  gunzipSync(readFileSync(join(ORDINARY, `${name}.log.gz`)))
    .toString('latin1')
    .trimEnd()
    .split('\n');
