/**
 * Injection beside the webhooks of service meshes and of Vault. A webhook changes the pods of a workload that was injected before;
 * `logtap inject` may also get a manifest that their command lines have changed.
 */
import { uninject } from '../../../src/constructs/injection/uninject.js';
import {
  type Container,
  canonicalObject,
  type KubernetesObject,
  type PodSpec,
  type PodTemplate,
  podTemplate,
} from '../../../src/constructs/injection/workload.js';
import type { LogTapProps } from '../../../src/constructs/props/log-tap-props.js';
import { Sink } from '../../../src/constructs/sinks/sink.js';
import { appMesh } from '../../support/meshes/app-mesh.js';
import { istio } from '../../support/meshes/istio.js';
import { endOf, foreignProbesOf, startOf } from '../../support/meshes/kubelet.js';
import { linkerd } from '../../support/meshes/linkerd.js';
import type { Injector } from '../../support/meshes/pod.js';
import { vault } from '../../support/meshes/vault.js';
import { check, inject } from '../../support/tap.js';
import { container, podSpec, workloadOf } from '../../support/workloads.js';

/** When the proxy ends: after the shipper, or with the application. `none` for Vault. */
type End = 'after' | 'before' | 'none';
const INJECTORS: readonly (readonly [string, Injector, string, End])[] = [
  ['Istio', istio({ isNative: false }), 'istio-proxy', 'before'],
  ['Istio that holds the application', istio({ isNative: false, isHeld: true }), 'istio-proxy', 'before'],
  ['Istio with its CNI plug-in', istio({ isNative: false, hasCni: true }), 'istio-proxy', 'before'],
  ['Istio with native sidecars', istio({ isNative: true }), 'istio-proxy', 'after'],
  ['Istio with both', istio({ isNative: true, hasCni: true, isHeld: true }), 'istio-proxy', 'after'],
  ['Linkerd', linkerd({ isNative: false }), 'linkerd-proxy', 'before'],
  ['Linkerd with native sidecars', linkerd({ isNative: true }), 'linkerd-proxy', 'after'],
  ['App Mesh', appMesh({ isAwaited: false }), 'envoy', 'before'],
  ['App Mesh that holds the application', appMesh({ isAwaited: true }), 'envoy', 'before'],
  ['Vault', vault({ isFirst: false }), 'vault-agent', 'none'],
  ['Vault, its init container first', vault({ isFirst: true }), 'vault-agent', 'none'],
  ['Vault, with the mounts of the application', vault({ isFirst: true, copiesMountsOf: 'app' }), 'vault-agent', 'none'],
];

const props: LogTapProps = {
  sink: Sink.openSearch({
    url: 'https://os:9200',
    username: 'shipper',
    passwordSecret: { name: 'opensearch', key: 'password' },
  }),
  shipper: { readinessProbe: true, diskBufferMiB: 100 },
};

/** An application that is asked by request, and migrates first. */
const SPEC: PodSpec = podSpec({
  containers: [
    {
      name: 'app',
      image: 'orders:4.2',
      ports: [{ name: 'http', containerPort: 8080 }],
      livenessProbe: { httpGet: { path: '/alive', port: 'http' } },
      readinessProbe: { tcpSocket: { port: 8080 } },
    },
    { name: 'web', image: 'nginx:1.27' },
  ],
  initContainers: [{ name: 'migrate', image: 'orders:4.2' }],
});
const pod = () => workloadOf('Pod', SPEC);

/** A pod with another template. */
function through(injector: Injector, workload: KubernetesObject): KubernetesObject {
  const { metadata, spec } = injector(podTemplate(workload));
  return { ...workload, metadata: { ...workload.metadata, ...metadata }, spec } as KubernetesObject;
}
const templateOf = (workload: KubernetesObject): PodTemplate => podTemplate(workload);
const namesOf = (containers: readonly Container[] = []) => containers.map(({ name }) => name);

test('the proxy of Istio gets the requests of the probes, and a startup probe that is one never succeeds', () => {
  const injected = inject(pod(), props);
  const asked = container(injected, 'logtap');
  delete asked.lifecycle;
  asked.startupProbe = { httpGet: { path: '/livez', port: 'logtap' }, periodSeconds: 1, failureThreshold: 60 };
  const meshed = through(istio({ isNative: false }), injected);
  expect(container(meshed, 'app').livenessProbe).toMatchObject({
    httpGet: { path: '/app-health/app/livez', port: 15020 },
  });
  expect(container(meshed, 'app').readinessProbe).toMatchObject({
    httpGet: { path: '/app-health/app/readyz', port: 15020 },
  });
  expect(startOf(templateOf(injected)).stuck).toBeUndefined();
  expect(startOf(templateOf(meshed)).stuck).toBe('logtap');
  expect(startOf(templateOf(through(istio({ isNative: true }), injected))).stuck).toBeUndefined();
});

