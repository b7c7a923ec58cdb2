/**
 * Holds a run against the row's expectation. What has to be true in a cell:
 *
 * | target | tee | suppress |
 * |---|---|---|
 * | none (no library) | originals = expected | - |
 * | present, ring, raw file | captured = expected, originals = expected | captured = expected, originals empty |
 * | absent | originals = expected, nothing captured | the same |
 * | late, full, closed, restarted | originals = expected; captured is a part of expected, in order | captured and originals, woven, = expected |
 *
 * Reported losses are never more than what is missing. They are exactly that when the target is present (none), and in
 * the cells full, late and restarted of a row with `reportsLosses` if each of its processes was connected at the end.
 */
import { relative } from 'node:path';
import { type Frame, readProcesses, type TappedProcess } from '../../../test/support/tap-receiver.js';
import type { ZooCase } from './case.js';
import type { Observed } from './run-case.js';
import { difference, disorder, linesOf, missingBlock, otherLines, unwoven } from './sequences.js';
import { type Cell, isReliable } from './targets.js';

const NOTHING = Buffer.alloc(0);

/** @see ZooCase.normalise */
function normalised({ normalise }: ZooCase, bytes: Buffer): Buffer {
  return normalise === undefined ? bytes : Buffer.from(normalise(bytes.toString('latin1')), 'latin1');
}

/** The run without what no one can state; frames are dealt with when they are decoded. */
function normaliseOriginals(row: ZooCase, observed: Observed): Observed {
  return {
    ...observed,
    stdout: normalised(row, observed.stdout),
    stderr: normalised(row, observed.stderr),
    files: new Map([...observed.files].map(([path, bytes]) => [path, normalised(row, bytes)])),
    raw: normalised(row, observed.raw),
  };
}

/** A stream or file: what is expected, what reached the original, what was captured. */
interface Compared {
  readonly name: string;
  readonly expected: Buffer;
  /** Absent where the disk does not hold what was written: rotated, truncated, removed. */
  readonly original: Buffer | undefined;
  /** One list of frames a process. */
  readonly captured: readonly (readonly Frame[])[];
}

const payloads = (frames: readonly Frame[]) => Buffer.concat(frames.map(({ payload }) => payload));
const capturedBytes = ({ captured }: Compared) => captured.flat().reduce((sum, { payload }) => sum + payload.length, 0);

/** Frames of all processes by their time; each process's own stay in their order. */
export function mergeByTime(processes: readonly (readonly Frame[])[]): Frame[] {
  const merged: Frame[] = [];
  const next = processes.map(() => 0);
  for (;;) {
    let first: number | undefined;
    for (let p = 0; p < processes.length; p += 1) {
      const frame = processes[p]![next[p]!];
      if (frame === undefined) continue;
      if (first === undefined || frame.timeNs < processes[first]![next[first]!]!.timeNs) first = p;
    }
    if (first === undefined) return merged;
    merged.push(processes[first]![next[first]!]!);
    next[first]! += 1;
  }
}

const buffersOf = (texts: Readonly<Record<string, string | Buffer>>) =>
  Object.entries(texts).map(([name, bytes]): [string, Buffer] => [name, Buffer.from(bytes)]);

/** Made once: a row may have megabytes, and many cells. */
const expectationsByRow = new WeakMap<ZooCase, ReadonlyMap<string, Buffer>>();

/** The streams and files of a row, by name. */
function expectations(row: ZooCase): ReadonlyMap<string, Buffer> {
  const { stdout = '', stderr = '', files = {} } = row;
  const known = expectationsByRow.get(row) ?? new Map(buffersOf({ stdout, stderr, ...files }));
  expectationsByRow.set(row, known);
  return known;
}

const endOf = (row: ZooCase) => (row.signal === undefined ? `exit ${row.exitCode ?? 0}` : `signal ${row.signal}`);

/** Files that are none of the library's business. */
function wrongUntapped({ untapped = {} }: ZooCase, { files }: Observed): string[] {
  return Object.entries(untapped).flatMap(([name, bytes]) =>
    difference(`untapped ${name}`, files.get(name) ?? NOTHING, Buffer.from(bytes)),
  );
}

