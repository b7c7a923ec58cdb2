/**
 * Injects the tap and the shipper into a rendered workload. Pure and free of cdk8s: the constructs call it when they
 * render, the command line calls it on YAML, and both give the same pod.
 */
import { createHash } from 'node:crypto';
import { findingsOf } from '../findings/check.js';
import { errorsOf, type Finding, formatFinding } from '../findings/finding.js';
import type { ResolvedProps } from '../props/resolve.js';
import { hasToken } from '../props/token.js';
import { addedParts, containersOf } from './added-parts.js';
import { CONFIG_HASH_ANNOTATION, ORIGINAL_ANNOTATION } from './annotations.js';
import { embeddedTemplates, withTemplates } from './embedded/templates.js';
import { addLibraryEnv, existingPreload, libraryEnv } from './env.js';
import { startIndex } from './mesh.js';
import { isList, withItems } from './object-list.js';
import { allContainers, type InjectionPlan, planInjection } from './plan.js';
import { hasStorageLimit, raisedPodResources } from './pod-budget.js';
import { podGraceSeconds, type ShipperRun, tapMounts } from './shipper.js';
import { formatOriginal, noteEmpty, type Original, SKIP_CONTAINERS_ANNOTATION } from './uninject.js';
import { canonicalObject, objectName, type PodTemplate } from './workload.js';

/** Grace period of a pod that names none. */
const DEFAULT_GRACE_SECONDS = 30;

/**
 * The manifest with tap and shipper. A manifest that is not a workload is returned unchanged; the items of a list are
 * injected one by one. The input is never changed. Injecting again replaces the existing injection. With the annotation
 * `logtap.dev/inject: disabled` the result has no injection.
 *
 * @throws with every finding that is an error
 */
export function inject(manifest: any, props: ResolvedProps): any {
  if (isList(manifest?.apiVersion, manifest?.kind)) {
    return canonicalObject(withItems(manifest, (item) => inject(item, props)));
  }
  const plan = planInjection(manifest, props);
  if (plan !== undefined) return apply(plan, findingsOf(plan));
  const templates = embeddedTemplates(manifest, props.podTemplates);
  if (templates.length === 0) return manifest;
  const changed = templates.map(({ workload }) => inject(workload, props));
  return canonicalObject(withTemplates(manifest, templates, changed));
}

/**
 * The workload of the plan with tap and shipper. The plan is used up.
 *
 * @throws with every finding that is an error
 */
export function apply(plan: InjectionPlan, findings: readonly Finding[]): any {
  const errors = errorsOf(findings);
  if (errors.length > 0) throw new Error(errors.map(formatFinding).join('\n'));
  if (!plan.annotations.isDisabled) {
    try {
      injectInto(plan);
    } catch (error) {
      throw new Error(`${objectName(plan.workload)}: ${(error as Error).message}`);
    }
  }
  return canonicalObject(plan.workload);
}

function injectInto({ template, taps, props, isEndless }: InjectionPlan): void {
  const { spec } = template;
  const grace = spec.terminationGracePeriodSeconds;
  const run: ShipperRun = {
    isEndless,
    graceSeconds: grace ?? DEFAULT_GRACE_SECONDS,
    hasStorageLimit: hasStorageLimit(spec),
  };
  const original: Original = { empty: {}, preload: {} };
  if (grace !== undefined) original.terminationGracePeriodSeconds = grace;
  noteEmpty(original, 'metadata', template.metadata);
  noteEmpty(original, 'annotations', template.metadata?.annotations);
  noteEmpty(original, 'initContainers', spec.initContainers);
  noteEmpty(original, 'volumes', spec.volumes);

  const annotations: Record<string, string> = {};
  addLabels(template, props, original);
  addAnnotations(template, props, original, annotations);
  keepCredentialsOut(template, props, original, annotations);
  for (const tap of taps) injectIntoContainer(tap, props, original);
  addPullSecrets(template, props, original);

  const added = addedParts(props, run);
  const resources = raisedPodResources(spec, added);
  if (resources !== undefined) {
    original.resources = spec.resources;
    spec.resources = resources;
  }
  const init = spec.initContainers ?? [];
  const at = props.isNative
    ? startIndex(
        init,
        taps.map(({ container }) => container),
      )
    : 0;
  const own = containersOf(added).filter((each) => props.isNative || each !== added.shipper);
  if (own.length > 0) spec.initContainers = [...init.slice(0, at), ...own, ...init.slice(at)];
  // The kubelet starts containers in their order, and the next one only after the hook of the one before.
  if (isFirst(props)) spec.containers = [added.shipper, ...spec.containers];
  else if (!props.isNative) spec.containers = [...spec.containers, added.shipper];
  spec.volumes = [...(spec.volumes ?? []), ...added.volumes];
  spec.terminationGracePeriodSeconds = podGraceSeconds(props, run);
  const settings = [added, taps.map(({ options }) => libraryEnv('', options))];
  template.metadata = {
    ...template.metadata,
    annotations: {
      ...template.metadata?.annotations,
      ...annotations,
      [CONFIG_HASH_ANNOTATION]: configHash(settings),
      [ORIGINAL_ANNOTATION]: formatOriginal(original),
    },
  };
}

