/** Reads and writes Kubernetes manifests: YAML with any number of documents, and JSON. */
import { type Alias, type Document, LineCounter, type Node, parseAllDocuments, visit } from 'yaml';
import { listItems } from '../../constructs/injection/object-list.js';
import { isWorkload, type KubernetesObject } from '../../constructs/injection/workload.js';
import { AS_KUBECTL, toYaml } from './kubectl-yaml.js';
import { type ManifestText, malformed, placeOf } from './manifest-text.js';
import { RENDER_FIRST, sourceOfManifests, strangeKey, templateExpression } from './unrendered.js';

/** One object of a source, with the place where it starts. */
export interface Manifest {
  readonly object: KubernetesObject;
  readonly file: string;
  /** From 1 on. */
  readonly line: number;
}

/** A document of a text with its objects, the items of a list one by one. */
export interface ManifestDocument {
  readonly document: Document.Parsed;
  /** What it is read as. */
  readonly value: unknown;
  /** None of an empty document. */
  readonly manifests: readonly Manifest[];
}

/** The objects in a text, including each item of a list. Empty documents are skipped. */
export const parseManifests = (source: ManifestText): Manifest[] =>
  parseDocuments(source).flatMap(({ manifests }) => manifests);

/** The values of the documents in a text. */
export const readValues = (text: string): unknown[] => parseDocuments({ name: 'text', text }).map(({ value }) => value);

export function parseDocuments(source: ManifestText): ManifestDocument[] {
  const lines = new LineCounter();
  const documents: Document.Parsed[] = parseAllDocuments(source.text, {
    ...AS_KUBECTL,
    keepSourceTokens: true,
    lineCounter: lines,
    prettyErrors: false,
  });
  return documents.map((document) => {
    const { value, start } = contentOf(document, source, lines);
    return { document, value, manifests: objects({ document, value, start }, source.name, lines) };
  });
}

/** The value of a document, and the place where it starts. */
function contentOf(document: Document.Parsed, { name, text }: ManifestText, lines: LineCounter) {
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    const remedy = remedyFor(text, problem.message);
    const cause = isTooDeep(problem) ? TOO_DEEP : problem.message;
    throw malformed(`${name}, line ${line}, column ${col}`, `not valid YAML: ${cause}: ${remedy}`);
  }
  const key = strangeKey(document);
  if (key !== undefined) {
    const { line, col } = lines.linePos(key.at);
    throw malformed(
      `${name}, line ${line}, column ${col}`,
      `a key must be a word, but is a ${key.is}: if this is '{{ }}' of a template, ${RENDER_FIRST}`,
    );
  }
  const endless = aliasOfItself(document);
  if (endless !== undefined) {
    const place = placeOf(name, lines.linePos(endless.range![0]).line);
    throw malformed(
      place,
      `the anchor '${endless.source}' contains itself: remove the alias '*${endless.source}' from it`,
    );
  }
  const start = document.contents?.range?.[0] ?? document.range[0];
  try {
    return { value: document.toJS() as unknown, start };
  } catch (error) {
    const place = placeOf(name, lines.linePos(start).line);
    const cause = isTooDeep(error as Error) ? TOO_DEEP : (error as Error).message;
    throw malformed(place, `not valid YAML: ${cause}: correct it`);
  }
}

function remedyFor(text: string, problem: string): string {
  // No JSON starts with two braces, but most files of a Helm chart do.
  if (/^\s*\{(?!\{)/.test(text) && /\}\s*\n\s*\{/.test(text)) {
    return 'make several JSON objects one List, for example with `jq -s \'{apiVersion: "v1", kind: "List", items: .}\'`';
  }
  if (text.includes('{{')) return `if it is a template, ${RENDER_FIRST}`;
  // kubectl does not mind.
  if (/^Missing closing .quote/.test(problem)) return 'close the quote, and indent its lines further than their key';
  return 'correct it';
}

const TOO_DEEP = 'it is nested too deeply';

/** Of the stack, which the parser also reports as an error of the text. */
const isTooDeep = ({ message }: Error) => message.includes('call stack');

function aliasOfItself(document: Document.Parsed): Alias | undefined {
  let found: Alias | undefined;
  visit(document, {
    Alias: (_key, alias, path) => {
      if (!path.includes(alias.resolve(document) as Node)) return undefined;
      found = alias;
      return visit.BREAK;
    },
  });
  return found;
}

type Path = readonly (string | number)[];

interface Content {
  readonly document: Document.Parsed;
  readonly value: unknown;
  readonly start: number;
}

const objects = (content: Content, name: string, lines: LineCounter): Manifest[] =>
  content.value === null || content.value === undefined ? [] : objectsBelow(content, [], name, lines);

/** The object at a path, or the objects of the list there. A list may contain lists. */
function objectsBelow({ document, value, start }: Content, path: Path, name: string, lines: LineCounter): Manifest[] {
  const node = document.getIn(path, true) as Node | null | undefined;
  const { line } = lines.linePos(node?.range?.[0] ?? start);
  const place = placeOf(name, line);
  checkObject(value, place, name);
  const items = itemsOf(value, place);
  if (items === undefined) {
    refuseTemplates(node, value, name, lines);
    return [{ object: value, file: name, line }];
  }
  return items.flatMap((item, index) =>
    objectsBelow({ document, value: item, start }, [...path, 'items', index], name, lines),
  );
}

/** A name such as `{{ .Values.name }}` is valid YAML, but Kubernetes rejects it. */
function refuseTemplates(node: Node | null | undefined, object: KubernetesObject, name: string, lines: LineCounter) {
  if (!isWorkload(object.apiVersion, object.kind)) return;
  const found = templateExpression(node);
  if (found === undefined) return;
  const { line, col } = lines.linePos(found.at);
  throw malformed(`${name}, line ${line}, column ${col}`, `'${found.text}' belongs to a template: ${RENDER_FIRST}`);
}

function itemsOf(object: KubernetesObject, place: string): KubernetesObject[] | undefined {
  try {
    return listItems(object);
  } catch (error) {
    throw malformed(place, (error as Error).message);
  }
}

function checkObject(value: unknown, place: string, name: string): asserts value is KubernetesObject {
  const { apiVersion, kind } = (value ?? {}) as Partial<KubernetesObject>;
  if (typeof apiVersion === 'string' && typeof kind === 'string') return;
  const source = sourceOfManifests(name);
  if (source !== undefined) throw malformed(place, source);
  throw malformed(place, "a Kubernetes object must have 'apiVersion' and 'kind': add them, or leave the document out");
}

/** YAML documents, or JSON: a single object, or several objects in a List. */
export function formatManifests(manifests: readonly unknown[], format: 'yaml' | 'json'): string {
  if (format === 'yaml') {
    return manifests.map((manifest) => toYaml(manifest)).join('---\n');
  }
  const whole = manifests.length === 1 ? manifests[0] : { apiVersion: 'v1', kind: 'List', items: manifests };
  return `${JSON.stringify(whole, null, 2)}\n`;
}