describe.each(INJECTORS)('%s: its webhook changes a tapped pod', (_name, injector, proxy, end) => {
  const injected = inject(pod(), props);
  const meshed = through(injector, injected);
  const template = templateOf(meshed);

  test('leaves hook, probes and all else of the injection as it was, but for mounts of its own', () => {
    for (const name of ['logtap-install', 'logtap']) {
      const { volumeMounts: mounts = [], ...before } = container(injected, name);
      const { volumeMounts = [], ...after } = container(meshed, name);
      expect(after).toEqual(before);
      expect(volumeMounts).toEqual(expect.arrayContaining(mounts));
    }
    expect(container(meshed, 'app').env).toEqual(container(injected, 'app').env);
    expect(container(meshed, 'app').volumeMounts).toEqual(
      expect.arrayContaining(container(injected, 'app').volumeMounts!),
    );
    expect(template.spec.volumes).toEqual(expect.arrayContaining(templateOf(injected).spec.volumes!));
    expect(template.spec.terminationGracePeriodSeconds).toBe(templateOf(injected).spec.terminationGracePeriodSeconds);
  });

  test('starts every container: the library and the shipper before the application, a native proxy before the shipper', () => {
    const { order, stuck } = startOf(template);
    expect(stuck).toBeUndefined();
    const at = (name: string) => order.indexOf(name);
    expect(order).toHaveLength(template.spec.containers.length + template.spec.initContainers!.length);
    expect(at('logtap-install')).toBeLessThan(at('logtap'));
    for (const name of ['migrate', 'app', 'web']) expect(at('logtap')).toBeLessThan(at(name));
    if (end !== 'none') expect(at(proxy) < at('logtap')).toBe(end === 'after');
  });

  test('no probe of the shipper asks another container', () => {
    expect(foreignProbesOf(template, 'logtap')).toEqual([]);
  });

  test('the shipper ends after the application, and before a native proxy', () => {
    const groups = endOf(template);
    const at = (name: string) => groups.findIndex((names) => names.includes(name));
    expect(at('app')).toBeLessThan(at('logtap'));
    if (end !== 'none') expect(at('logtap') < at(proxy)).toBe(end === 'after');
  });

  test('uninject leaves what the webhook makes of the pod as it was', () => {
    const expected = canonicalObject(through(injector, uninject(pod())));
    expect(canonicalObject(uninject(meshed))).toEqual(expected);
  });

  test('a second call of the webhook changes nothing', () => {
    expect(through(injector, meshed)).toEqual(meshed);
  });
});

describe.each(INJECTORS)('a manifest that already has %s', (_name, injector, proxy, end) => {
  const meshed = through(injector, pod());
  const given: LogTapProps = { ...props, excludeContainers: [proxy] };
  const injected = inject(meshed, given);
  const template = templateOf(injected);

  test('gets the shipper between a native proxy and what the pod starts next', () => {
    const { order, stuck } = startOf(template);
    expect(stuck).toBeUndefined();
    const at = (name: string) => order.indexOf(name);
    if (end !== 'none') expect(at(proxy) < at('logtap')).toBe(end === 'after');
    for (const name of ['migrate', 'app']) expect(at('logtap')).toBeLessThan(at(name));
    const groups = endOf(template).map((names) => names.includes('logtap'));
    const ofProxy = endOf(template).findIndex((names) => names.includes(proxy));
    if (end === 'after') expect(groups.indexOf(true)).toBeLessThan(ofProxy);
  });

  test('keeps the proxy and its containers as they were', () => {
    for (const name of namesOf([...templateOf(meshed).spec.containers, ...templateOf(meshed).spec.initContainers!])) {
      if (['app', 'web'].includes(name)) continue;
      expect(container(injected, name)).toEqual(container(meshed, name));
    }
  });

  test(`has ${end === 'before' ? 'the' : 'no'} finding about its last lines`, () => {
    const codes = check(meshed, given).map(({ code }) => code);
    expect(codes.includes('LT040')).toBe(end === 'before');
  });

  test('is injected once, and exactly undone', () => {
    expect(inject(injected, given)).toEqual(injected);
    expect(canonicalObject(uninject(injected))).toEqual(canonicalObject(uninject(meshed)));
  });
});

