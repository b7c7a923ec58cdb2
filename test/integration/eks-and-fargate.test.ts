/** The guide to EKS and Fargate: its commands, and its manifests before the documented rules of Fargate. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ensureSchemas } from '../../scripts/kubernetes-schemas.js';
import { parseQuantity } from '../../src/constructs/injection/quantity.js';
import { type KubernetesObject, type PodSpec, podTemplate } from '../../src/constructs/injection/workload.js';
import { describeWith } from '../support/capability.js';
import { NEWEST_VERSION, schemaErrors } from '../support/kubernetes-schemas.js';
import { runPage, stepsOf } from '../support/page.js';
import { temporaryDirectory } from '../support/run.js';

const MIB = 1024 * 1024;
/** Sizes with up to one vCPU, in MiB: AWS, "Understand Fargate Pod configuration details". */
const SIZES: readonly (readonly [cpu: number, memory: readonly number[]])[] = [
  [0.25, [512, 1024, 2048]],
  [0.5, [1024, 2048, 3072, 4096]],
  [1, [2048, 3072, 4096, 5120, 6144, 7168, 8192]],
];
const FOR_FARGATE_MIB = 256;

type Resources = Record<'requests' | 'limits', Readonly<Record<string, string>>>;
const resourcesOf = (container: object) => (container as { resources: Resources }).resources;
/** The application and the shipper, which run together. */
const longRunning = ({ containers, initContainers = [] }: PodSpec) => [
  ...containers,
  ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always'),
];

/** The size in which Fargate runs containers with these requests. */
function sizeOf(spec: PodSpec): { cpu: number; memory: number } | undefined {
  const sum = (name: string) =>
    longRunning(spec).reduce((all, each) => all + parseQuantity(resourcesOf(each).requests[name])!, 0);
  const [cpu, memory] = [sum('cpu'), sum('memory') / MIB + FOR_FARGATE_MIB];
  const fitting = SIZES.filter(([size]) => size >= cpu).flatMap(([size, memories]) =>
    memories.filter((each) => each >= memory).map((each) => ({ cpu: size, memory: each })),
  );
  return fitting[0];
}

describeWith(['kubernetes schemas'], 'the guide to EKS and Fargate', () => {
  const cwd = temporaryDirectory();
  let manifest: KubernetesObject;
  let spec: PodSpec;
  beforeAll(async () => {
    await ensureSchemas();
    await runPage(stepsOf('docs/guides/eks-and-fargate.md'), { cwd });
    manifest = parse(readFileSync(join(cwd, 'orders-fargate.yaml'), 'utf8'));
    spec = podTemplate(manifest).spec;
  });

  test('Kubernetes accepts the pod for Fargate', () => {
    expect(schemaErrors(manifest, NEWEST_VERSION)).toEqual([]);
  });

  test('it needs nothing that Fargate does not have', () => {
    for (const { securityContext, ports = [] } of [...spec.containers, ...(spec.initContainers ?? [])]) {
      expect((securityContext as { privileged?: boolean } | undefined)?.privileged ?? false).toBe(false);
      expect(ports.filter((port) => 'hostPort' in port)).toEqual([]);
    }
    expect(['hostNetwork', 'hostPID', 'hostIPC'].filter((name) => name in spec)).toEqual([]);
    expect((spec.volumes ?? []).filter((volume) => 'hostPath' in volume)).toEqual([]);
  });

  test('its requests equal its limits and are the size that the page names', () => {
    for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
      const { requests, limits } = resourcesOf(container);
      expect([requests.cpu, requests.memory]).toEqual([limits.cpu, limits.memory]);
    }
    expect(sizeOf(spec)).toEqual({ cpu: 0.5, memory: 1024 });
  });

  test('the default request of the shipper lifts an application of 500m to one vCPU', () => {
    const container = (name: string, cpu: string, memory: string) => ({
      name,
      image: 'x',
      resources: { requests: { cpu, memory } },
    });
    const app = container('app', '500m', '512Mi');
    expect(sizeOf({ containers: [app] })?.cpu).toBe(0.5);
    expect(sizeOf({ containers: [app, container('logtap', '10m', '64Mi')] })?.cpu).toBe(1);
  });
});
