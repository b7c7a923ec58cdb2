/** Pod templates inside objects of other kinds, each as a workload of its own, and put back after a change. */
import { ORIGINAL_ANNOTATION } from '../annotations.js';
import { EMBEDDED_VERSION, type KubernetesObject } from '../workload.js';
import { KNOWN_TEMPLATES, type TemplatePointers } from './kinds.js';

export interface EmbeddedTemplate {
  readonly path: readonly string[];
  /** Of the kind and the name of the object, with the template as `template`. */
  readonly workload: KubernetesObject;
}

/** The pointers to the pod templates of a kind; none of an unknown one. */
export const pointersOf = (apiVersion: unknown, kind: unknown, given: TemplatePointers): readonly string[] => {
  const name = `${apiVersion}/${kind}`;
  const of = (all: TemplatePointers) => (Object.hasOwn(all, name) ? all[name]! : []);
  return [...new Set([...of(KNOWN_TEMPLATES), ...of(given)])];
};

/** The pod templates that the pointers of its kind find in an object. */
export function embeddedTemplates(object: any, given: TemplatePointers): EmbeddedTemplate[] {
  const paths = pointersOf(object?.apiVersion, object?.kind, given).flatMap((pointer) =>
    pathsOf(object, pointerParts(pointer), []),
  );
  return paths.map((path) => ({ path, workload: workloadAt(object, path, paths.length > 1) }));
}

/** The injected pod templates of an object, where its kind does not tell. */
export function injectedTemplates(object: any): EmbeddedTemplate[] {
  const paths: string[][] = [];
  const visit = (value: any, path: string[]) => {
    if (value === null || typeof value !== 'object') return;
    const isTemplate = Array.isArray(value.spec?.containers);
    if (isTemplate && Object.hasOwn(Object(value.metadata?.annotations), ORIGINAL_ANNOTATION)) paths.push(path);
    else for (const [key, each] of Object.entries(value)) visit(each, [...path, key]);
  };
  visit(object, []);
  return paths.map((path) => ({ path, workload: workloadAt(object, path, paths.length > 1) }));
}

/** A copy of the object with the templates of the changed workloads. */
export function withTemplates(object: any, templates: readonly EmbeddedTemplate[], changed: readonly any[]): any {
  return templates.reduce((result, { path }, index) => replaced(result, path, changed[index].template), object);
}

/** The parts of a pointer, unescaped. */
export const pointerParts = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

function pathsOf(value: any, [part, ...rest]: readonly string[], before: readonly string[]): string[][] {
  if (value === null || typeof value !== 'object') return [];
  if (part === undefined) return [[...before]];
  const keys = part === '*' ? Object.keys(value) : [part].filter((key) => Object.hasOwn(value, key));
  return keys.flatMap((key) => pathsOf(value[key], rest, [...before, key]));
}

/** Of pods, and Kubeflow's own. */
const POLICIES: readonly unknown[] = ['Always', 'OnFailure', 'Never', 'ExitCode'];

function workloadAt(object: any, path: readonly string[], isOneOfSeveral: boolean): KubernetesObject {
  const levels = [object];
  for (const key of path) levels.push(levels.at(-1)[key]);
  const template = levels.at(-1);
  const above = levels.slice(0, -1).map((level) => level?.metadata);
  const merged = (field: string) => Object.assign({}, ...above.map((metadata) => metadata?.[field]));
  const name = object.metadata?.name ?? object.metadata?.generateName ?? '(unnamed)';
  // Operators give a pod the policy of its replica. The pods of a job end.
  const ofReplica = levels.at(-2)?.restartPolicy;
  const restartPolicy = POLICIES.includes(ofReplica) ? ofReplica : /Job/.test(object.kind) ? 'Never' : undefined;
  return {
    apiVersion: EMBEDDED_VERSION,
    kind: object.kind,
    metadata: {
      ...object.metadata,
      name: isOneOfSeveral ? `${name} (${labelOf(levels, path)})` : name,
      annotations: merged('annotations'),
      labels: merged('labels'),
    },
    ...(restartPolicy !== undefined && { restartPolicy }),
    template,
  };
}

/** `Worker` of `/spec/pytorchReplicaSpecs/Worker/template`: the path with the names of list items, without common words. */
function labelOf(levels: readonly any[], path: readonly string[]): string {
  const common: readonly string[] = ['spec', 'template', 'podTemplate'];
  const names = path.map((key, index) => (Array.isArray(levels[index]) ? (nameOf(levels[index + 1]) ?? key) : key));
  return names.filter((each) => !common.includes(each)).join('/') || path.join('/');
}

const nameOf = (item: any): string | undefined =>
  [item?.name, item?.groupName].find((name) => typeof name === 'string');

function replaced(value: any, [key, ...rest]: readonly string[], template: unknown): any {
  if (key === undefined) return template;
  if (Array.isArray(value))
    return value.map((item, index) => (String(index) === key ? replaced(item, rest, template) : item));
  return { ...value, [key]: replaced(value[key], rest, template) };
}
