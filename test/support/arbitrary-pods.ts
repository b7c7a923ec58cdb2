/** Generated pods, in the form that the API server keeps, with all that a policy has to treat as injection does. */
import fc from 'fast-check';
import type { PodSpec } from '../../src/constructs/injection/workload.js';

type Pods = fc.Arbitrary<object>;

/** A field that may be absent. */
const maybe = <T>(name: string, value: fc.Arbitrary<T>): Pods =>
  fc.oneof(
    fc.constant({}),
    value.map((each) => ({ [name]: each })),
  );
const all = (...parts: Pods[]): Pods => fc.tuple(...parts).map((objects) => Object.assign({}, ...objects));

const preload = fc.constantFrom(
  { name: 'LD_PRELOAD' },
  { name: 'LD_PRELOAD', value: '/opt/agent.so' },
  { name: 'LD_PRELOAD', value: '/a "b"\\c.so:$(A)' },
  { name: 'LD_PRELOAD', valueFrom: { configMapKeyRef: { name: 'preload', key: 'list', optional: true } } },
  { name: 'LD_PRELOAD', valueFrom: { secretKeyRef: { name: 'preload', key: 'list' } } },
  { name: 'LD_PRELOAD', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: "metadata.annotations['preload']" } } },
  {
    name: 'LD_PRELOAD',
    valueFrom: { resourceFieldRef: { containerName: 'app', divisor: '1', resource: 'limits.cpu' } },
  },
);
const variable = fc.oneof(
  preload,
  fc.constantFrom(
    { name: 'A', value: '1' },
    { name: 'LLT_ON_FULL', value: 'pass' },
    { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ),
);
const mounts = fc.subarray([
  { name: 'data', mountPath: '/data' },
  { name: 'data', mountPath: '/.logtap-library' },
  { name: 'scratch', mountPath: '/scratch', readOnly: true, subPath: 'a' },
]);
const amounts = (cpu: string, memory: string) =>
  all(maybe('cpu', fc.constant(cpu)), maybe('memory', fc.constant(memory)));
const storage = maybe('ephemeral-storage', fc.constant('64Mi'));

const container = (name: string, port: number): Pods =>
  all(
    fc.constant({ name, image: 'orders:4.2' }),
    maybe('env', fc.array(variable, { maxLength: 4 })),
    maybe('volumeMounts', mounts),
    maybe('ports', fc.constantFrom([], [{ containerPort: port, name: `http-${port}` }, { containerPort: port + 1 }])),
    maybe('command', fc.constant(['sh', '-c', 'echo $LD_PRELOAD'])),
    maybe(
      'resources',
      all(
        maybe('requests', amounts('10m', '16Mi')),
        maybe(
          'limits',
          all(
            amounts('20m', '32Mi'),
            fc.boolean().chain((is) => (is ? storage : fc.constant({}))),
          ),
        ),
      ),
    ),
    maybe(
      'securityContext',
      fc.constantFrom({}, { runAsNonRoot: true, runAsUser: 1000 }, { readOnlyRootFilesystem: true }),
    ),
  );

const proxy = (name: string): Pods => container(name, 9100).map((each) => ({ ...each, name, restartPolicy: 'Always' }));

const initContainers = fc
  .tuple(
    fc.option(container('migrate', 9000), { nil: undefined }),
    fc.option(fc.constantFrom('istio-proxy', 'linkerd-proxy', 'vault').chain(proxy), { nil: undefined }),
    fc.boolean(),
  )
  .map(([migrate, sidecar, isFirst]) => {
    const found = [migrate, sidecar].filter((each) => each !== undefined);
    return isFirst ? found.reverse() : found;
  });

const podResources = all(maybe('requests', amounts('1500m', '1Gi')), maybe('limits', amounts('2', '1Gi')));

/** Names that every pod has. */
export const CONTAINERS = ['app', 'web'];

const annotations = all(
  maybe('logtap.dev/inject', fc.constantFrom('enabled', 'enabled', 'disabled')),
  maybe('logtap.dev/streams', fc.constantFrom('stdout', 'stdout, stderr', 'both')),
  maybe('web.logtap.dev/streams', fc.constantFrom('stderr', 'stderr,stdout')),
  maybe('logtap.dev/file', fc.constantFrom('/var/log/a.log', '/var/log/a.log:/srv/*.log')),
  maybe('web.logtap.dev/file', fc.constant('/tmp/web.log')),
  maybe('prometheus.io/scrape', fc.constant('true')),
  maybe('team', fc.constant('own')),
  maybe('eks.amazonaws.com/skip-containers', fc.constantFrom('', 'other, web', 'istio-proxy')),
);
const selections = fc.constantFrom(
  {},
  {},
  {},
  { 'logtap.dev/containers': 'web' },
  { 'logtap.dev/containers': 'app, web', 'logtap.dev/exclude-containers': 'app' },
);

/** A pod that a container names no port, volume or path of the shipper in. */
export const arbitraryPod: Pods = fc
  .tuple(
    all(
      fc.tuple(container('app', 8000), container('web', 8100)).map((containers) => ({ containers })),
      maybe('initContainers', initContainers),
      fc.constant({
        volumes: [
          { name: 'data', emptyDir: {} },
          { name: 'scratch', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
        ],
      }),
      maybe('terminationGracePeriodSeconds', fc.constantFrom(0, 1, 30, 3600)),
      maybe('imagePullSecrets', fc.constantFrom([], [{ name: 'own' }], [{ name: 'mirror' }, { name: 'own' }])),
      maybe('restartPolicy', fc.constantFrom('Never', 'OnFailure', 'Always')),
      maybe('automountServiceAccountToken', fc.boolean()),
      fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: maybe('resources', podResources) }),
      fc.constantFrom({}, { hostPID: true }, { shareProcessNamespace: true }, { hostIPC: true }),
      maybe('nodeSelector', fc.constantFrom({ 'kubernetes.io/os': 'linux' }, { disk: 'ssd' })),
    ),
    annotations,
    selections,
    maybe('labels', all(maybe('app', fc.constant('orders')), maybe('team', fc.constant('own')))),
  )
  .map(([spec, notes, selection, labels]) => ({
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { ...labels, annotations: { ...notes, ...selection } },
    spec,
  }));

