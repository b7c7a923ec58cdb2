/** Reads the texts of manifests: a file, the files of a directory, or standard input. */
import { isUtf8 } from 'node:buffer';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { readWhole } from '../command-line/read-file.js';
import { CommandError, EXIT } from '../usage.js';

/** A text to read manifests from. Messages use `name`. */
export interface ManifestText {
  readonly name: string;
  readonly text: string;
}

/** The position of an object, for messages. */
export const placeOf = (file: string, line: number) => `${file}, line ${line}`;

/** The error for an unusable manifest: its place, the problem and the remedy. */
export function malformed(place: string, problem: string): CommandError {
  return new CommandError(`${place}: ${problem}; nothing was written`, EXIT.DATA);
}

/** What to do with an encoding by its first bytes, as PowerShell and editors of Windows write them. */
const UTF_16 = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

/** @throws CommandError unless the bytes are text in UTF-8 */
function decoded(name: string, bytes: Buffer): ManifestText {
  if (UTF_16.some((mark) => bytes.subarray(0, 2).equals(mark))) {
    throw malformed(name, 'is UTF-16: convert it, for example with `iconv -f utf-16 -t utf-8`');
  }
  if (!isUtf8(bytes))
    throw malformed(
      placeOf(
        name,
        firstLineThat((line) => !isUtf8(line), bytes),
      ),
      NOT_UTF_8,
    );
  if (bytes.includes(0)) {
    throw malformed(
      placeOf(
        name,
        firstLineThat((line) => line.includes(0), bytes),
      ),
      NO_TEXT,
    );
  }
  return { name, text: bytes.toString('utf8') };
}

const NOT_UTF_8 = 'is not UTF-8: convert it, for example with `iconv -f latin1 -t utf-8`, or leave the file out';
const NO_TEXT = 'is not text, because it contains a zero byte: give a manifest in UTF-8';

/** From 1 on. */
function firstLineThat(test: (line: Buffer) => boolean, bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf('\n', start);
    if (end < 0 || test(bytes.subarray(start, end))) break;
    start = end + 1;
  }
  return line;
}

/** The text of one file, or of every .yaml, .yml and .json file below a directory, in the order of names. */
export function readManifestFiles(path: string): ManifestText[] {
  if (!readable(path, () => statSync(path).isDirectory())) return [textOf(path)];
  const files = readable(path, () => filesBelow(path)).sort();
  if (files.length > 0) return files.map(textOf);
  throw new CommandError(
    `'${path}' contains no .yaml, .yml or .json file. Give a directory with manifests`,
    EXIT.NO_INPUT,
  );
}

export async function readManifestStream(name: string, stream: Readable): Promise<ManifestText> {
  return decoded(name, await buffer(stream));
}

const textOf = (path: string) =>
  decoded(
    path,
    readable(path, () => readWhole(path)),
  );

/** As kubectl finds them: a link to a file is one, and a link to a directory is not followed, because it may lead back. */
function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    if (!/\.(ya?ml|json)$/.test(entry.name)) return [];
    return entry.isFile() || (entry.isSymbolicLink() && statSync(path).isFile()) ? [path] : [];
  });
}

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new CommandError(
      `cannot read '${path}': ${(error as Error).message}. Give a file, a directory or -`,
      EXIT.NO_INPUT,
    );
  }
}
