/** The objects for the Prometheus operator, against the metrics that the shipper really has. */
import { Testing } from 'cdk8s';
import { ShipperAlerts, ShipperPodMonitor } from '../../../src/constructs/index.js';
import { inject } from '../../../src/constructs/inject.js';
import { Sink } from '../../../src/constructs/sink.js';
import { healthySink } from '../../../src/shipper/deliver.js';
import { Ledger } from '../../../src/shipper/ledger.js';
import { Metrics } from '../../../src/shipper/metrics.js';
import { Hold } from '../../../src/shipper/spool/hold.js';
import { Tally } from '../../../src/shipper/tally.js';
import { sourceBatchOf } from '../../support/batches.js';
import { container, deployment } from '../../support/workloads.js';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string };
}

function rules(lateSeconds?: number): readonly Rule[] {
  const chart = Testing.chart();
  new ShipperAlerts(chart, 'Alerts', lateSeconds === undefined ? {} : { lateSeconds });
  return Testing.synth(chart)[0].spec.groups[0].rules;
}

/** The metrics of a shipper to which everything has happened. */
async function metrics() {
  const ledger = new Ledger(['one']);
  const hold = new Hold({ maxBytes: 1_000_000, sinks: ['one'], now: () => 0 });
  const batch = sourceBatchOf(['abc']);
  ledger.countDropped('one', 'too_old', Tally.of(batch));
  ledger.countDeadLettered('one', 'mapping', Tally.of(batch));
  ledger.countProtocolError('length');
  const sinks = [{ name: 'one', lane: hold.lane('one'), health: healthySink() }];
  return (await new Metrics({ ledger, sinks, now: () => 0 }).render('')).text.split('\n');
}

test.each(rules().map((rule) => [rule.alert, rule] as const))(
  '%s asks for a metric of the shipper, and tells labels that it has',
  async (_alert, { expr, annotations }) => {
    const lines = await metrics();
    const names = [...new Set(expr.match(/logtap_\w+/g))];
    expect(names).toHaveLength(1);
    const series = lines.find((line) => line.startsWith(`${names[0]}{`));
    expect(series).toBeDefined();
    const told = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label!);
    // `pod` is added by Prometheus when it reads.
    for (const label of told.filter((name) => name !== 'pod')) expect(series).toContain(`${label}="`);
  },
);

test('the age that is too old', () => {
  expect(rules(60).map(({ expr }) => expr)).toContain('logtap_oldest_held_seconds > 60');
  expect(() => rules(0)).toThrow(/'lateSeconds' \(0\) must be more than 0/);
});

describe('ShipperPodMonitor', () => {
  function spec(props = {}) {
    const chart = Testing.chart();
    new ShipperPodMonitor(chart, 'Monitor', props);
    const [object] = Testing.synth(chart);
    expect(object).toMatchObject({ apiVersion: 'monitoring.coreos.com/v1', kind: 'PodMonitor' });
    return object.spec;
  }

  test('reads the port and the path that an injected shipper has', () => {
    const [{ port, path }] = spec().podMetricsEndpoints;
    const { ports } = container(inject(deployment(), { sink: Sink.stdout() }), 'logtap') as {
      ports?: { name: string }[];
    };
    expect(ports?.map(({ name }) => name)).toContain(port);
    expect(path).toBe('/metrics');
  });

  test('of all pods, or of those with the labels', () => {
    expect(spec().selector).toEqual({});
    expect(spec({ podLabels: { app: 'orders' }, interval: '15s' })).toEqual({
      podMetricsEndpoints: [{ port: 'logtap', path: '/metrics', interval: '15s' }],
      selector: { matchLabels: { app: 'orders' } },
    });
  });
});
