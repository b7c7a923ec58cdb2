/** Tapping constructs: which objects are tapped, whenever and however they came into the tree. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiObject, App, Chart, Include, JsonPatch, Testing, Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { LogTap, type LogTapProps, Sink, TappedDeployment } from '../../../src/constructs/index.js';
import type { PodTemplate } from '../../../src/constructs/injection/workload.js';
import { container, podSpec, variables } from '../../support/workloads.js';

const tap: LogTapProps = { sink: Sink.stdout(), accept: ['LT029'] };
const containers = [{ name: 'app', image: 'orders:4.2' }];

/** Whether the container is tapped, for every workload of the chart. */
function tapped(chart: Chart, name = 'app'): boolean[] {
  return Testing.synth(chart)
    .filter((manifest) => manifest.kind !== 'Service')
    .map((manifest) => 'LLT_TARGET' in variables(container(manifest, name)));
}

function plain(chart: Chart, id: string) {
  return new kplus.k8s.KubeDeployment(chart, id, {
    spec: { selector: { matchLabels: { a: id } }, template: { metadata: { labels: { a: id } }, spec: { containers } } },
  });
}

describe('LogTap.tap', () => {
  test.each([
    ['Deployment', (chart: Chart) => new kplus.Deployment(chart, 'w', { containers })],
    [
      'StatefulSet',
      (chart: Chart) =>
        new kplus.StatefulSet(chart, 'w', {
          containers,
          service: new kplus.Service(chart, 's', { ports: [{ port: 80 }] }),
        }),
    ],
    ['DaemonSet', (chart: Chart) => new kplus.DaemonSet(chart, 'w', { containers })],
    ['Job', (chart: Chart) => new kplus.Job(chart, 'w', { containers })],
    ['Pod', (chart: Chart) => new kplus.Pod(chart, 'w', { containers })],
    ['a plain object', (chart: Chart) => plain(chart, 'w')],
  ])('one workload: %s', (_kind, make) => {
    const chart = Testing.chart();
    LogTap.tap(make(chart), tap);
    expect(tapped(chart)).toEqual([true]);
  });

  test('includes a container and a patch that are added later', () => {
    const chart = Testing.chart();
    const deployment = new kplus.Deployment(chart, 'w', { containers });
    LogTap.tap(deployment, tap);
    deployment.addContainer({ name: 'late', image: 'late' });
    ApiObject.of(deployment).addJsonPatch(JsonPatch.add('/spec/template/spec/priorityClassName', 'high'));
    expect(tapped(chart, 'late')).toEqual([true]);
    expect(Testing.synth(chart)[0].spec.template.spec.priorityClassName).toBe('high');
  });

  test.each([
    ['List', true],
    ['DeploymentList', false],
  ])('the workloads of a %s, and it can be taken out again', (kind, withType) => {
    const chart = Testing.chart();
    const spec = { selector: {}, template: { spec: podSpec() } };
    const type = withType ? { apiVersion: 'apps/v1', kind: 'Deployment' } : {};
    const apiVersion = withType ? 'v1' : 'apps/v1';
    const items = [
      { ...type, metadata: { name: 'a' }, spec },
      { ...type, metadata: { name: 'b' }, spec },
    ];
    new ApiObject(chart, 'list', { apiVersion, kind, items });
    LogTap.tap(chart, tap);
    const [list] = Testing.synth(chart);
    expect(
      list.items.map(
        ({ spec: { template } }: { spec: { template: PodTemplate } }) => template.spec.initContainers?.length,
      ),
    ).toEqual([2, 2]);
    expect(LogTap.uninject(list).items).toEqual(items);
  });

  test('a Rollout that refers to a Deployment remains unchanged, and the Deployment is tapped', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const chart = Testing.chart();
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'w' };
    new ApiObject(chart, 'r', { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', spec: { workloadRef } });
    plain(chart, 'w');
    LogTap.tap(chart, { ...tap, shipper: { image: 'logtap:1' } });
    const [rollout, deployment] = Testing.synth(chart);
    expect(rollout.spec).toEqual({ workloadRef });
    expect(variables(container(deployment, 'app'))).toHaveProperty('LLT_TARGET');
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/warning LT028 .*its pods come from Deployment\/w/)]]);
    warn.mockRestore();
  });

  test('only that workload', () => {
    const chart = Testing.chart();
    LogTap.tap(plain(chart, 'one'), tap);
    plain(chart, 'two');
    expect(tapped(chart)).toEqual([true, false]);
  });

  test('every workload of a scope, also later ones, and nothing else', () => {
    const chart = Testing.chart();
    plain(chart, 'early');
    LogTap.tap(chart, tap);
    plain(chart, 'late');
    const service = new kplus.k8s.KubeService(chart, 'service', { spec: { ports: [{ port: 80 }] } });
    const before = service.toJson();
    expect(tapped(chart)).toEqual([true, true]);
    expect(service.toJson()).toEqual(before);
  });

  test('YAML that is included', () => {
    const directory = mkdtempSync(join(tmpdir(), 'logtap-'));
    try {
      const url = join(directory, 'pod.yaml');
      writeFileSync(url, Yaml.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: podSpec() }));
      const chart = Testing.chart();
      LogTap.tap(new Include(chart, 'include', { url }), tap);
      expect(tapped(chart)).toEqual([true]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('rendering again changes nothing', () => {
    const chart = Testing.chart();
    LogTap.tap(chart, tap);
    plain(chart, 'w');
    expect(Testing.synth(chart)).toEqual(Testing.synth(chart));
  });

  test('a scope without workloads is an error of the synthesis', () => {
    const chart = new Chart(new App(), 'empty');
    LogTap.tap(chart, tap);
    expect(() => Testing.synth(chart)).toThrow(/\[empty\] LogTap: nothing to tap/);
  });

  test('tapping twice is an error, at once or at synthesis', () => {
    const chart = new Chart(new App(), 'shop');
    LogTap.tap(chart, tap);
    const deployment = plain(chart, 'w');
    LogTap.tap(deployment, tap);
    expect(() => Testing.synth(chart)).toThrow(/\[shop\] LT017 shop\/w: is already tapped/);
    expect(() => LogTap.tap(deployment, tap)).toThrow(/LT017 shop\/w: is already tapped: tap it once/);
  });

  test('an error of a workload names its path', () => {
    const chart = new Chart(new App(), 'shop');
    LogTap.tap(plain(chart, 'w'), { ...tap, containers: ['db'] });
    expect(() => Testing.synth(chart)).toThrow(
      /^ {2}\[shop\/w\] LT002 Deployment\/shop-w-\w+: 'containers' \("db"\).*use some of app/m,
    );
  });

  test('LogTap.inject does the same to a manifest', () => {
    const chart = Testing.chart();
    const deployment = plain(chart, 'w');
    const manifest = deployment.toJson();
    LogTap.tap(deployment, tap);
    expect(LogTap.inject(manifest, tap)).toEqual(Testing.synth(chart)[0]);
  });
});

