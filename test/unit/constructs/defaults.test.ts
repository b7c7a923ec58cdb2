/** Defaults of scopes: what a tap does not say, the nearest scope does. */
import { Chart, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { LogTap, LogTapDefaults, Sink, TappedDeployment } from '../../../src/constructs/index.js';
import { container, variables } from '../../support/workloads.js';

const tap = { sink: Sink.stdout(), accept: ['LT029'] };
// A file system that can be written, so that tapping a file is worth no warning.
const securityContext = { readOnlyRootFilesystem: false };
const containers: kplus.ContainerProps[] = [{ name: 'app', image: 'orders:4.2', securityContext }];

describe('LogTapDefaults', () => {
  const app = (chart: Chart) => variables(container(Testing.synth(chart)[0], 'app'));
  const shipper = (chart: Chart) => container(Testing.synth(chart)[0], 'logtap');

  test('complete the tap option by option, the nearest scope first', () => {
    const root = Testing.app();
    const chart = new Chart(root, 'shop');
    LogTapDefaults.set(root, {
      ...tap,
      file: '/far.log',
      suppressFile: true,
      shipper: { image: 'far:1', drainSeconds: 7 },
    });
    LogTapDefaults.set(chart, { file: '/near.log', shipper: { image: 'near:1', memoryRequestMiB: 99 } });
    new TappedDeployment(chart, 'w', { containers, tap: { shipper: { memoryRequestMiB: 80 } } });
    expect(app(chart)).toMatchObject({ LLT_TAP_FILE: '/near.log', LLT_SUPPRESS_TAP_FILE: 'true' });
    expect(shipper(chart)).toMatchObject({ image: 'near:1', resources: { requests: { memory: '80Mi' } } });
    expect(variables(shipper(chart))).toMatchObject({ LOGTAP_GRACE_SECONDS: '7' });
  });

  test('may be set after the tap, which then needs no properties', () => {
    const chart = Testing.chart();
    new TappedDeployment(chart, 'w', { containers });
    LogTapDefaults.set(chart, tap);
    expect(app(chart)).toHaveProperty('LD_PRELOAD');
  });

  test('give the disk buffer that an archive of a tap needs', () => {
    const chart = Testing.chart();
    const sink = Sink.s3({ bucket: 'archive', region: 'eu-central-1' });
    LogTapDefaults.set(chart, { accept: ['LT029'], shipper: { diskBufferMiB: 256 } });
    new TappedDeployment(chart, 'w', { containers, tap: { sink } });
    expect(variables(shipper(chart))).toMatchObject({ LOGTAP_SINK: 's3' });
  });

  test('apply in their new form after a rendering with the old ones', () => {
    const chart = Testing.chart();
    LogTapDefaults.set(chart, { ...tap, file: '/first.log' });
    new TappedDeployment(chart, 'w', { containers });
    expect(app(chart).LLT_TAP_FILE).toBe('/first.log');
    LogTapDefaults.set(chart, { ...tap, file: '/second.log' });
    expect(app(chart).LLT_TAP_FILE).toBe('/second.log');
  });

  test('one tap over scopes with different defaults resolves each', () => {
    const root = Testing.app();
    const charts = ['one', 'two', 'three'].map((id) => new Chart(root, id));
    for (const [i, chart] of charts.entries()) {
      new kplus.Deployment(chart, 'w', { containers });
      LogTapDefaults.set(chart, { file: `/${i}.log` });
    }
    LogTap.tap(root, tap);
    expect(charts.map((chart) => app(chart).LLT_TAP_FILE)).toEqual(['/0.log', '/1.log', '/2.log']);
  });

  test('an explicit undefined does not hide a default', () => {
    const chart = Testing.chart();
    LogTapDefaults.set(chart, { ...tap, file: '/a.log' });
    LogTap.tap(new kplus.Deployment(chart, 'w', { containers }), { file: undefined } as never);
    expect(app(chart).LLT_TAP_FILE).toBe('/a.log');
  });

  test('come from the scope of the workload, not from the tapped scope', () => {
    const root = Testing.app();
    LogTap.tap(root, tap);
    const [one, two] = [new Chart(root, 'one'), new Chart(root, 'two')];
    for (const chart of [one, two]) new kplus.Deployment(chart, 'w', { containers });
    LogTapDefaults.set(two, { file: '/two.log' });
    // The tap of the root comes to light with its validation.
    root.synthYaml();
    expect([one, two].map((chart) => app(chart).LLT_TAP_FILE)).toEqual([undefined, '/two.log']);
  });

  test('a tap without any sink is an error of the synthesis', () => {
    const chart = Testing.chart();
    new TappedDeployment(chart, 'w', { containers });
    expect(() => Testing.synth(chart)).toThrow(
      /\[test\/w\/Resource\] 'sink' \(undefined\) must be given: .*LogTapDefaults/,
    );
  });

  test('are rejected at once if they are invalid', () => {
    expect(() => LogTapDefaults.set(Testing.chart(), { file: 'x' })).toThrow(/'file' \("x"\)/);
  });
});
