/**
 * What Istio's webhook makes of a pod, by its documentation and observed output: a proxy, the rules that redirect connections,
 * and every probe and hook that is a request goes to the proxy's agent. Values that nothing here depends on are left out.
 */
import type { Container } from '../../../src/constructs/injection/workload.js';
import { added, annotated, type Injector, moved } from './pod.js';

const PROXY = 'istio-proxy';
/** The agent beside the proxy answers the probes of the other containers. */
const AGENT_PORT = 15020;
const STATUS = 'sidecar.istio.io/status';

interface IstioOptions {
  /** `ENABLE_NATIVE_SIDECARS`. */
  readonly isNative: boolean;
  /** `holdApplicationUntilProxyStarts`. */
  readonly isHeld?: boolean;
  /** Whether a plug-in of the node has set the rules before the pod's first container. */
  readonly hasCni?: boolean;
}

export const istio =
  ({ isNative, isHeld = false, hasCni = false }: IstioOptions): Injector =>
  (given) => {
    if (given.metadata?.annotations?.[STATUS] !== undefined) return given;
    const template = annotated(given, {
      [STATUS]: JSON.stringify({ initContainers: ['istio-init'], containers: [PROXY] }),
      'kubectl.kubernetes.io/default-container': given.spec.containers[0]!.name,
      'prometheus.io/port': String(AGENT_PORT),
    });
    const probers: Record<string, unknown> = {};
    const { spec } = template;
    for (const container of [...(spec.initContainers ?? []), ...spec.containers]) rewrite(container, probers);

    const first = rules(hasCni, template.metadata?.annotations?.['traffic.sidecar.istio.io/excludeOutboundPorts']);
    const proxy = proxyOf(spec.containers, probers, { isNative, isHeld });
    added(spec, 'initContainers', first);
    added(spec, isNative ? 'initContainers' : 'containers', proxy);
    if (isNative) {
      spec.initContainers = moved(moved(spec.initContainers!, PROXY, 'first'), first.name, 'first');
    } else {
      spec.initContainers = moved(spec.initContainers!, first.name, hasCni ? 'first' : 'last');
      spec.containers = moved(spec.containers, PROXY, isHeld ? 'first' : 'last');
    }
    added(
      spec,
      'volumes',
      { name: 'istio-envoy', emptyDir: { medium: 'Memory' } },
      { name: 'istio-data', emptyDir: {} },
    );
    added(spec, 'volumes', { name: 'istiod-ca-cert', configMap: { name: 'istio-ca-root-cert' } });
    return template;
  };

function rules(hasCni: boolean, excluded: string | undefined): Container {
  const args = ['istio-iptables', '-p', '15001', '-z', '15006', '-u', '1337', '-b', '*', '-d', '15090,15021,15020'];
  if (excluded !== undefined) args.push('-o', excluded);
  return { name: hasCni ? 'istio-validation' : 'istio-init', image: 'istio/proxyv2', args };
}

function proxyOf(
  containers: readonly Container[],
  probers: Record<string, unknown>,
  { isNative, isHeld }: IstioOptions,
): Container {
  const ready = { httpGet: { path: '/healthz/ready', port: 15021 } };
  const held = isHeld && !isNative;
  return {
    name: PROXY,
    image: 'istio/proxyv2',
    args: ['proxy', 'sidecar'],
    env: [
      { name: 'ISTIO_META_APP_CONTAINERS', value: containers.map(({ name }) => name).join(',') },
      ...(Object.keys(probers).length > 0 ? [{ name: 'ISTIO_KUBE_APP_PROBERS', value: JSON.stringify(probers) }] : []),
    ],
    ports: [{ name: 'http-envoy-prom', containerPort: 15090, protocol: 'TCP' }],
    readinessProbe: ready,
    startupProbe: { ...ready, periodSeconds: 1, failureThreshold: 600 },
    ...(held && { lifecycle: { postStart: { exec: { command: ['pilot-agent', 'wait'] } } } }),
    ...(isNative && {
      restartPolicy: 'Always',
      lifecycle: { preStop: { exec: { command: ['pilot-agent', 'request', 'POST', 'drain'] } } },
    }),
    securityContext: { runAsUser: 1337, runAsGroup: 1337 },
    volumeMounts: [
      { name: 'istio-envoy', mountPath: '/etc/istio/proxy' },
      { name: 'istiod-ca-cert', mountPath: '/var/run/secrets/istio' },
    ],
  };
}

interface Handler {
  httpGet?: object;
  tcpSocket?: object;
  grpc?: object;
  exec?: object;
}

/** A probe or hook that is a request becomes one to the agent, which has the original. */
function rewrite(container: Container, probers: Record<string, unknown>): void {
  const hooks = (container.lifecycle ?? {}) as Record<string, Handler>;
  const places: [Record<string, unknown>, string, string][] = [
    [container, 'readinessProbe', 'readyz'],
    [container, 'livenessProbe', 'livez'],
    [container, 'startupProbe', 'startupz'],
    [hooks, 'preStop', 'prestopz'],
    [hooks, 'postStart', 'poststartz'],
  ];
  for (const [owner, field, path] of places) {
    const handler = owner[field] as Handler | undefined;
    if (handler === undefined || handler.exec !== undefined) continue;
    const { httpGet, tcpSocket, grpc, ...timing } = handler;
    const at = `/app-health/${container.name}/${path}`;
    probers[at] = { httpGet, tcpSocket, grpc };
    owner[field] = { ...timing, httpGet: { path: at, port: AGENT_PORT } };
  }
}
