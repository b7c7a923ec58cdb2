/** Finds the proxy of a service mesh that ends while the shipper still delivers the last lines through it. */
import { addedParts } from '../injection/added-parts.js';
import type { InjectionPlan } from '../injection/plan.js';
import { hasStorageLimit } from '../injection/pod-budget.js';
import type { Container, PodSpec } from '../injection/workload.js';
import type { Report } from './finding.js';

interface Mesh {
  /** Whose connections are not redirected. */
  readonly user: number;
  /** The init container that redirects connections. */
  readonly rules: string;
  /** Its flags or variables with the ports of connections that are not redirected. */
  readonly excluding: readonly string[];
  /** The annotation with these ports. */
  readonly annotation: string;
}

/** By the name of the proxy. */
const MESHES: ReadonlyMap<string, Mesh> = new Map([
  [
    'istio-proxy',
    {
      user: 1337,
      rules: 'istio-init',
      excluding: ['-o', '--istio-local-outbound-ports-exclude'],
      annotation: 'traffic.sidecar.istio.io/excludeOutboundPorts',
    },
  ],
  [
    'linkerd-proxy',
    {
      user: 2102,
      rules: 'linkerd-init',
      excluding: ['--outbound-ports-to-ignore'],
      annotation: 'config.linkerd.io/skip-outbound-ports',
    },
  ],
  [
    'envoy',
    {
      user: 1337,
      rules: 'proxyinit',
      excluding: ['APPMESH_EGRESS_IGNORED_PORTS'],
      annotation: 'appmesh.k8s.aws/egressIgnoredPorts',
    },
  ],
]);

export function checkMesh(plan: InjectionPlan, report: Report): void {
  const { template, props } = plan;
  const { containers } = template.spec;
  const proxy = containers.find(isProxy);
  // Alone it is a gateway, to which no connection of its pod is redirected.
  if (proxy === undefined || containers.length === 1) return;
  const mesh = MESHES.get(proxy.name)!;
  const excluded = excludedPorts(mesh, plan);
  const ports = [...new Set(props.sink.egress.map(({ port }) => port))]
    .filter((port) => !includes(excluded, port))
    .sort((a, b) => a - b);
  const user = userOf(proxy) ?? mesh.user;
  if (ports.length === 0 || shipperUser(plan) === user) return;
  const way =
    props.shipper.fixedUser === false
      ? `name the port in '${mesh.annotation}' before the mesh changes the manifest`
      : `set 'shipper.runAsUser' to ${user} to pass it by`;
  report(
    'LT040',
    `the proxy '${proxy.name}' is an ordinary container that ends before the shipper, whose connections to port${ports.length === 1 ? '' : 's'} ${ports.join(', ')} go through it`,
    `${way}, make the proxy a native sidecar, or accept LT040`,
  );
}

/** An application may have an Envoy of its own, which App Mesh knows nothing of. */
const isProxy = ({ name, env }: Container) =>
  MESHES.has(name) && (name !== 'envoy' || (env ?? []).some((variable) => variable.name?.startsWith('APPMESH_')));

const userOf = ({ securityContext }: Container | PodSpec): unknown =>
  (securityContext as { runAsUser?: unknown } | null | undefined)?.runAsUser;

function shipperUser({ template: { spec }, props, isEndless }: InjectionPlan): unknown {
  const run = { isEndless, graceSeconds: 0, hasStorageLimit: hasStorageLimit(spec) };
  return userOf(addedParts(props, run).shipper) ?? userOf(spec);
}

/**
 * The rules of the manifest, which no annotation changes any more. Without them, a plug-in of the node sets the rules when the pod
 * starts, by the annotation: that of the pod, which stays, before that of the shipper.
 */
function excludedPorts({ rules, excluding, annotation }: Mesh, { template, props }: InjectionPlan): string {
  const container = template.spec.initContainers?.find(({ name }) => name === rules);
  if (container === undefined) {
    return String(template.metadata?.annotations?.[annotation] ?? props.shipper.annotations?.[annotation] ?? '');
  }
  const { command, args, env = [] } = container;
  const words = [command, args].flatMap((list) => (Array.isArray(list) ? list.map(String) : []));
  const flags = words.map(
    (word, index) => [word.split('=')[0]!, word.split('=')[1] ?? words[index + 1] ?? ''] as const,
  );
  const variables = env.map(({ name, value = '' }) => [name, value] as const);
  return [...flags, ...variables]
    .filter(([name]) => excluding.includes(name))
    .map(([, value]) => value)
    .join(',');
}

/** Whether a list such as `22,9000-9300` has the port. */
const includes = (list: string, port: number) =>
  list.split(',').some((range) => {
    const [first = '', last = first] = range.trim().split('-');
    return first !== '' && Number(first) <= port && port <= Number(last);
  });
