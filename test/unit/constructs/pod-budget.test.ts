/** What the pod may use in all grows by what is injected, so that nothing is taken from the application, and no pod refused. */

import { parseQuantity } from '../../../src/constructs/injection/quantity.js';
import { uninject } from '../../../src/constructs/injection/uninject.js';
import { type PodSpec, podTemplate } from '../../../src/constructs/injection/workload.js';
import type { LogTapProps } from '../../../src/constructs/props/log-tap-props.js';
import { Sink } from '../../../src/constructs/sinks/sink.js';
import { inject } from '../../support/tap.js';
import { container, deployment, podSpec } from '../../support/workloads.js';

const stdout: LogTapProps = { sink: Sink.stdout() };
const app = podSpec().containers[0]!;

/** What a Deployment of the pod becomes; it can be taken out again. */
function injected(spec: Partial<PodSpec>, props: Partial<LogTapProps> = {}) {
  const before = deployment(podSpec(spec));
  const result = inject(before, { ...stdout, ...props });
  expect(uninject(result)).toEqual(before);
  expect(inject(result, { ...stdout, ...props })).toEqual(result);
  return result;
}

describe('resources of the pod as a whole', () => {
  const pod = (resources: object, props?: Partial<LogTapProps>) =>
    podTemplate(injected({ resources }, props)).spec.resources;

  test('grow by the requests and the limit of the shipper', () => {
    const requests = { cpu: '100m', memory: '100Mi' };
    expect(pod({ requests, limits: { cpu: '500m', memory: '200Mi' } })).toEqual({
      requests: { cpu: '110m', memory: '164Mi' },
      limits: { cpu: '510m', memory: '456Mi' },
    });
    expect(
      pod({ requests }, { shipper: { memoryBufferMiB: 300, memoryRequestMiB: 200, cpuRequestMillis: 250 } }),
    ).toEqual({
      requests: { cpu: '350m', memory: '300Mi' },
    });
  });

  test.each<[string, object, object]>([
    ['only what is there', { limits: { memory: '1Gi' } }, { limits: { memory: '1280Mi' } }],
    ['a number', { limits: { memory: 1_000_000_000 } }, { limits: { memory: '1210Mi' } }],
    ['a number of cores', { limits: { cpu: 1 } }, { limits: { cpu: '1010m' } }],
    ['a decimal', { requests: { cpu: '0.25', memory: '1.5Gi' } }, { requests: { cpu: '260m', memory: '1600Mi' } }],
    ['an exponent', { requests: { cpu: '1e-1', memory: '1e9' } }, { requests: { cpu: '110m', memory: '1018Mi' } }],
    ['what the shipper has none of', { limits: { 'hugepages-2Mi': '4Mi' } }, { limits: { 'hugepages-2Mi': '4Mi' } }],
    ['a sign', { limits: { memory: '+1Gi' } }, { limits: { memory: '1280Mi' } }],
    ['nothing', {}, {}],
  ])('%s', (_what, before, after) => {
    expect(pod(before)).toEqual(after);
  });

  test('are no less than those of the installer, which runs before the shipper', () => {
    const shipper = { memoryRequestMiB: 100, memoryLimitMiB: 200, installer: { memoryRequestMiB: 200 } };
    expect(pod({ requests: { memory: '16Mi' }, limits: { memory: '32Mi' } }, { shipper })).toEqual({
      requests: { memory: '200Mi' },
      limits: { memory: '256Mi' },
    });
  });

  test('a pod of the class Guaranteed stays in it', () => {
    expect(pod({ requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: 1, memory: '1024Mi' } })).toEqual({
      requests: { cpu: '1010m', memory: '1280Mi' },
      limits: { cpu: '1010m', memory: '1280Mi' },
    });
  });

  test.each<[string, object]>([
    ['that has limits alone', { limits: { cpu: '1', memory: '1Gi' } }],
    ['that requests the memory alone', { requests: { memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } }],
  ])('a pod %s is Guaranteed, and stays so', (_what, resources) => {
    // The API server takes absent requests from the limits, but only where no container has a request.
    const guaranteed = { cpu: '1010m', memory: '1280Mi' };
    expect(pod(resources)).toEqual({ requests: guaranteed, limits: guaranteed });
  });

  test('a pod whose containers request all that its limits allow is Guaranteed, too', () => {
    const use = (cpu: string, memory: string) => ({ ...app, resources: { requests: { cpu, memory } } });
    const sidecar = { ...use('200m', '200Mi'), name: 'sidecar', restartPolicy: 'Always' };
    const result = injected({
      initContainers: [sidecar, { ...use('100m', '800Mi'), name: 'init' }],
      containers: [use('100m', '100Mi')],
      resources: { limits: { cpu: '300m', memory: '1000Mi' } },
    });
    const guaranteed = { cpu: '310m', memory: '1256Mi' };
    expect(podTemplate(result).spec.resources).toEqual({ requests: guaranteed, limits: guaranteed });
  });

  test('a pod whose containers request less than its limits gets no requests: the API server adds those of all containers', () => {
    const containers = [{ ...app, resources: { requests: { cpu: '100m', memory: '100Mi' } } }];
    const result = injected({ containers, resources: { limits: { cpu: '1', memory: '1Gi' } } });
    expect(podTemplate(result).spec.resources).toEqual({ limits: { cpu: '1010m', memory: '1280Mi' } });
  });

  test('an invalid quantity is rejected', () => {
    expect(() => injected({ resources: { limits: { memory: '1 GB' } } })).toThrow(
      /Deployment\/orders: 'spec.template.spec.resources.limits.memory' \("1 GB"\) must be a quantity: write it as/,
    );
  });

  test('the shipper fits into what its pod has', () => {
    const result = injected({ resources: { requests: { memory: '1Mi' }, limits: { memory: '1Mi' } } });
    const { resources } = podTemplate(result).spec as PodSpec & { resources: { limits: { memory: string } } };
    for (const name of ['logtap', 'logtap-install']) {
      const own = container(result, name).resources as { limits: { memory: string } };
      expect(parseQuantity(own.limits.memory)).toBeLessThanOrEqual(parseQuantity(resources.limits.memory)!);
    }
  });
});

