/** Kubernetes objects in a stream of YAML or JSON: several documents, and lists of objects. */
import { LineCounter, parseAllDocuments } from 'yaml';
import { MigrateError, mustBeText } from '../input.js';

export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name?: string; readonly namespace?: string };
  readonly [key: string]: unknown;
}

/** Whether a text has objects of Kubernetes. A configuration has no `kind` at its top. */
export const isManifest = (text: string) =>
  (/^apiVersion:\s/m.test(text) && /^kind:\s/m.test(text)) ||
  (/^\s*[{[]/.test(text) && /"apiVersion"\s*:/.test(text) && /"kind"\s*:/.test(text));

/** @throws MigrateError for text that is no YAML, such as a chart that was not rendered */
export function objectsOf(file: string, text: string): KubernetesObject[] {
  const lines = new LineCounter();
  const clean = mustBeText(file, text);
  const template = /^.*\{\{.*\}\}.*$/m.exec(clean);
  const documents = parseAllDocuments(clean, { lineCounter: lines, uniqueKeys: false });
  const objects: KubernetesObject[] = [];
  for (const document of documents) {
    const [error] = document.errors;
    // `name: {{ .Release.Name }}` is YAML as well: an object.
    if (template !== null && (error !== undefined || /\bname:\s*\{\{/.test(clean)))
      throw new MigrateError(
        { file, line: clean.slice(0, template.index).split('\n').length },
        template[0].trim(),
        'is a template of Helm',
        'Render the chart and give the result: helm template NAME CHART | logtap migrate -',
      );
    if (error !== undefined)
      throw new MigrateError(
        { file, line: lines.linePos(error.pos[0]).line },
        clean.slice(error.pos[0], error.pos[1] + 20).split('\n')[0]!,
        `is no valid YAML (${error.code})`,
        'Correct the line',
      );
    collect(
      read(file, () => document.toJS({ maxAliasCount: 100 })),
      objects,
    );
  }
  return objects;
}

function read(file: string, value: () => unknown): unknown {
  try {
    return value();
  } catch (error) {
    throw new MigrateError(
      { file, line: 1 },
      file,
      `is no valid YAML (${(error as Error).message})`,
      'Write the values',
    );
  }
}

function collect(value: unknown, objects: KubernetesObject[]): void {
  if (Array.isArray(value)) for (const each of value) collect(each, objects);
  if (typeof value !== 'object' || value === null) return;
  const { kind, metadata, items } = value as Partial<KubernetesObject>;
  if (typeof kind !== 'string') return;
  if (/List$/.test(kind) && Array.isArray(items))
    // `ConfigMapList` leaves out the kind of its items.
    for (const item of items) collect({ kind: kind.replace(/List$/, ''), ...item }, objects);
  else
    objects.push({ ...(value as KubernetesObject), kind, metadata: (metadata as KubernetesObject['metadata']) ?? {} });
}