function wrongEnd(row: ZooCase, { ended, stderr }: Observed): string[] {
  if (ended === endOf(row)) return [];
  return [`ended by ${ended} instead of ${endOf(row)}; stderr ${JSON.stringify(stderr.toString().slice(-300))}`];
}

/** Compares all of a stream: nothing may lack. */
function wrongWhole(row: ZooCase, what: string, actual: Buffer, expected: Buffer): string[] {
  if (row.order !== 'lines') return difference(what, actual, expected);
  return otherLines(what, linesOf(actual), expected);
}

/** The originals as if there were no library. */
function wrongOriginals(row: ZooCase, { stdout, stderr, files }: Observed): string[] {
  const expected = new Map([...expectations(row), ...buffersOf(row.onDisk ?? {})]);
  const actual = new Map([...files, ['stdout', stdout], ['stderr', stderr]]);
  return [...expected].flatMap(([name, bytes]) =>
    wrongWhole(row, `original ${name}`, actual.get(name) ?? NOTHING, bytes),
  );
}

/** The originals of a run in which all was handed over instead. */
function leftInOriginals({ untapped = {} }: ZooCase, { stdout, stderr, files }: Observed): string[] {
  return [['stdout', stdout] as const, ['stderr', stderr] as const, ...files]
    .filter(([name, bytes]) => bytes.length > 0 && untapped[name] === undefined)
    .map(([name, bytes]) => `original ${name}: ${bytes.length} bytes though all was handed over`);
}

function linesOfEach({ captured }: Compared): string[][] {
  return captured.map((frames) => linesOf(payloads(frames)));
}

/** What was captured is all of it, or in order a part of it. */
function wrongCaptured(row: ZooCase, compared: Compared, isWhole: boolean): string[] {
  const { name, expected, captured } = compared;
  const what = `captured ${name}`;
  if (row.order === 'lines') {
    const lines = linesOfEach(compared);
    return [
      ...otherLines(what, lines.flat(), expected, !isWhole),
      ...lines.flatMap((own) => disorder(what, own, expected)),
    ];
  }
  const frames = mergeByTime(captured);
  if (isWhole) return difference(what, payloads(frames), expected);
  return missingBlock(
    what,
    expected,
    frames.map(({ payload }) => payload),
  );
}

/** Captured and original together are what was written. */
function wrongTogether(row: ZooCase, compared: Compared): string[] {
  const { name, expected, original, captured } = compared;
  if (original === undefined) return wrongCaptured(row, compared, false);
  const what = `captured and original ${name}`;
  if (row.order === 'lines') {
    return [
      ...otherLines(what, [...linesOfEach(compared).flat(), ...linesOf(original)], expected),
      ...linesOfEach(compared).flatMap((own) => disorder(what, own, expected)),
    ];
  }
  return unwoven(what, expected, [payloads(mergeByTime(captured)), withoutHoles(original, expected)]);
}

/** A write at a place of its own, such as `pwrite`, leaves a hole where what stands before it was handed over. */
function withoutHoles(original: Buffer, expected: Buffer): Buffer {
  return expected.includes(0) || !original.includes(0) ? original : Buffer.from(original.filter((byte) => byte !== 0));
}

/** Losses that the processes reported against what is missing. */
function wrongLosses(row: ZooCase, cell: Cell, run: Run, compared: readonly Compared[]): string[] {
  const reported = run.processes.reduce((sum, { lost }) => sum + Number(lost.bytes), 0);
  if (row.normalise !== undefined && !isReliable(cell)) return []; // Counted before it was normalised.
  const missing = compared.reduce((sum, stream) => sum + stream.expected.length - capturedBytes(stream), 0);
  if (missing < 0) return []; // Said already: there is more than was written.
  if (reported > missing) return [`losses: ${reported} bytes reported, but only ${missing} are missing`];
  const isExact =
    isReliable(cell) ||
    (row.reportsLosses === true &&
      ['full', 'late', 'restarted'].includes(cell.target) &&
      run.connectedAtEnd === run.writers);
  return !isExact || reported === missing ? [] : [`losses: ${missing} bytes are missing, but ${reported} reported`];
}

interface Run {
  readonly processes: readonly TappedProcess[];
  /** How many of them had a connection after the target had come (back) to stay. */
  readonly connectedAtEnd: number;
  /** How many there are when the target is present. */
  readonly writers: number | undefined;
}

