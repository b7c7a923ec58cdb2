/** Reads manifests, changes the workloads among them, and writes all of them. Writes nothing if one cannot be changed. */
import { text } from 'node:stream/consumers';
import type { KubernetesObject } from '../../constructs/injection/workload.js';
import { type CommandStreams, write } from '../streams.js';
import {
  formatManifests,
  hasComments,
  type Manifest,
  type ManifestText,
  malformed,
  parseManifests,
  placeOf,
  readManifestFiles,
} from './manifests.js';

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
  const texts = await readTexts(path, io);
  const manifests = manifestsIn(texts, path);
  const results = manifests.map((manifest) => atPlace(manifest, change));
  const objects = results.map(({ object }) => object);
  const functionList = manifests.find((manifest) => manifest.functionList)?.functionList;
  await write(io.stdout, formatManifests(functionList ? [{ ...functionList, items: objects }] : objects, format));
  const commented = texts.filter(hasComments).map(({ name }) => `! ${name}: the comments are not in the output`);
  const lines = [...results.flatMap(({ report }) => report), ...commented];
  await write(io.stderr, lines.map((line) => `${line}\n`).join(''));
}

/**
 * The objects in a file, a directory or standard input.
 *
 * @throws CommandError if it cannot be read, or contains none
 */
export async function readManifests(path: string, io: CommandStreams): Promise<Manifest[]> {
  return manifestsIn(await readTexts(path, io), path);
}

const STANDARD_INPUT = 'standard input';

async function readTexts(path: string, io: CommandStreams): Promise<ManifestText[]> {
  return path === '-' ? [{ name: STANDARD_INPUT, text: await text(io.stdin) }] : readManifestFiles(path);
}

function manifestsIn(texts: readonly ManifestText[], path: string): Manifest[] {
  const manifests = texts.flatMap(parseManifests);
  if (manifests.length === 0) throw malformed(path === '-' ? STANDARD_INPUT : path, 'contains no manifest: give one');
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