test('a tapped init container that starts before the proxy keeps the library', () => {
  const meshed = through(istio({ isNative: true }), pod());
  const { spec } = templateOf(meshed);
  spec.initContainers = [
    ...spec.initContainers!.filter(({ name }) => name === 'migrate'),
    ...spec.initContainers!.filter(({ name }) => name !== 'migrate'),
  ];
  const injected = inject(meshed, { ...props, containers: ['app', 'migrate'] });
  expect(namesOf(templateOf(injected).spec.initContainers).slice(0, 3)).toEqual([
    'logtap-install',
    'logtap',
    'migrate',
  ]);
});

describe('LT040 does not arise', () => {
  const EXCLUDE = 'traffic.sidecar.istio.io/excludeOutboundPorts';
  const codes = (manifest: KubernetesObject, given: Partial<LogTapProps> = {}) =>
    check(manifest, { ...props, ...given }).map(({ code }) => code);
  const meshed = (injector: Injector) => through(injector, pod());
  /** The mesh changes a pod that has the annotation. */
  const excluding = (injector: Injector, name: string, ports: string) =>
    through(injector, { ...pod(), metadata: { ...pod().metadata, annotations: { [name]: ports } } });

  test.each([
    ['Istio', istio({ isNative: false }), 1337],
    ['Linkerd', linkerd({ isNative: false }), 2102],
    ['App Mesh', appMesh({ isAwaited: false }), 1337],
  ])('%s: for a shipper that runs as the user of the proxy', (_name, injector, runAsUser) => {
    expect(codes(meshed(injector))).toContain('LT040');
    expect(codes(meshed(injector), { shipper: { runAsUser } })).not.toContain('LT040');
    expect(codes(meshed(injector), { shipper: { runAsUser: 1000 } })).toContain('LT040');
    const patch = JSON.stringify([{ op: 'replace', path: '/shipper/securityContext/runAsUser', value: runAsUser }]);
    expect(codes(meshed(injector), { shipper: { patch } })).not.toContain('LT040');
  });

  test.each([
    ['Istio', istio({ isNative: false }), EXCLUDE],
    ['Linkerd', linkerd({ isNative: false }), 'config.linkerd.io/skip-outbound-ports'],
    ['App Mesh', appMesh({ isAwaited: false }), 'appmesh.k8s.aws/egressIgnoredPorts'],
  ])('%s: where its rules leave the port out', (_name, injector, name) => {
    expect(codes(excluding(injector, name, '22,9200'))).not.toContain('LT040');
    expect(codes(excluding(injector, name, '22,443'))).toContain('LT040');
  });

  test('for a range of ports of Linkerd', () => {
    const ranges = (ports: string) =>
      codes(excluding(linkerd({ isNative: false }), 'config.linkerd.io/skip-outbound-ports', ports));
    expect(ranges('22, 9000-9300')).not.toContain('LT040');
    expect(ranges('9000-9199')).toContain('LT040');
  });

  test('where the rules follow an annotation when the pod starts; rules in the manifest do not', () => {
    const shipper = { annotations: { [EXCLUDE]: '9200' } };
    expect(codes(meshed(istio({ isNative: false, hasCni: true })), { shipper })).not.toContain('LT040');
    expect(codes(meshed(istio({ isNative: false })), { shipper })).toContain('LT040');
    // The annotation that the pod already has stays.
    const other = excluding(istio({ isNative: false, hasCni: true }), EXCLUDE, '443');
    expect(codes(other, { shipper })).toContain('LT040');
  });

  test('for a sink without connections, for a gateway, and for an Envoy of the application', () => {
    expect(codes(meshed(istio({ isNative: false })), { sink: Sink.stdout() })).not.toContain('LT040');
    const gateway = podSpec({ containers: [{ name: 'istio-proxy', image: 'istio/proxyv2' }] });
    expect(codes(workloadOf('Deployment', gateway))).not.toContain('LT040');
    const envoy = podSpec({ containers: [...podSpec().containers, { name: 'envoy', image: 'envoy' }] });
    expect(codes(workloadOf('Deployment', envoy))).not.toContain('LT040');
  });

  test('names every port that is redirected, once, in order', () => {
    const sink = Sink.all([
      Sink.openSearch({ url: 'https://a:9200,https://b:9200' }),
      Sink.cloudWatch({ logGroup: '/g', region: 'eu-central-1' }),
    ]);
    const [found] = check(meshed(istio({ isNative: false })), { ...props, sink }).filter(
      ({ code }) => code === 'LT040',
    );
    expect(found?.message).toContain('to ports 443, 9200 go through it');
  });
});