function decode({ connections, generation: last }: Observed, writers: number | undefined): Run {
  // One that was given up before its first byte.
  const used = connections.filter(({ bytes }) => bytes.length > 0);
  const ofLast = used.filter(({ generation }) => generation === last);
  return {
    processes: readProcesses(used.map(({ bytes }) => bytes)),
    connectedAtEnd: readProcesses(ofLast.map(({ bytes }) => bytes)).length,
    writers,
  };
}

function wrongRaw(row: ZooCase, { raw }: Observed): string[] {
  const parts = [...expectations(row).values()].filter((bytes) => bytes.length > 0);
  const [first = NOTHING] = parts;
  if (row.order === 'lines') return otherLines('raw file', linesOf(raw), Buffer.concat(parts));
  return parts.length < 2 ? difference('raw file', raw, first) : unwoven('raw file', raw, parts);
}

function wrongFrames(row: ZooCase, cell: Cell, observed: Observed, run: Run): string[] {
  const expected = expectations(row);
  const nameOf = (path: string) => (path.startsWith('/') ? relative(observed.directory, path) : path);
  const originals = new Map([...observed.files, ['stdout', observed.stdout], ['stderr', observed.stderr]]);
  const unexpected = run.processes
    .flatMap((process) => process.streams())
    .filter((path) => !expected.has(nameOf(path)))
    .map((path) => `captured ${nameOf(path)}, which is not to be`);
  const compared = [...expected].map(
    ([name, bytes]): Compared => ({
      name,
      expected: bytes,
      original: row.onDisk?.[name] !== undefined ? undefined : originals.get(name),
      captured: run.processes.map((process) =>
        process
          .streams()
          .filter((path) => nameOf(path) === name)
          .flatMap((path) => process.frames(path))
          .map((frame) => ({ ...frame, payload: normalised(row, frame.payload) })),
      ),
    }),
  );
  const isWhole = isReliable(cell);
  return [
    ...unexpected,
    ...compared.flatMap((stream) =>
      cell.mode === 'tee' || isWhole ? wrongCaptured(row, stream, isWhole) : wrongTogether(row, stream),
    ),
    ...(cell.mode === 'tee' ? wrongOriginals(row, observed) : isWhole ? leftInOriginals(row, observed) : []),
    ...wrongLosses(row, cell, run, compared),
  ];
}

export interface Verdict {
  /** What is wrong; empty: the cell passes. */
  readonly complaints: readonly string[];
  /** How many processes handed something over. */
  readonly writers: number;
}

/** More of them say no more. */
const COMPLAINTS_MAX = 8;

/**
 * Holds a run against its row.
 * @param cell absent: the run was without the library
 * @param writers those of the cell whose target is present */
export function judge(row: ZooCase, cell: Cell | undefined, observed: Observed, writers?: number): Verdict {
  const verdict = examine(row, cell, normaliseOriginals(row, observed), writers);
  return { ...verdict, complaints: verdict.complaints.slice(0, COMPLAINTS_MAX) };
}

function examine(row: ZooCase, cell: Cell | undefined, observed: Observed, writers: number | undefined): Verdict {
  const complaints = [...wrongEnd(row, observed), ...wrongUntapped(row, observed)];
  if (cell === undefined || cell.target === 'absent' || row.untouchable !== undefined) {
    const captured = observed.connections.reduce((sum, { bytes }) => sum + bytes.length, observed.raw.length);
    complaints.push(...wrongOriginals(row, observed));
    if (captured > 0) complaints.push(`${captured} bytes captured, of which there should be none`);
    return { complaints, writers: 0 };
  }
  if (cell.target === 'raw file') {
    complaints.push(...wrongRaw(row, observed));
    complaints.push(...(cell.mode === 'tee' ? wrongOriginals(row, observed) : leftInOriginals(row, observed)));
    return { complaints, writers: 0 };
  }
  try {
    const run = decode(observed, writers);
    complaints.push(...wrongFrames(row, cell, observed, run));
    return { complaints, writers: run.connectedAtEnd };
  } catch (error) {
    complaints.push(`frames: ${error instanceof Error ? error.message : error}`);
    return { complaints, writers: 0 };
  }
}
