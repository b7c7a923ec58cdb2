/**
 * Injects the tap and the shipper into a rendered workload. Pure and free of cdk8s: the constructs call it when they
 * render, the command line calls it on YAML, and both give the same pod.
 */
import { createHash } from 'node:crypto';
import { MOUNT_PATH, STATUS_PORT } from '../contract.js';
import { addLibraryEnv, LIBRARY_NAMES, libraryEnv } from './env.js';
import { must } from './must.js';
import {
  drainSeconds,
  INSTALLER,
  installer,
  MEMORY_VOLUME,
  memoryMount,
  SECRETS_VOLUME,
  SHIPPER,
  shipper,
  volumes,
} from './shipper.js';
import { checkProps, type LogTapProps } from './tap-options.js';
import { hasToken } from './token.js';
import { CONFIG_HASH_ANNOTATION, ORIGINAL_ANNOTATION, type Original, uninject } from './uninject.js';
import { type Container, canonicalObject, isWorkload, objectName, type PodSpec, podTemplate } from './workload.js';

/** Grace period of a pod that names none. */
const DEFAULT_GRACE_SECONDS = 30;
/** Between the end of the application and the signal to the shipper, and between its end and the kill. */
const STOP_MARGIN_SECONDS = 5;

/**
 * The manifest with tap and shipper; anything that is no workload is returned as it is. The input is never changed.
 * Injecting again replaces the earlier injection.
 *
 * @throws if the properties are wrong, or if the workload has no place for what is injected
 */
export function inject(manifest: any, props: LogTapProps): any {
  checkProps(props);
  if (!isWorkload(manifest?.apiVersion, manifest?.kind)) return manifest;
  const result = uninject(manifest);
  const template = podTemplate(result);
  try {
    injectInto(template, props);
  } catch (error) {
    throw new Error(`${objectName(manifest)}: ${(error as Error).message}`);
  }
  return canonicalObject(result);
}

function injectInto(template: ReturnType<typeof podTemplate>, props: LogTapProps): void {
  const { spec } = template;
  const tapped = tappedContainers(spec, props);
  checkNames(spec, tapped);
  const grace = spec.terminationGracePeriodSeconds ?? null;
  must(
    grace === null || Number.isInteger(grace),
    'terminationGracePeriodSeconds',
    grace,
    'be a whole number of seconds: write it without quotes',
  );
  const original: Original = { terminationGracePeriodSeconds: grace };

  for (const container of tapped) {
    addLibraryEnv(container, props);
    container.volumeMounts = [...(container.volumeMounts ?? []), memoryMount()];
  }
  const added = { initContainers: [installer(props), shipper(props)], volumes: volumes(props) };
  spec.initContainers = [...added.initContainers, ...(spec.initContainers ?? [])];
  spec.volumes = [...(spec.volumes ?? []), ...added.volumes];
  // The shipper is told to end when the application has ended, and has what is left of the grace period.
  spec.terminationGracePeriodSeconds = (grace ?? DEFAULT_GRACE_SECONDS) + drainSeconds(props) + STOP_MARGIN_SECONDS;
  template.metadata = {
    ...template.metadata,
    annotations: {
      ...template.metadata?.annotations,
      [CONFIG_HASH_ANNOTATION]: configHash([added, libraryEnv('', props)]),
      [ORIGINAL_ANNOTATION]: JSON.stringify(original),
    },
  };
}

function tappedContainers(spec: PodSpec, props: LogTapProps): Container[] {
  if (props.containers === undefined) return spec.containers;
  const all = [...spec.containers, ...(spec.initContainers ?? [])];
  return props.containers.map((name) => {
    const container = all.find((candidate) => candidate.name === name);
    if (container !== undefined) return container;
    const names = all.map((candidate) => candidate.name).join(', ');
    throw new Error(`'containers' (${JSON.stringify(name)}) must name containers of the pod: use some of ${names}`);
  });
}

/** Throws where the workload uses what injection needs for itself. */
function checkNames(spec: PodSpec, tapped: readonly Container[]): void {
  const refuse = (what: string, remedy: string) => {
    throw new Error(`${what} is reserved for the log shipper: ${remedy}`);
  };
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
    const { name } = container;
    if (name === SHIPPER || name === INSTALLER) refuse(`the container name '${name}'`, 'rename the container');
    for (const port of container.ports ?? []) {
      const where = `of container '${name}'`;
      if (port.name === SHIPPER) refuse(`the port name '${port.name}' ${where}`, 'rename the port');
      if (port.containerPort === STATUS_PORT) {
        refuse(`port ${STATUS_PORT} ${where}`, 'let the application listen on another port');
      }
    }
  }
  for (const { name } of spec.volumes ?? []) {
    if (name === MEMORY_VOLUME || name === SECRETS_VOLUME) refuse(`the volume name '${name}'`, 'rename the volume');
  }
  for (const { name, env, volumeMounts } of tapped) {
    for (const variable of env ?? []) {
      if (LIBRARY_NAMES.has(variable.name)) {
        refuse(`the variable ${variable.name} of container '${name}'`, 'remove it, and set what it says as a property');
      }
    }
    for (const { mountPath } of volumeMounts ?? []) {
      if (`${mountPath}/`.startsWith(`${MOUNT_PATH}/`)) {
        refuse(`the path ${mountPath} mounted in container '${name}'`, 'mount the volume elsewhere');
      }
    }
  }
}

/**
 * A short digest of the settings. AWS CDK numbers its tokens by the order in which they are made, so a value with a
 * token would change the digest without a change of its meaning.
 */
function configHash(settings: unknown): string {
  const text = JSON.stringify(settings, (_key, value) => (typeof value === 'string' && hasToken(value) ? null : value));
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
