/** Workloads of every kind that is tapped, as plain manifests. */
import type { Container, KubernetesObject, PodSpec } from '../../src/constructs/injection/workload.js';
import { podTemplate } from '../../src/constructs/injection/workload.js';

/** A pod of one container, and what is given on top. */
export function podSpec(overrides: Partial<PodSpec> = {}): PodSpec {
  return { containers: [{ name: 'app', image: 'orders:4.2' }], ...overrides };
}

const labels = { app: 'orders' };
const metadata = { name: 'orders', labels };

/** A workload of each kind, made of the same pod. */
export function workloads(spec: PodSpec = podSpec()): KubernetesObject[] {
  const selector = { matchLabels: labels };
  const template = { metadata: { labels }, spec };
  const job = { template: { metadata: { labels }, spec: { ...spec, restartPolicy: 'Never' } } };
  // Not structuredClone, which would keep what the literals share.
  return JSON.parse(
    JSON.stringify([
      { apiVersion: 'v1', kind: 'Pod', metadata, spec },
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { selector, template } },
      { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec: { selector, serviceName: 'orders', template } },
      { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec: { selector, template } },
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata, spec: { selector, template } },
      { apiVersion: 'v1', kind: 'ReplicationController', metadata, spec: { selector: labels, template } },
      { apiVersion: 'v1', kind: 'PodTemplate', metadata, template },
      { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: job },
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata,
        spec: { schedule: '0 3 * * *', jobTemplate: { spec: job } },
      },
    ]),
  );
}

/** The workload of one kind. */
export function workloadOf(kind: string, spec?: PodSpec): KubernetesObject {
  return workloads(spec).find((workload) => workload.kind === kind)!;
}

/** A Deployment of the pod. */
export const deployment = (spec?: PodSpec) => workloadOf('Deployment', spec);

/** The container of that name, init containers included. */
export function container(workload: KubernetesObject, name: string): Container {
  const { spec } = podTemplate(workload);
  const found = [...(spec.initContainers ?? []), ...spec.containers].find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no container '${name}'`);
  return found;
}

/** The literal variables of a container. */
export function variables({ env }: Container): Record<string, string | undefined> {
  return Object.fromEntries(
    (env ?? []).filter(({ value }) => value !== undefined).map(({ name, value }) => [name, value]),
  );
}
