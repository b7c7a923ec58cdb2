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
import { inject } from '../../support/tap.js';
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
