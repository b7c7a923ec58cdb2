/** What the controller of AWS App Mesh makes of a pod, by its documentation and observed output. It leaves probes alone. */
import type { Container } from '../../../src/constructs/injection/workload.js';
import { added, annotated, type Injector, moved } from './pod.js';

const PROXY = 'envoy';
const IGNORED = 'appmesh.k8s.aws/egressIgnoredPorts';

/** Its rules apply to the ports of the containers only, not to those of init containers. */
export const appMesh =
  ({ isAwaited }: { readonly isAwaited: boolean }): Injector =>
  (given) => {
    if (given.spec.containers.some(({ name }) => name === PROXY)) return given;
    const template = annotated(given, {});
    const { spec } = template;
    const ports = spec.containers.flatMap(({ ports: all = [] }) => all.map(({ containerPort }) => containerPort));
    const rules: Container = {
      name: 'proxyinit',
      image: 'aws-appmesh-proxy-route-manager',
      env: [
        { name: 'APPMESH_IGNORE_UID', value: '1337' },
        { name: 'APPMESH_APP_PORTS', value: ports.join(',') },
        { name: 'APPMESH_EGRESS_IGNORED_PORTS', value: template.metadata?.annotations?.[IGNORED] ?? '22' },
      ],
      securityContext: { capabilities: { add: ['NET_ADMIN'] } },
    };
    const proxy: Container = {
      name: PROXY,
      image: 'aws-appmesh-envoy',
      env: [{ name: 'APPMESH_VIRTUAL_NODE_NAME', value: 'mesh/shop/virtualNode/orders' }],
      ports: [{ name: 'stats', containerPort: 9901, protocol: 'TCP' }],
      readinessProbe: { exec: { command: ['sh', '-c', 'curl -s http://localhost:9901/server_info | grep LIVE'] } },
      securityContext: { runAsUser: 1337 },
      lifecycle: {
        ...(isAwaited && { postStart: { exec: { command: ['sh', '-c', 'wait until LIVE'] } } }),
        preStop: { exec: { command: ['sh', '-c', 'sleep 20'] } },
      },
    };
    added(spec, 'initContainers', rules);
    added(spec, 'containers', proxy);
    if (isAwaited) spec.containers = moved(spec.containers, PROXY, 'first');
    spec.securityContext = { fsGroup: 1337, ...Object(spec.securityContext) };
    return template;
  };
