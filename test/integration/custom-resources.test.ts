/** The objects for operators before the schemas of their custom resources. */
import { Testing } from 'cdk8s';
import type { Construct } from 'constructs';
import { parse } from 'yaml';
import { ensureLocked } from '../../scripts/locked-packages.js';
import { ShipperAlerts, ShipperExternalSecret, ShipperPodMonitor } from '../../src/constructs/index.js';
import { describeWith } from '../support/capability.js';
import { stepsOf } from '../support/page.js';
import { run } from '../support/run.js';

/** Runs where the packages are, which are ES modules: an object on standard input, what is wrong with it on standard output. */
const JUDGE = `
import { text } from 'node:stream/consumers';
const packages = {
  'external-secrets.io/v1': '@kubernetes-models/external-secrets',
  'monitoring.coreos.com/v1': '@kubernetes-models/prometheus-operator',
  'argoproj.io/v1alpha1': '@kubernetes-models/argo-cd',
  'kustomize.toolkit.fluxcd.io/v1': '@kubernetes-models/flux-cd',
};
const object = JSON.parse(await text(process.stdin));
const models = await import(packages[object.apiVersion] + '/' + object.apiVersion);
try {
  new models[object.kind](object).validate();
} catch (error) {
  console.log(error.message);
}`;

async function objections(object: object): Promise<string> {
  const cwd = ensureLocked('custom-resources');
  const args = ['--input-type=module', '--eval', JUDGE];
  const { code, stdout, stderr } = await run(process.execPath, args, { cwd, input: JSON.stringify(object) });
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

const objects: Record<string, (scope: Construct) => unknown> = {
  'an ExternalSecret': (scope) =>
    new ShipperExternalSecret(scope, 'A', {
      store: 'aws',
      keys: { password: { key: 'a', property: 'b', version: '1' } },
      refreshInterval: '15m',
    }),
  'a PodMonitor': (scope) => new ShipperPodMonitor(scope, 'A', { podLabels: { app: 'orders' }, interval: '30s' }),
  'a PodMonitor by default': (scope) => new ShipperPodMonitor(scope, 'A'),
  'a PrometheusRule': (scope) => new ShipperAlerts(scope, 'A', { lateSeconds: 60 }),
};

describeWith(['custom resources'], 'custom resources', () => {
  test.each(Object.entries(objects))('%s is valid', async (_, make) => {
    const chart = Testing.chart();
    make(chart);
    expect(await objections(Testing.synth(chart)[0])).toBe('');
  });

  test.each(['application.yaml', 'kustomization-of-flux.yaml'])('%s of the guide to GitOps is valid', async (name) => {
    const step = stepsOf('docs/guides/gitops.md').find((each) => 'file' in each && each.file === name);
    const object = parse(step !== undefined && 'file' in step ? step.text : '');
    expect(await objections(object)).toBe('');
    expect(await objections({ ...object, spec: { ...object.spec, source: 1, sourceRef: 1 } })).not.toBe('');
  });

  test('the schemas have teeth', async () => {
    const chart = Testing.chart();
    new ShipperPodMonitor(chart, 'A', { interval: 'soon' });
    expect(await objections(Testing.synth(chart)[0])).toContain(
      'spec/podMetricsEndpoints/0/interval must match pattern',
    );
  });
});
