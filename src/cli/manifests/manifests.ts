/** Reads and writes Kubernetes manifests: files, directories and standard input, YAML with any number of documents, and JSON. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CST, type Document, Lexer, LineCounter, type Node, parseAllDocuments } from 'yaml';
import { isResourceList, listItems } from '../../constructs/injection/object-list.js';
import { isWorkload, type KubernetesObject } from '../../constructs/injection/workload.js';
import { CommandError } from '../usage.js';
import { AS_KUBECTL, toYaml } from './kubectl-yaml.js';
import { RENDER_FIRST, strangeKey, templateExpression } from './unrendered.js';

/** Exit codes after sysexits(3). */
const EX_DATAERR = 65;
const EX_NOINPUT = 66;

/** One object of a source, with the place where it starts. */
export interface Manifest {
  readonly object: KubernetesObject;
  readonly file: string;
  /** From 1 on. */
  readonly line: number;
  /** The type of the list that the command was given as a KRM function, and has to return. */
  readonly functionList?: { readonly apiVersion: string; readonly kind: string };
}

/** The position of an object, for messages. */
export const placeOf = (file: string, line: number) => `${file}, line ${line}`;

/** A text to read manifests from. Messages use `name`. */
export interface ManifestText {
  readonly name: string;
  readonly text: string;
}

/** The texts of one file, or of every .yaml, .yml and .json file below a directory, in the order of names. */
export function readManifestFiles(path: string): ManifestText[] {
  try {
    if (!statSync(path).isDirectory()) return [{ name: path, text: readFileSync(path, 'utf8') }];
    const files = readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ya?ml|json)$/.test(file))
      .map((file) => join(path, file))
      .sort();
    if (files.length > 0) return files.map((name) => ({ name, text: readFileSync(name, 'utf8') }));
  } catch (error) {
    throw new CommandError(
      `cannot read '${path}': ${(error as Error).message}. Give a file, a directory or -`,
      EX_NOINPUT,
    );
  }
  throw new CommandError(
    `'${path}' contains no .yaml, .yml or .json file. Give a directory with manifests`,
    EX_NOINPUT,
  );
}

/** The error for an unusable manifest: its place, the problem and the remedy. */
export function malformed(place: string, problem: string): CommandError {
  return new CommandError(`${place}: ${problem}; nothing was written`, EX_DATAERR);
}

/** The comments that Helm writes into its output. */
const OF_HELM = /^# Source: /;

/** Whether a text has comments by hand, which are not part of its objects. */
export function hasComments({ text }: ManifestText): boolean {
  let before = '';
  for (const token of new Lexer().lex(text)) {
    // A token of its own announces a scalar, whose text may start with '#'.
    if (CST.tokenType(token) === 'comment' && before !== CST.SCALAR && !OF_HELM.test(token)) return true;
    before = token;
  }
  return false;
}

/** The objects in a text, including each item of a list. Empty documents are skipped. */
export function parseManifests(source: ManifestText): Manifest[] {
  const lines = new LineCounter();
  const documents: Document.Parsed[] = parseAllDocuments(source.text, {
    ...AS_KUBECTL,
    lineCounter: lines,
    prettyErrors: false,
  });
  return documents.flatMap((document) => objects(document, source, lines));
}

function objects(document: Document.Parsed, { name, text }: ManifestText, lines: LineCounter): Manifest[] {
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    const remedy = text.includes('{{') ? `if it is a template, ${RENDER_FIRST}` : 'correct it';
    throw malformed(`${name}, line ${line}, column ${col}`, `not valid YAML: ${problem.message}: ${remedy}`);
  }
  const key = strangeKey(document);
  if (key !== undefined) {
    const { line, col } = lines.linePos(key.at);
    throw malformed(
      `${name}, line ${line}, column ${col}`,
      `a key must be a word, but is a ${key.is}: if this is '{{ }}' of a template, ${RENDER_FIRST}`,
    );
  }
  const start = document.contents?.range?.[0] ?? document.range[0];
  const { line } = lines.linePos(start);
  const place = placeOf(name, line);
  let object: unknown;
  try {
    object = document.toJS();
  } catch (error) {
    throw malformed(place, `not valid YAML: ${(error as Error).message}: correct it`);
  }
  if (object === null || object === undefined) return [];
  checkObject(object, place);
  const items = itemsOf(object, place);
  if (items === undefined) {
    refuseTemplates(document.contents, object, name, lines);
    return [{ object, file: name, line }];
  }
  const { apiVersion, kind } = object;
  const functionList = isResourceList(apiVersion, kind) ? { apiVersion, kind } : undefined;
  return items.map((item, index) => {
    const node = document.getIn(['items', index], true) as Node | undefined;
    const itemLine = lines.linePos(node?.range?.[0] ?? start).line;
    checkObject(item, placeOf(name, itemLine));
    refuseTemplates(node, item, name, lines);
    return { object: item, file: name, line: itemLine, ...(functionList && { functionList }) };
  });
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

function checkObject(value: unknown, place: string): asserts value is KubernetesObject {
  const { apiVersion, kind } = (value ?? {}) as Partial<KubernetesObject>;
  if (typeof apiVersion === 'string' && typeof kind === 'string') return;
  throw malformed(place, "a Kubernetes object must have 'apiVersion' and 'kind': add them, or leave the document out");
}

/** YAML documents, or JSON: a single object, or several objects in a List. */
export function formatManifests(manifests: readonly unknown[], format: 'yaml' | 'json'): string {
  if (format === 'yaml') {
    return manifests.map(toYaml).join('---\n');
  }
  const whole = manifests.length === 1 ? manifests[0] : { apiVersion: 'v1', kind: 'List', items: manifests };
  return `${JSON.stringify(whole, null, 2)}\n`;
}