describe('disk: the kubelet evicts a pod that uses more than the sum of its container limits', () => {
  const storage = (spec: Partial<PodSpec>, shipper: LogTapProps['shipper'] = {}, props: Partial<LogTapProps> = {}) =>
    (container(injected(spec, { ...props, shipper }), 'logtap').resources as { limits: Record<string, string> }).limits[
      'ephemeral-storage'
    ];
  const limited = { ...app, resources: { limits: { 'ephemeral-storage': '1Gi' } } };

  test('so the shipper adds a limit for its volume and its log', () => {
    expect(storage({ containers: [limited] })).toBe('128Mi');
    expect(storage({ containers: [limited] }, { diskBufferMiB: 2000 })).toBe('2160Mi');
    expect(storage({ containers: [limited] }, { diskBufferMiB: 2000, deadLettersMiB: 40 })).toBe('2200Mi');
    expect(storage({ containers: [limited] }, { deadLettersMiB: 40 }, { nativeSidecar: false })).toBe('200Mi');
  });

  test('also when one container of several, or an init container, has one', () => {
    expect(storage({ containers: [app, { ...limited, name: 'b' }] })).toBe('128Mi');
    expect(storage({ initContainers: [{ ...limited, name: 'b' }] })).toBe('128Mi');
  });

  test('and has no limit if no container has one, because it would apply to all of them', () => {
    const requested = { ...app, resources: { limits: { memory: '1Gi' }, requests: { 'ephemeral-storage': '1Gi' } } };
    expect(storage({ containers: [requested] }, { diskBufferMiB: 2000 })).toBeUndefined();
    const absent = { ...app, resources: { limits: { 'ephemeral-storage': null } } };
    expect(storage({ containers: [absent] })).toBeUndefined();
  });
});
