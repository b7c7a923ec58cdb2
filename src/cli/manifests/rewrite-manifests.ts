/** Reads manifests, changes the workloads among them, and writes all of them. Writes nothing if one cannot be changed. */
import { text } from 'node:stream/consumers';
import type { KubernetesObject } from '../../constructs/injection/workload.js';
import { type CommandStreams, write } from '../streams.js';
import { formatManifests, type Manifest, malformed, parseManifests, placeOf, readManifestFiles } from './manifests.js';

export interface Rewriting {
  /** File, directory, or `-` for standard input. */
  readonly path: string;
  readonly format: 'yaml' | 'json';
  readonly change: (object: KubernetesObject) => Change;
}

/** The changed object, and the lines that report the change. */
export interface Change {
  readonly object: KubernetesObject;
  readonly report: readonly string[];
}

/** Throws a UsageError or a CommandError before anything is written to `io.stdout`. */
export async function rewriteManifests({ path, format, change }: Rewriting, io: CommandStreams): Promise<void> {
  const results = (await readManifests(path, io)).map((manifest) => atPlace(manifest, change));
  await write(
    io.stdout,
    formatManifests(
      results.map(({ object }) => object),
      format,
    ),
  );
  await write(io.stderr, results.flatMap(({ report }) => report.map((line) => `${line}\n`)).join(''));
}

/**
 * The objects in a file, a directory or standard input.
 *
 * @throws CommandError if it cannot be read, or contains none
 */
export async function readManifests(path: string, io: CommandStreams): Promise<Manifest[]> {
  const name = path === '-' ? 'standard input' : path;
  const texts = path === '-' ? [{ name, text: await text(io.stdin) }] : readManifestFiles(path);
  const manifests = texts.flatMap(parseManifests);
  if (manifests.length === 0) throw malformed(name, 'contains no manifest: give one');
  return manifests;
}

/** Applies a function to an object. An error gets the object's position. */
export function atPlace<T>({ object, file, line }: Manifest, act: (object: KubernetesObject) => T): T {
  try {
    return act(object);
  } catch (error) {
    throw malformed(placeOf(file, line), (error as Error).message);
  }
}
