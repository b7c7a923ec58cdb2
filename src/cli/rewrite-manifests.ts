/** Reads manifests, changes the workloads among them, and writes all of them, or nothing where one cannot be changed. */
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { type KubernetesObject, objectName } from '../constructs/workload.js';
import { formatManifests, type Manifest, malformed, parseManifests, readManifestFiles } from './manifests.js';
import { UsageError } from './usage.js';

/** The streams that a command reads and writes; `process` is one. */
export interface CommandStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

export interface Rewriting {
  /** File, directory, or `-` for standard input. */
  readonly path: string;
  /** `yaml` unless given. */
  readonly format: string | undefined;
  readonly change: (object: KubernetesObject) => KubernetesObject;
  /** What was done to a manifest that is different now, with its sign: `+ injected`. */
  readonly done: string;
}

/** Throws a UsageError or a CommandError before anything is written to `io.stdout`. */
export async function rewriteManifests(
  { path, format = 'yaml', change, done }: Rewriting,
  io: CommandStreams,
): Promise<void> {
  if (format !== 'yaml' && format !== 'json') throw new UsageError(`--output (${format}) must be yaml or json`);
  const name = path === '-' ? 'standard input' : path;
  const texts = path === '-' ? [{ name, text: await text(io.stdin) }] : readManifestFiles(path);
  const manifests = texts.flatMap(parseManifests);
  if (manifests.length === 0) throw malformed(name, 'no manifest in it: give one');
  const results = manifests.map((manifest) => changed(manifest, change));
  await write(io.stdout, formatManifests(results, format));
  const report = results.map((result, index) => {
    const isSame = isDeepStrictEqual(result, manifests[index]?.object);
    return `${isSame ? '= unchanged' : done} ${objectName(result)}\n`;
  });
  await write(io.stderr, report.join(''));
}

function changed({ object, place }: Manifest, change: Rewriting['change']): KubernetesObject {
  try {
    return change(object);
  } catch (error) {
    throw malformed(place, (error as Error).message);
  }
}

/** The one place that a command is given. Throws a UsageError for none, or several. */
export function onePath(command: string, positionals: readonly string[], usage: string): string {
  const [path] = positionals;
  if (path !== undefined && positionals.length === 1) return path;
  throw new UsageError(`${command} takes one FILE, DIR or -, but got ${positionals.length}.\n\n${usage}`);
}

export function write(stream: Writable, content: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(content, (error) => (error ? reject(error) : resolve()));
  });
}
