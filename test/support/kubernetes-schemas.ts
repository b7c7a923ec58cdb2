/**
 * A strict judge of manifests, offline: the JSON schemas of a Kubernetes version, which know every field, and a lint for
 * what they do not see: references, duplicates, quantities and enumerations of a pod.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020.js';
import { schemaDirectory } from '../../scripts/kubernetes-schemas.js';
import type { Container, KubernetesObject, PodSpec } from '../../src/constructs/injection/workload.js';

export const OLDEST_VERSION = '1.28';
export const NEWEST_VERSION = '1.37';

const validators = new Map<string, Ajv2020>();
const compiled = new Map<string, ValidateFunction>();

/** What is wrong with a manifest, in a given version of Kubernetes. Call `ensureSchemas()` first. */
export function schemaErrors(manifest: KubernetesObject, version: string): string[] {
  const { apiVersion, kind } = manifest;
  const validate = validator(apiVersion, kind, version);
  if (validate === undefined) return [`${apiVersion} ${kind} is unknown in Kubernetes ${version}`];
  validate(manifest);
  const errors = (validate.errors ?? []).map(({ instancePath, message, params }) => {
    return `${instancePath || '/'} ${message}${'additionalProperty' in params ? `: ${params.additionalProperty}` : ''}`;
  });
  const spec = podSpec(manifest);
  return spec === undefined ? errors : [...errors, ...podErrors(spec, claimTemplates(manifest))];
}

