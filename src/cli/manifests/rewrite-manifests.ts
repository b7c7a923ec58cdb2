/** Reads manifests, changes the workloads among them, and writes all of them. Writes nothing if one cannot be changed. */
import { isList, isResourceList, withItems } from '../../constructs/injection/object-list.js';
import type { KubernetesObject } from '../../constructs/injection/workload.js';
import { type CommandStreams, write } from '../streams.js';
import { lostComments } from './edit/comments.js';
import { BYTE_ORDER_MARK, editJson, inOrder, jsonValue } from './edit/edit-json.js';
import { editYaml } from './edit/edit-yaml.js';
import { toYaml } from './kubectl-yaml.js';
import { type ManifestText, malformed, placeOf, readManifestFiles, readManifestStream } from './manifest-text.js';
import {
  formatManifests,
  type Manifest,
  type ManifestDocument,
  parseDocuments,
  parseManifests,
  readValues,
} from './manifests.js';

export interface Rewriting {
  /** File, directory, or `-` for standard input. */
  readonly path: string;
  /** `undefined` for that of the input. */
  readonly format: 'yaml' | 'json' | undefined;
  /** Of one object among all. */
  readonly change: (all: readonly KubernetesObject[]) => (object: KubernetesObject) => Change;
}

/** The changed object, and the lines that report the change. */
export interface Change {
  readonly object: KubernetesObject;
  readonly report: readonly string[];
}

/** Throws a UsageError or a CommandError before anything is written to `io.stdout`. */
export async function rewriteManifests({ path, format, change }: Rewriting, io: CommandStreams): Promise<void> {
  const texts = await readTexts(path, io);
  const sources = texts.map((source) => ({ source, documents: parseDocuments(source) }));
  const manifests = sources.flatMap(({ documents }) => documents.flatMap((document) => document.manifests));
  mustHaveManifest(manifests, path);
  const changeOne = change(manifests.map(({ object }) => object));
  const rewritten = sources.map(({ source, documents }) => ({
    source,
    documents: documents.map((document) => changed(document, changeOne)),
  }));
  const all = rewritten.flatMap(({ documents }) => documents);
  const report = all.flatMap((document) => document.report);
  if (format === 'json') {
    const objects = all.flatMap(({ objects: each }) => each);
    await write(io.stdout, formatManifests(objects, 'json'));
  } else {
    const keepsJson = format === undefined && sources.length === 1;
    const outputs = rewritten.map(({ source, documents }) => edited(source.text, documents, keepsJson));
    await write(io.stdout, joined(outputs));
    report.push(...rewritten.flatMap(({ source }, index) => lossesOf(source, outputs[index]!)));
  }
  await write(io.stderr, report.map((line) => `${line}\n`).join(''));
}

/** A document after the change. */
interface Changed {
  readonly document: ManifestDocument['document'];
  readonly before: unknown;
  readonly after: unknown;
  readonly objects: readonly KubernetesObject[];
  readonly report: readonly string[];
}

function changed({ document, value, manifests }: ManifestDocument, change: ReturnType<Rewriting['change']>): Changed {
  const changes = manifests.map((manifest) => atPlace(manifest, change));
  const objects = changes.map(({ object }) => object);
  const { apiVersion, kind } = (value ?? {}) as Partial<KubernetesObject>;
  let next = 0;
  const afterOf = (item: KubernetesObject): KubernetesObject =>
    isList(item.apiVersion, item.kind) ? withItems(item, afterOf) : objects[next++]!;
  const after = manifests.length === 0 ? value : afterOf(value as KubernetesObject);
  const report = changes.flatMap((each) => each.report);
  // A KRM function is given such a list, and has to return one.
  const isWhole = isResourceList(apiVersion, kind);
  return { document, before: value, after, objects: isWhole ? [after as KubernetesObject] : objects, report };
}

function edited(source: string, documents: readonly Changed[], keepsJson: boolean): string {
  const before = jsonValue(source);
  if (before === undefined) return editYaml(source, documents, readValues);
  const [{ after } = { after: before }] = documents;
  return keepsJson ? editJson(source, before, after) : toYaml(inOrder(before, after));
}

/** The texts as one, each with a document of its own. A single one starts and ends as it did. */
function joined(texts: readonly string[]): string {
  if (texts.length === 1) return texts[0]!;
  return texts
    .map((each) => each.replace(BYTE_ORDER_MARK, ''))
    .map((each) => (each === '' || each.endsWith('\n') ? each : `${each}\n`))
    .map((each, index) => (index === 0 || /^(?:[ \t]*(?:#.*)?\n)*---/.test(each) ? each : `---\n${each}`))
    .join('');
}

function lossesOf({ name, text: before }: ManifestText, after: string): string[] {
  const [first, ...others] = jsonValue(before) === undefined && before !== after ? lostComments(before, after) : [];
  if (first === undefined) return [];
  const which =
    others.length === 0 ? `the comment '${first}' is` : `${others.length + 1} comments, such as '${first}', are`;
  return [`! ${name}: ${which} not in the output, because the lines around it are replaced`];
}

/**
 * The objects in a file, a directory or standard input.
 *
 * @throws CommandError if it cannot be read, or contains none
 */
export async function readManifests(path: string, io: CommandStreams): Promise<Manifest[]> {
  const manifests = (await readTexts(path, io)).flatMap(parseManifests);
  mustHaveManifest(manifests, path);
  return manifests;
}

const STANDARD_INPUT = 'standard input';

async function readTexts(path: string, io: CommandStreams): Promise<ManifestText[]> {
  return path === '-' ? [await readManifestStream(STANDARD_INPUT, io.stdin)] : readManifestFiles(path);
}

function mustHaveManifest(manifests: readonly Manifest[], path: string): void {
  if (manifests.length === 0) throw malformed(path === '-' ? STANDARD_INPUT : path, 'contains no manifest: give one');
}

/** Applies a function to an object. An error gets the object's position. */
export function atPlace<T>({ object, file, line }: Manifest, act: (object: KubernetesObject) => T): T {
  try {
    return act(object);
  } catch (error) {
    throw malformed(placeOf(file, line), (error as Error).message);
  }
}
