/** What Linkerd's webhook makes of a pod, by its documentation and observed output. It leaves probes alone. */
import type { Container } from '../../../src/constructs/injection/workload.js';
import { added, annotated, type Injector, moved } from './pod.js';

const PROXY = 'linkerd-proxy';
const VERSION = 'linkerd.io/proxy-version';

const rules = (skipped: string | undefined): Container => ({
  name: 'linkerd-init',
  image: 'linkerd/proxy',
  args: [
    '--incoming-proxy-port',
    '4143',
    '--outgoing-proxy-port',
    '4140',
    '--proxy-uid',
    '2102',
    ...(skipped === undefined ? [] : ['--outbound-ports-to-ignore', skipped]),
  ],
  securityContext: { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] }, runAsUser: 65534 },
  volumeMounts: [{ name: 'linkerd-proxy-init-xtables-lock', mountPath: '/run' }],
});

/** As a native sidecar the proxy comes second, behind its rules. Else it comes first of the containers, and its hook holds them back. */
export const linkerd =
  ({ isNative }: { readonly isNative: boolean }): Injector =>
  (given) => {
    if (given.metadata?.annotations?.[VERSION] !== undefined) return given;
    const template = annotated(given, { [VERSION]: 'edge' });
    const { spec } = template;
    template.metadata = {
      ...template.metadata,
      labels: { ...Object(template.metadata?.labels), 'linkerd.io/control-plane-ns': 'linkerd' },
    };
    const ready = { httpGet: { path: '/ready', port: 4191 } };
    const proxy: Container = {
      name: PROXY,
      image: 'linkerd/proxy',
      env: [{ name: 'LINKERD2_PROXY_OUTBOUND_LISTEN_ADDR', value: '127.0.0.1:4140' }],
      ports: [
        { name: 'linkerd-proxy', containerPort: 4143 },
        { name: 'linkerd-admin', containerPort: 4191 },
      ],
      livenessProbe: { httpGet: { path: '/live', port: 4191 }, initialDelaySeconds: 10 },
      readinessProbe: ready,
      securityContext: { runAsUser: 2102 },
      volumeMounts: [{ name: 'linkerd-identity-end-entity', mountPath: '/var/run/linkerd/identity/end-entity' }],
      ...(isNative
        ? { restartPolicy: 'Always', startupProbe: { ...ready, periodSeconds: 1, failureThreshold: 120 } }
        : { lifecycle: { postStart: { exec: { command: ['/usr/lib/linkerd/linkerd-await', '--timeout=2m'] } } } }),
    };
    const first = rules(template.metadata?.annotations?.['config.linkerd.io/skip-outbound-ports']);
    added(spec, 'initContainers', first);
    added(spec, isNative ? 'initContainers' : 'containers', proxy);
    if (isNative) spec.initContainers = moved(moved(spec.initContainers!, PROXY, 'first'), first.name, 'first');
    else spec.containers = moved(spec.containers, PROXY, 'first');
    added(
      spec,
      'volumes',
      { name: 'linkerd-proxy-init-xtables-lock', emptyDir: {} },
      { name: 'linkerd-identity-end-entity', emptyDir: { medium: 'Memory' } },
    );
    return template;
  };