describe('as a mixin', () => {
  test('taps the existing workloads', () => {
    const chart = Testing.chart();
    plain(chart, 'early');
    new kplus.Deployment(chart, 'plus', { containers });
    expect(chart.with(new LogTap(tap))).toBe(chart);
    plain(chart, 'late');
    expect(tapped(chart)).toEqual([true, true, false]);
  });
});

test('synthesis writes no YAML anchors', () => {
  const chart = Testing.chart();
  new TappedDeployment(chart, 'w', { containers: [...containers, { name: 'web', image: 'nginx' }], tap });
  expect(Yaml.stringify(...Testing.synth(chart))).not.toMatch(/[&*]a\d/);
});

test('a tap returns the permissions of its own sink, but not of a sink from defaults', () => {
  const cloudWatch = Sink.cloudWatch({ logGroup: '/shop', region: 'eu-central-1' });
  expect(new LogTap({ sink: cloudWatch }).iam).toEqual(cloudWatch.iam);
  expect(() => new LogTap({}).iam).toThrow("'sink' (undefined) must be given");
});

describe('wrong types from JavaScript', () => {
  const wrong = (value: unknown) => value as never;
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: podSpec() };

  test.each([
    ['nothing', undefined, "'target' (undefined) must be a construct"],
    ['a manifest', pod, `'target' (["apiVersion","kind","metadata","spec"]) must be a construct`],
  ])('the target of a tap: %s', (_what, target, message) => {
    expect(() => LogTap.tap(wrong(target), tap)).toThrow(message);
  });

  test.each([
    ['a list of manifests', [pod], "'manifest' (a list) must be an object of the Kubernetes API"],
    ['a text', 'kind: Pod', "'manifest' (a string) must be an object of the Kubernetes API"],
  ])('%s is refused, and does not come back without a tap', (_what, manifest, message) => {
    for (const act of [LogTap.inject, LogTap.check, LogTap.uninject]) {
      expect(() => act(manifest, tap)).toThrow(message);
    }
  });

  test('a number that is none is named', () => {
    const shipper = { memoryLimitMiB: Number.NaN };
    expect(() => new LogTap({ ...tap, shipper })).toThrow("'shipper.memoryLimitMiB' (NaN) must be");
  });

  test('a timestamp that a reader of YAML made a Date stays a timestamp', () => {
    const creationTimestamp = new Date('2026-01-02T03:04:05Z');
    const given = { ...pod, metadata: { name: 'a', creationTimestamp } };
    for (const result of [LogTap.inject(given, tap), LogTap.uninject(LogTap.inject(given, tap))]) {
      expect(result.metadata.creationTimestamp).toBe('2026-01-02T03:04:05.000Z');
    }
  });
});
