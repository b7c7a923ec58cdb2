/** Distinguishes unrendered templates, such as those of Helm charts, from manifests. */
import { basename } from 'node:path';
import { isCollection, isPair, isScalar, type Node, visit } from 'yaml';

export const RENDER_FIRST = 'render it first, for example with `helm template`, and give the result';

/**
 * The first key that no Kubernetes object has: a mapping, a list or an empty key. YAML reads an unquoted `{{ .Values.image }}`
 * as a mapping whose key is a mapping.
 */
export function strangeKey(document: Parameters<typeof visit>[0]): { at: number; is: string } | undefined {
  let found: { at: number; is: string } | undefined;
  visit(document, {
    Pair: (_index, { key }) => {
      const isNothing = isScalar(key) && key.value === null && key.source === '';
      if (!isCollection(key) && !isNothing) return undefined;
      found = { at: key.range?.[0] ?? 0, is: isNothing ? 'nothing' : 'mapping or list' };
      return visit.BREAK;
    },
  });
  return found;
}

/** What a file contains instead of objects, by its name. */
export function sourceOfManifests(file: string): string | undefined {
  const name = basename(file);
  if (/^kustomization\.ya?ml$/.test(name)) {
    return 'this file is for kustomize: give the output of `kubectl kustomize` instead of the directory';
  }
  return /^(Chart|values)\.ya?ml$/.test(name) ? `this file is part of a Helm chart: ${RENDER_FIRST}` : undefined;
}

/** Fields that contain a name, anywhere in a workload. */
const NAMES: readonly unknown[] = ['name', 'namespace', 'image', 'serviceAccountName'];

/** The first name that is a quoted expression of a template. */
export function templateExpression(node: Node | null | undefined): { at: number; text: string } | undefined {
  if (!node) return undefined;
  let found: { at: number; text: string } | undefined;
  visit(node, {
    Scalar: (_key, scalar, path) => {
      const pair = path.at(-1);
      const isName = isPair(pair) && pair.value === scalar && isScalar(pair.key) && NAMES.includes(pair.key.value);
      if (!isName || !/\{\{.*\}\}/s.test(String(scalar.value))) return undefined;
      found = { at: scalar.range?.[0] ?? 0, text: String(scalar.value) };
      return visit.BREAK;
    },
  });
  return found;
}
