/**
 * Manifests whose fields do not have the shape that Kubernetes requires. `inject` and `check` reject them with the same error. Otherwise
 * `inject` would write a manifest that `uninject` cannot read, or would turn text into a mapping of its characters.
 */

import { LogTap, type LogTapProps, Sink } from '../../../src/constructs/index.js';
import { type KubernetesObject, podTemplate } from '../../../src/constructs/injection/workload.js';
import { inject } from '../../support/tap.js';
import { deployment, podSpec, workloadOf } from '../../support/workloads.js';

const props: LogTapProps = { sink: Sink.stdout(), shipper: { image: 'logtap:1' } };
const app = { name: 'app', image: 'orders:4.2' };

/** A Deployment with any values, as people write them. */
function given(spec: object, metadata: unknown = { labels: { app: 'orders' } }): KubernetesObject {
  const { spec: whole, ...rest } = deployment();
  return { ...rest, spec: { ...(whole as object), template: { metadata, spec: podSpec(spec) } } };
}
const withContainer = (fields: object) => given({ containers: [{ ...app, ...fields }] });

const POD = 'spec.template.spec';
const CONTAINER = `${POD}.containers[0]`;

test.each<[string, KubernetesObject, string]>([
  [
    'a variable with a number',
    withContainer({ env: [{ name: 'A', value: 1 }] }),
    `'${CONTAINER}.env[0].value' (1) must be a string: put it in quotes`,
  ],
  [
    'a variable with a boolean',
    withContainer({ env: [{ name: 'A' }, { name: 'LD_PRELOAD', value: true }] }),
    `'${CONTAINER}.env[1].value' (true) must be a string: put it in quotes`,
  ],
  [
    'a variable with a list',
    withContainer({ env: [{ name: 'A', value: ['b'] }] }),
    `'${CONTAINER}.env[0].value' must be a string: correct the manifest`,
  ],
  [
    'a variable without a name',
    withContainer({ env: [{ value: 'b' }] }),
    `'${CONTAINER}.env[0].name' must be a string: correct the manifest`,
  ],
  [
    'an init container with a number',
    given({ initContainers: [{ name: 'i', image: 'i', env: [{ name: 'A', value: 1.5 }] }] }),
    `'${POD}.initContainers[0].env[0].value' (1.5) must be a string: put it in quotes`,
  ],
  [
    'a mount without a path',
    withContainer({ volumeMounts: [{ name: 'data' }] }),
    `'${CONTAINER}.volumeMounts[0].mountPath' must be a string: correct the manifest`,
  ],
  [
    'a name that YAML reads as a boolean',
    given({ containers: [{ ...app, name: true }] }),
    `'${CONTAINER}.name' (true) must be a string: put it in quotes`,
  ],
  [
    'containers that are text',
    given({ containers: 'app' }),
    `'${POD}.containers' ("app") must be a list: correct the manifest`,
  ],
  [
    'annotations that are a list',
    given({}, { annotations: ['a'] }),
    "'spec.template.metadata.annotations' must be a mapping: correct the manifest",
  ],
  [
    'labels that are text',
    given({}, { labels: 'app' }),
    `'spec.template.metadata.labels' ("app") must be a mapping: correct the manifest`,
  ],
  [
    'metadata that is text',
    given({}, 'app'),
    `'spec.template.metadata' ("app") must be a mapping: correct the manifest`,
  ],
  [
    'resources of the pod that are a list',
    given({ resources: [1] }),
    `'${POD}.resources' must be a mapping: correct the manifest`,
  ],
  [
    'limits of the pod that are text',
    given({ resources: { limits: 'all' } }),
    `'${POD}.resources.limits' ("all") must be a mapping: correct the manifest`,
  ],
  [
    'no quantity',
    given({ resources: { limits: { cpu: 'abc' } } }),
    `'${POD}.resources.limits.cpu' ("abc") must be a quantity: write it as 500m or 200Mi`,
  ],
  [
    'a negative quantity',
    given({ resources: { requests: { memory: -1 } } }),
    `'${POD}.resources.requests.memory' (-1) must be a quantity: write it as 500m or 200Mi`,
  ],
  [
    'a grace period in quotes',
    given({ terminationGracePeriodSeconds: '30' }),
    `'${POD}.terminationGracePeriodSeconds' ("30") must be a whole number of seconds up to 2147483647: write it without quotes`,
  ],
  [
    'a grace period that loses digits',
    given({ terminationGracePeriodSeconds: Number.MAX_SAFE_INTEGER }),
    `'${POD}.terminationGracePeriodSeconds' (9007199254740991) must be a whole number of seconds up to 2147483647: correct the manifest`,
  ],
])('%s', (_what, manifest, message) => {
  const error = new Error(`Deployment/orders: ${message}`);
  expect(() => inject(manifest, props)).toThrow(error);
  expect(() => LogTap.check(manifest, props)).toThrow(error);
});

test('the annotations of every level', () => {
  const cronJob = workloadOf('CronJob');
  const annotations = 'logtap.dev/inject';
  Object.assign((cronJob.spec as { jobTemplate: object }).jobTemplate, { metadata: { annotations } });
  expect(() => inject(cronJob, props)).toThrow(
    `CronJob/orders: 'spec.jobTemplate.metadata.annotations' ("logtap.dev/inject") must be a mapping: correct the manifest`,
  );
  const withList = { ...cronJob, metadata: { name: 'orders', annotations: [] } };
  expect(() => inject(withList, props)).toThrow(`CronJob/orders: 'metadata.annotations' must be a mapping`);
});

test('null is the same as no value, as for Kubernetes', () => {
  const container = { ...app, env: [{ name: 'A', value: null, valueFrom: null }], volumeMounts: null };
  const resources = { limits: null, requests: { cpu: null } };
  const spec = { containers: [container], resources, terminationGracePeriodSeconds: null };
  const manifest = given(spec, { annotations: null, labels: null });
  expect(LogTap.check(manifest, props)).toEqual([]);
  expect(LogTap.uninject(inject(manifest, props))).toEqual(manifest);
});

test('a value that came in after the injection does not keep uninject from removing it', () => {
  const injected = inject(deployment(), props);
  podTemplate(injected).spec.containers[0]!.env!.push({ name: 'A', value: 1 as unknown as string });
  const { containers, initContainers } = podTemplate(LogTap.uninject(injected)).spec;
  expect(containers[0]!.env).toEqual([{ name: 'A', value: 1 }]);
  expect(initContainers).toBeUndefined();
});

test('a patch that does not apply is an error of check, too', () => {
  const patch = '[{"op": "remove", "path": "/shipper/absent"}]';
  const patched: LogTapProps = { ...props, shipper: { image: 'logtap:1', patch } };
  expect(() => LogTap.check(deployment(), patched)).toThrow("'shipper.patch' does not apply");
});
