/** A policy of the API server gives pods what injection gives them, and keeps their lines. */
import fc from 'fast-check';
import { uninject } from '../../src/constructs/injection/uninject.js';
import { tapPolicy } from '../../src/constructs/policy/policy.js';
import type { LogTapProps } from '../../src/constructs/props/log-tap-props.js';
import { resolve } from '../../src/constructs/props/resolve.js';
import { ImagePullPolicy } from '../../src/constructs/props/shipper-options.js';
import { ExistingPreload, TapStreams } from '../../src/constructs/props/tap-options.js';
import { Sink } from '../../src/constructs/sinks/sink.js';
import { arbitraryPod, CONTAINERS } from '../support/arbitrary-pods.js';
import type { TestCluster } from '../support/cluster.js';
import { inject } from '../support/tap.js';

/** Of generated pods, for each set of properties. */
const PODS = 60;

const search = Sink.openSearch({
  url: 'https://search.example:9200',
  index: 'orders',
  username: 'shipper',
  passwordSecret: { name: 'search', key: 'password' },
});
const cloud = Sink.cloudWatch({ logGroup: '/orders', region: 'eu-central-1' });

const PROPS: readonly LogTapProps[] = [
  { sink: search },
  {
    sink: cloud,
    keepAwsCredentials: false,
    suppressStreams: true,
    existingPreload: ExistingPreload.REPLACE,
    shipper: {
      ...{ imagePullSecrets: ['mirror', 'ours'], labels: { team: 'logs', tap: 'yes' } },
      ...{ annotations: { team: 'logs', 'sidecar.istio.io/inject': 'no' }, diskBufferMiB: 64, drainSeconds: 20 },
    },
  },
  {
    sink: Sink.all([search, cloud]),
    containers: [...CONTAINERS],
    perContainer: {
      web: { streams: TapStreams.STDERR, debug: true, file: '/srv/web "log".log' },
      app: { suppressStreams: true },
    },
    shipper: {
      ...{ cpuRequestMillis: 50, cpuLimitMillis: 50, memoryRequestMiB: 200, memoryLimitMiB: 200 },
      patch: JSON.stringify([{ op: 'add', path: '/shipper/securityContext/runAsUser', value: 1337 }]),
    },
  },
];

// biome-ignore lint/suspicious/noExplicitAny: objects of any kind
type Pod = any;

/** What the API server makes of pods, by their names. */
async function admitted(k8s: TestCluster, namespace: string, pods: readonly object[]): Promise<Map<string, Pod>> {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: pods });
  const text = await k8s.tell(['--namespace', namespace, 'create', '--dry-run=server', '-o', 'json', '-f', '-'], list);
  const found: Pod[] = text.split(/^(?=\{$)/m).map((each) => JSON.parse(each));
  return new Map(found.map((pod) => [pod.metadata.name, pod]));
}

/** Without what the API server gives to each pod: the token of its service account comes before or after the added volumes. */
function comparable({ metadata, spec, ...pod }: Pod): Pod {
  const isOther = ({ name }: { name: string }) => !name.startsWith('kube-api-access-');
  const { uid: _uid, creationTimestamp: _time, namespace: _namespace, generation: _generation, ...rest } = metadata;
  const annotations = { ...rest.annotations };
  const record = annotations['logtap.dev/original'];
  if (record !== undefined) {
    // The API server keeps no empty list, and gives each pod a grace period.
    const { empty: _empty, terminationGracePeriodSeconds = 30, ...original } = JSON.parse(record);
    annotations['logtap.dev/original'] = { ...original, terminationGracePeriodSeconds };
    // That of a policy is the same for all of its pods.
    annotations['logtap.dev/config-hash'] = 'any';
  }
  const containers = (list: Pod[] = []) =>
    list.map(({ volumeMounts = [], ...each }) => ({ ...each, volumeMounts: volumeMounts.filter(isOther) }));
  return {
    ...pod,
    metadata: { ...rest, annotations },
    spec: {
      ...spec,
      containers: containers(spec.containers),
      initContainers: containers(spec.initContainers),
      volumes: spec.volumes.filter(isOther),
    },
  };
}

/** A namespace whose label chooses the policy of its name, once the API server applies it. */
async function tappedNamespace(k8s: TestCluster, name: string, props: LogTapProps): Promise<void> {
  const labels = { 'logtap.dev/policy': name };
  await k8s.apply(...tapPolicy(name, resolve(props)).objects, {
    ...{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } },
  });
  const probe = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'probe' } };
  const containers = [...CONTAINERS].map((each) => ({ name: each, image: each }));
  await k8s.until(`the policy ${name} applies`, async () => {
    const pods = await admitted(k8s, name, [{ ...probe, spec: { containers } }]);
    return pods.get('probe').spec.initContainers !== undefined;
  });
}

async function expectAsInjected(k8s: TestCluster, props: LogTapProps): Promise<void> {
  const [plain, tapped] = ['untapped', 'tapped'].map((name) => k8s.name(name)) as [string, string];
  await k8s.tell(['create', 'namespace', plain]);
  await tappedNamespace(k8s, tapped, props);
  const seed = Date.now();
  const pods: Pod[] = fc.sample(arbitraryPod, { seed, numRuns: PODS }).map((pod: Pod, index) => ({
    ...pod,
    metadata: { ...pod.metadata, name: `p${index}` },
  }));
  const [before, expected, found] = await Promise.all([
    admitted(k8s, plain, pods),
    admitted(
      k8s,
      plain,
      pods.map((pod) => inject(pod, props)),
    ),
    admitted(k8s, tapped, pods),
  ]);
  // A pod that is tapped is left alone.
  const again = await admitted(k8s, tapped, [...found.values()]);
  for (const { metadata } of pods) {
    const { name } = metadata;
    const all = [expected, found, again].map((each) => ({ seed, ...comparable(each.get(name)) }));
    expect(all[1]).toEqual(all[0]);
    expect(all[2]).toEqual(all[0]);
    // The status has the class of the tapped pod.
    const [plainPod, restored] = [before.get(name), uninject(found.get(name))].map(comparable);
    expect({ seed, ...restored, status: {} }).toEqual({ seed, ...plainPod, status: {} });
  }
}

export function policy(k8s: () => Promise<TestCluster>): void {
  test.concurrent('a policy: the API server makes of generated pods what injection makes of them', async () => {
    const cluster = await k8s();
    await Promise.all(PROPS.map((props) => expectAsInjected(cluster, withImage(props))));
  });
}

const withImage = (props: LogTapProps): LogTapProps => ({
  ...props,
  shipper: { image: 'registry.example/logtap:1', imagePullPolicy: ImagePullPolicy.ALWAYS, ...props.shipper },
});
