/** Workloads as rendered JSON: their kinds, the paths of their pod templates, and the fields that injection changes. */

/** Any object of the Kubernetes API. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata?: { name?: string; generateName?: string; [field: string]: unknown };
  [field: string]: unknown;
}

/** A variable of a container. It has either `value` or `valueFrom`, or neither for an empty value. */
export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: unknown;
}

export interface Container {
  name: string;
  env?: EnvVar[];
  ports?: { name?: string; containerPort: number; protocol?: string }[];
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[];
  [field: string]: unknown;
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  volumes?: { name: string; [field: string]: unknown }[];
  imagePullSecrets?: { name: string }[];
  terminationGracePeriodSeconds?: number;
  [field: string]: unknown;
}

export interface PodTemplate {
  metadata?: { annotations?: Record<string, string>; [field: string]: unknown };
  spec: PodSpec;
}

/** Path of the pod template in each kind of workload, including OpenShift and Argo Rollouts. */
const TEMPLATE_PATHS: ReadonlyMap<string, readonly string[]> = new Map([
  ['v1/Pod', []],
  ['v1/PodTemplate', ['template']],
  ['v1/ReplicationController', ['spec', 'template']],
  ['apps/v1/Deployment', ['spec', 'template']],
  ['apps/v1/StatefulSet', ['spec', 'template']],
  ['apps/v1/DaemonSet', ['spec', 'template']],
  ['apps/v1/ReplicaSet', ['spec', 'template']],
  ['batch/v1/Job', ['spec', 'template']],
  ['batch/v1/CronJob', ['spec', 'jobTemplate', 'spec', 'template']],
  ['apps.openshift.io/v1/DeploymentConfig', ['spec', 'template']],
  ['argoproj.io/v1alpha1/Rollout', ['spec', 'template']],
]);

/** Version of a pod template that is taken from inside an object, to be treated as a workload of its own. */
export const EMBEDDED_VERSION = 'logtap.dev/embedded';

const pathOf = (apiVersion: unknown, kind: unknown): readonly string[] | undefined =>
  apiVersion === EMBEDDED_VERSION ? ['template'] : TEMPLATE_PATHS.get(`${apiVersion}/${kind}`);

/** Whether an object of this kind runs pods that can be tapped. */
export function isWorkload(apiVersion: unknown, kind: unknown): boolean {
  return pathOf(apiVersion, kind) !== undefined;
}

/** The version of a kind whose pods can be tapped, if there is one. */
export function versionOfWorkload(kind: string): string | undefined {
  return [...TEMPLATE_PATHS.keys()].find((name) => name.endsWith(`/${kind}`))?.slice(0, -kind.length - 1);
}

/** The value at the path of the pod template, of any shape. */
export const templateOf = (workload: any): any =>
  pathOf(workload.apiVersion, workload.kind)!.reduce((value, field) => value?.[field], workload);

/** Name of an object in messages, such as `Deployment/orders`. */
export function objectName(manifest: KubernetesObject): string {
  return `${manifest.kind}/${manifest.metadata?.name ?? manifest.metadata?.generateName ?? '(unnamed)'}`;
}

/** Rejects a field of another shape than Kubernetes requires. */
export type Require = (holds: boolean, field: string, value: unknown, rule: string, remedy?: string) => void;

/** The errors name the object, the field, a value of one word, the rule and the remedy. */
export const requirementsOf =
  (workload: KubernetesObject): Require =>
  (holds, field, value, rule, remedy) => {
    if (holds) return;
    const isWord = value !== undefined && (value === null || typeof value !== 'object');
    const isUnquoted = rule === 'be a string' && (typeof value === 'number' || typeof value === 'boolean');
    const text = `'${field}'${isWord ? ` (${JSON.stringify(value)})` : ''} must ${rule}`;
    const way = remedy ?? (isUnquoted ? 'put it in quotes' : 'correct the manifest');
    throw new Error(`${objectName(workload)}: ${text}: ${way}`);
  };

/**
 * The pod template of a workload, not a copy.
 *
 * @throws if it has none, or if the fields that the removal of an injection changes do not have the shape that Kubernetes requires
 */
export function podTemplate(workload: any): PodTemplate {
  const template = templateOf(workload);
  const where = podSpecPath(workload);
  const require = requirementsOf(workload);
  /** Checks a list of objects, then each object. */
  const requireList = (owner: any, prefix: string, field: string, each?: (item: any, path: string) => void) => {
    const list = owner[field] ?? [];
    require(Array.isArray(list), `${prefix}.${field}`, list, 'be a list');
    list.forEach((item: any, index: number) => {
      const path = `${prefix}.${field}[${index}]`;
      require(item !== null && typeof item === 'object', path, item, 'be an object');
      each?.(item, path);
    });
  };
  const requireContainer = (container: any, path: string) => {
    require(typeof container.name === 'string', `${path}.name`, container.name, 'be a string');
    for (const field of ['env', 'ports', 'volumeMounts']) requireList(container, path, field);
  };
  const containers = template?.spec?.containers;
  require(containers?.length > 0, `${where}.containers`, containers, 'be a list with at least one container');
  requireList(template.spec, where, 'containers', requireContainer);
  requireList(template.spec, where, 'initContainers', requireContainer);
  requireList(template.spec, where, 'volumes');
  requireList(template.spec, where, 'imagePullSecrets');
  return template;
}

/** Path of the pod spec, for messages. */
export const podSpecPath = ({ apiVersion, kind }: KubernetesObject) => [...pathOf(apiVersion, kind)!, 'spec'].join('.');

/** The metadata of a workload and of each template in it, by their paths, the pod template last. */
export function metadataByPath(workload: any): [path: string, metadata: any][] {
  const path = pathOf(workload.apiVersion, workload.kind)!;
  const objects = [workload];
  for (const field of path) objects.push(objects.at(-1)?.[field]);
  return objects.map((object, index) => [[...path.slice(0, index), 'metadata'].join('.'), object?.metadata]);
}

/** The metadata of a workload and of each template in it, the pod template last. */
export const metadataOf = (workload: any): NonNullable<PodTemplate['metadata']>[] =>
  metadataByPath(workload).flatMap(([, metadata]) => (metadata ? [metadata] : []));

/**
 * A deep copy with sorted keys, as cdk8s writes them, so that the result depends only on the content. A Date, as some readers of YAML make
 * of a timestamp, becomes the text that JSON has for it.
 */
export function canonical(value: any): any {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date) return value.toJSON();
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .filter((key) => value[key] !== undefined)
      .map((key) => [key, canonical(value[key])]),
  );
}

/** `canonical`, with the fields common to all objects in front. */
export function canonicalObject(manifest: any): any {
  const { apiVersion, kind, metadata, ...rest } = canonical(manifest);
  return { apiVersion, kind, ...(metadata !== undefined && { metadata }), ...rest };
}