function validator(apiVersion: string, kind: string, version: string): ValidateFunction | undefined {
  const directory = schemaDirectory(version);
  const [group, groupVersion] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const name = [kind.toLowerCase(), group?.split('.')[0], groupVersion].filter(Boolean).join('-');
  const key = `${version}/${name}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  let ajv = validators.get(version);
  if (ajv === undefined) {
    ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    ajv.addSchema(read(join(directory, '_definitions.json')));
    validators.set(version, ajv);
  }
  try {
    const validate = ajv.compile(read(join(directory, `${name}.json`)));
    compiled.set(key, validate);
    return validate;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

/** The fields that the lint looks at, on top of those that injection knows. */
interface LintedContainer extends Container {
  readonly imagePullPolicy?: string;
  readonly restartPolicy?: string;
  readonly resources?: Partial<Record<'requests' | 'limits', Record<string, string | number>>>;
}
type Probe = { readonly httpGet?: { readonly port?: string | number } } | undefined;
type EmptyDir = { readonly medium?: string; readonly sizeLimit?: string } | undefined;

interface LintedSpec extends PodSpec {
  readonly restartPolicy?: string;
}

function podSpec(manifest: KubernetesObject): LintedSpec | undefined {
  const paths: Readonly<Record<string, string>> = {
    Pod: 'spec',
    CronJob: 'spec.jobTemplate.spec.template.spec',
  };
  const path = (paths[manifest.kind] ?? 'spec.template.spec').split('.');
  return path.reduce((value: unknown, field) => (value as Record<string, unknown> | undefined)?.[field], manifest) as
    | LintedSpec
    | undefined;
}

/** Names of the volumes that a StatefulSet adds to its pods. */
function claimTemplates(manifest: KubernetesObject): string[] {
  const { volumeClaimTemplates = [] } = (manifest.spec ?? {}) as {
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
  };
  return volumeClaimTemplates.map(({ metadata }) => metadata.name);
}

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const QUANTITY = /^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;

/** What the API server refuses though the schema allows it. */
function podErrors(spec: LintedSpec, claims: readonly string[]): string[] {
  const errors: string[] = [];
  const check = (holds: boolean, message: string) => {
    if (!holds) errors.push(message);
  };
  const checkUnique = (what: string, values: readonly unknown[]) => {
    for (const value of new Set(values.filter((item, index) => values.indexOf(item) !== index))) {
      check(false, `${what} '${value}' occurs twice`);
    }
  };
  const initContainers: LintedContainer[] = spec.initContainers ?? [];
  const containers: LintedContainer[] = [...initContainers, ...spec.containers];
  const named = (list: readonly { name?: string }[]) => list.flatMap(({ name }) => (name === undefined ? [] : [name]));
  const volumes = named(spec.volumes ?? []);

  checkUnique('container', named(containers));
  checkUnique('volume', volumes);
  checkUnique(
    'port name',
    containers.flatMap(({ ports }) => named(ports ?? [])),
  );
  check(
    ['Always', 'OnFailure', 'Never', undefined].includes(spec.restartPolicy),
    `restartPolicy '${spec.restartPolicy}' is none`,
  );
  for (const name of [...named(containers), ...volumes]) check(NAME.test(name), `'${name}' is no DNS label`);
  for (const volume of spec.volumes ?? []) {
    const sources = Object.keys(volume).filter((field) => field !== 'name');
    check(sources.length === 1, `volume '${volume.name}' has ${sources.length} sources`);
    const { medium = '', sizeLimit = '0' } = (volume.emptyDir as EmptyDir) ?? {};
    check(['', 'Memory', 'HugePages'].includes(medium), `medium '${medium}' of volume '${volume.name}' is none`);
    check(QUANTITY.test(sizeLimit), `sizeLimit '${sizeLimit}' of volume '${volume.name}' is no quantity`);
  }
  for (const container of containers) {
    const at = `container '${container.name}':`;
    const isInit = initContainers.includes(container);
    const mounts = container.volumeMounts ?? [];
    const env = container.env ?? [];
    const portNames = named(container.ports ?? []);
    for (const { name } of mounts)
      check([...volumes, ...claims].includes(name), `${at} volume '${name}' does not exist`);
    checkUnique(
      `${at} mount path`,
      mounts.map(({ mountPath }) => mountPath),
    );
    checkUnique(`${at} variable`, named(env));
    for (const { name, value, valueFrom } of env) {
      check(value === undefined || valueFrom === undefined, `${at} variable '${name}' has value and valueFrom`);
    }
    check(
      ['Always', 'IfNotPresent', 'Never', undefined].includes(container.imagePullPolicy),
      `${at} imagePullPolicy '${container.imagePullPolicy}' is none`,
    );
    check(
      container.restartPolicy === undefined || (isInit && container.restartPolicy === 'Always'),
      `${at} restartPolicy '${container.restartPolicy}' is none`,
    );
    for (const name of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      const probe = container[name] as Probe;
      check(
        !isInit || probe === undefined || container.restartPolicy === 'Always',
        `${at} an init container has a ${name}`,
      );
      const port = probe?.httpGet?.port;
      check(typeof port !== 'string' || portNames.includes(port), `${at} ${name} asks the unknown port '${port}'`);
    }
    const { requests = {}, limits = {} } = container.resources ?? {};
    for (const [resource, quantity] of [...Object.entries(requests), ...Object.entries(limits)]) {
      check(QUANTITY.test(String(quantity)), `${at} ${resource} '${quantity}' is no quantity`);
    }
    for (const [resource, request] of Object.entries(requests)) {
      const limit = limits[resource];
      const fits = limit === undefined || amount(request) <= amount(limit);
      check(fits, `${at} requests more ${resource} than its limit: ${request} > ${limit}`);
    }
  }
  return errors;
}

/** A quantity as a number. */
function amount(quantity: string | number): number {
  const [, digits, suffix = ''] = /^([0-9.]+)(.*)$/.exec(String(quantity)) ?? [];
  if (suffix === 'm') return Number(digits) / 1000;
  const power = suffix === '' ? 0 : 'kMGTPE'.indexOf(suffix === 'Ki' ? 'k' : (suffix[0] ?? '')) + 1;
  return Number(digits) * (suffix.endsWith('i') ? 1024 : 1000) ** power;
}

/** What the pod security standard "restricted" refuses in a pod. https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export function restrictedErrors(spec: PodSpec): string[] {
  const errors: string[] = [];
  const allowed = [
    'configMap',
    'csi',
    'downwardAPI',
    'emptyDir',
    'ephemeral',
    'persistentVolumeClaim',
    'projected',
    'secret',
  ];
  for (const volume of spec.volumes ?? []) {
    const source = Object.keys(volume).find((field) => field !== 'name') ?? 'none';
    if (!allowed.includes(source)) errors.push(`volume '${volume.name}' is of the kind ${source}`);
  }
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) if (spec[field]) errors.push(`the pod has ${field}`);
  for (const { name, securityContext, ports } of [...(spec.initContainers ?? []), ...spec.containers]) {
    const context = (securityContext ?? {}) as Record<string, unknown>;
    const { drop, add } = (context.capabilities ?? {}) as Record<string, string[] | undefined>;
    const { type } = (context.seccompProfile ?? {}) as Record<string, unknown>;
    const holds = {
      allowPrivilegeEscalation: context.allowPrivilegeEscalation === false,
      capabilities:
        drop?.includes('ALL') === true && (add ?? []).every((capability) => capability === 'NET_BIND_SERVICE'),
      hostPort: (ports ?? []).every((port) => !('hostPort' in port)),
      privileged: context.privileged !== true,
      runAsNonRoot: context.runAsNonRoot === true,
      runAsUser: context.runAsUser !== 0,
      seccompProfile: type === 'RuntimeDefault' || type === 'Localhost',
    };
    for (const [rule, isKept] of Object.entries(holds)) if (!isKept) errors.push(`container '${name}' breaks ${rule}`);
  }
  return errors;
}