const windowsOptions = fc.constantFrom(
  {},
  { windowsOptions: {} },
  { windowsOptions: { runAsUserName: 'ContainerUser' } },
);
const requirement = fc.constantFrom(
  ...['In', 'NotIn'].flatMap((operator) =>
    [['windows'], ['linux'], ['linux', 'windows']].flatMap((values) =>
      ['kubernetes.io/os', 'beta.kubernetes.io/os', 'disk'].map((key) => ({ key, operator, values })),
    ),
  ),
  { key: 'kubernetes.io/os', operator: 'Exists' },
  { key: 'node.kubernetes.io/windows-build', operator: 'Exists' },
  { key: 'node.kubernetes.io/windows-build', operator: 'DoesNotExist' },
  { key: 'node.kubernetes.io/windows-build', operator: 'NotIn', values: ['10.0.17763'] },
);
const nodeSelectorTerms = fc.array(
  fc.array(requirement, { minLength: 1, maxLength: 2 }).map((matchExpressions) => ({ matchExpressions })),
  { minLength: 1, maxLength: 2 },
);

/** Classes of a runtime that pods name. They must exist. */
export const RUNTIME_CLASSES = ['windows', 'windows-2019', 'windowsill'];

/** Specifications of a pod with marks of Windows, and with what looks like one. */
export const arbitraryMarks: fc.Arbitrary<PodSpec> = fc
  .tuple(
    fc.constantFrom({}, {}, {}, { os: { name: 'windows' } }, { os: { name: 'linux' } }),
    maybe(
      'nodeSelector',
      fc.constantFrom(
        { 'kubernetes.io/os': 'linux' },
        { 'kubernetes.io/os': 'windows' },
        { 'beta.kubernetes.io/os': 'windows' },
        { 'node.kubernetes.io/windows-build': '10.0.17763' },
        { 'node.kubernetes.io/windows-build': '' },
        { os: 'windows' },
      ),
    ),
    fc.constantFrom({}, {}, {}, ...RUNTIME_CLASSES.map((runtimeClassName) => ({ runtimeClassName }))),
    maybe(
      'affinity',
      nodeSelectorTerms.map((terms) => ({
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
      })),
    ),
    fc.tuple(windowsOptions, windowsOptions, windowsOptions),
    fc.boolean(),
  )
  .map(([os, selector, runtime, affinity, options, hasInit]) => {
    // The API server accepts these options from no pod that says that it is for Linux.
    const [ofPod, ofContainer, ofInit] = 'os' in os && os.os.name === 'linux' ? [{}, {}, {}] : options;
    const container = (name: string, securityContext: object) => ({ name, image: 'orders:4.2', securityContext });
    return {
      ...{ ...os, ...selector, ...runtime, ...affinity, securityContext: ofPod },
      containers: [container('app', ofContainer)],
      ...(hasInit && { initContainers: [container('migrate', ofInit)] }),
    };
  });