function injectIntoContainer(
  { container, options }: InjectionPlan['taps'][number],
  props: ResolvedProps,
  original: Original,
): void {
  const { name } = container;
  const preload = existingPreload(container);
  if (preload !== undefined) original.preload[name] = preload;
  noteEmpty(original, `env/${name}`, container.env);
  noteEmpty(original, `volumeMounts/${name}`, container.volumeMounts);
  addLibraryEnv(container, options);
  container.volumeMounts = [...(container.volumeMounts ?? []), ...tapMounts(props)];
}

function addPullSecrets({ spec }: PodTemplate, props: ResolvedProps, original: Original): void {
  const wanted = new Set(props.shipper.imagePullSecrets);
  const present = spec.imagePullSecrets ?? [];
  const names = [...wanted].filter((name) => !present.some((secret) => secret.name === name));
  if (names.length === 0) return;
  noteEmpty(original, 'imagePullSecrets', spec.imagePullSecrets);
  original.imagePullSecrets = names;
  spec.imagePullSecrets = [...present, ...names.map((name) => ({ name }))];
}

/** Labels of the pod stay, because selectors depend on them. */
function addLabels(template: PodTemplate, { shipper }: ResolvedProps, original: Original): void {
  const present: any = template.metadata?.labels;
  const added = Object.entries(shipper.labels ?? {}).filter(([name]) => !Object.hasOwn(Object(present), name));
  if (added.length === 0) return;
  noteEmpty(original, 'labels', present);
  original.labels = added.map(([name]) => name);
  template.metadata = { ...template.metadata, labels: { ...present, ...Object.fromEntries(added) } };
}

/** Whether the shipper is the first of the containers: a classic one that the application waits for. */
const isFirst = ({ isNative, isGate }: ResolvedProps) => !isNative && isGate;

/** The container of `kubectl logs` and `kubectl exec`, which is otherwise the first one. */
const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

function addAnnotations(
  template: PodTemplate,
  props: ResolvedProps,
  original: Original,
  annotations: Record<string, string>,
): void {
  const present = Object(template.metadata?.annotations);
  const wanted = {
    ...(isFirst(props) && { [DEFAULT_CONTAINER]: template.spec.containers[0]!.name }),
    ...props.shipper.annotations,
  };
  const added = Object.entries(wanted).filter(([name]) => !Object.hasOwn(present, name));
  if (added.length === 0) return;
  original.annotations = added.map(([name]) => name);
  Object.assign(annotations, Object.fromEntries(added));
}

/** EKS withholds its credentials from the containers that the annotation names, so that only the shipper may write logs. */
function keepCredentialsOut(
  template: PodTemplate,
  props: ResolvedProps,
  original: Original,
  annotations: Record<string, string>,
): void {
  if (!props.isWithoutAwsCredentials) return;
  const present = template.metadata?.annotations?.[SKIP_CONTAINERS_ANNOTATION];
  const names = [...(present ?? '').split(','), ...allContainers(template).map((container) => container.name)];
  original.skipContainers = present ?? null;
  annotations[SKIP_CONTAINERS_ANNOTATION] = [...new Set(names.map((item) => item.trim()).filter(Boolean))].join(',');
}

/**
 * A short digest of the settings. AWS CDK numbers its tokens by the order in which they are made, so a value with a token
 * would change the digest without a change in meaning.
 */
function configHash(settings: unknown): string {
  const text = JSON.stringify(settings, (_key, value) => (typeof value === 'string' && hasToken(value) ? null : value));
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
