/** The objects for the Prometheus operator, against the metrics that the shipper really has. */
import { Testing } from 'cdk8s';
import { ShipperAlerts, ShipperDashboard, ShipperPodMonitor } from '../../../src/constructs/index.js';
import { Sink } from '../../../src/constructs/sinks/sink.js';
import { Ledger } from '../../../src/shipper/accounting/ledger.js';
import { Tally } from '../../../src/shipper/accounting/tally.js';
import { RecordBuffer } from '../../../src/shipper/buffer/record-buffer.js';
import { healthySink } from '../../../src/shipper/delivery/deliver.js';
import { Metrics } from '../../../src/shipper/status/metrics.js';
import { sourceBatchOf } from '../../support/batches.js';
import { inject } from '../../support/tap.js';
import { container, deployment } from '../../support/workloads.js';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string };
}

interface Panel {
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
}

interface Variable {
  readonly query: string | { readonly query: string };
}

function rules(lateSeconds?: number): readonly Rule[] {
  const chart = Testing.chart();
  new ShipperAlerts(chart, 'Alerts', lateSeconds === undefined ? {} : { lateSeconds });
  return Testing.synth(chart)[0].spec.groups[0].rules;
}

const NOTHING = { lines: 0, bytes: 0 };

/** The metrics of a shipper to which everything has happened. */
async function metrics() {
  const ledger = new Ledger(['one']);
  const buffer = new RecordBuffer({ maxBytes: 1_000_000, sinks: ['one'], now: () => 0 });
  const batch = sourceBatchOf(['abc']);
  ledger.countDropped('one', 'too_old', Tally.of(batch));
  ledger.countUndelivered('deadLettered', 'one', 'mapping', Tally.of(batch));
  ledger.countProtocolError('length');
  const refused = { name: 'ring-1', bytes: 5, unread: NOTHING, gone: NOTHING, uncounted: 'cut' } as const;
  ledger.countRefusedRing(refused);
  const sinks = [{ name: 'one', cursor: buffer.cursor('one'), health: healthySink() }];
  sinks[0]!.health.retries.set('503', 1);
  const everything = new Metrics({
    ledger,
    sinks,
    now: () => 0,
    fullness: () => 0.5,
    writers: () => [],
    ringFills: () => [],
  });
  everything.countRequest('one', '200', 0.1);
  return (await everything.render('')).text.split('\n');
}

/** Labels that Prometheus adds when it reads a pod. */
const OF_TARGET = ['namespace', 'pod'];

test.each(rules().map((rule) => [rule.alert, rule] as const))(
  '%s asks for a metric of the shipper, and tells labels that it has',
  async (_alert, { expr, annotations }) => {
    const lines = await metrics();
    const names = [...new Set(expr.match(/logtap_\w+/g))];
    expect(names).toHaveLength(1);
    const series = lines.find((line) => new RegExp(`^${names[0]}[{ ]`).test(line));
    expect(series).toBeDefined();
    const told = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label!);
    for (const label of told.filter((name) => !OF_TARGET.includes(name))) expect(series).toContain(`${label}="`);
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

  test('reads the port and the path of an injected shipper', () => {
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

describe('ShipperDashboard', () => {
  function configMap(props = {}) {
    const chart = Testing.chart();
    new ShipperDashboard(chart, 'Dashboard', props);
    const [object] = Testing.synth(chart);
    return { object, dashboard: JSON.parse(object.data['logtap.json']) };
  }

  test('is a ConfigMap with the label of Grafana’s sidecar', () => {
    const { object } = configMap();
    expect(object).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    expect(object.metadata.labels).toEqual({ grafana_dashboard: '1' });
    const labels = { team: 'shop' };
    const other = configMap({ metadata: { name: 'a', labels }, label: 'dashboards', labelValue: 'yes', title: 'Logs' });
    expect(other.object.metadata).toEqual({ name: 'a', labels: { team: 'shop', dashboards: 'yes' } });
    expect(other.dashboard.title).toBe('Logs');
  });

  test('uses only metrics and labels of the shipper', async () => {
    const lines = await metrics();
    const { dashboard } = configMap();
    const targets: { expr: string; legendFormat: string }[] = dashboard.panels.flatMap(
      ({ targets: list }: Panel) => list,
    );
    const queries: string[] = [
      ...targets.map(({ expr }) => expr),
      ...dashboard.templating.list.map(({ query }: Variable) => (typeof query === 'string' ? '' : query.query)),
    ];
    const used = new Set(queries.join(' ').match(/logtap_\w+/g));
    for (const name of used) expect(lines.filter((line) => line.startsWith(name)).length).toBeGreaterThan(0);
    for (const { expr, legendFormat } of targets) {
      const [, grouped = ''] = /\bby \(([^)]*)\)/.exec(expr) ?? [];
      const labels = grouped.split(', ').filter(Boolean);
      const [name] = expr.match(/logtap_\w+/) ?? [];
      const series = lines.find((line) => line.startsWith(name!))!;
      for (const label of labels.filter((each) => !OF_TARGET.includes(each))) expect(series).toContain(`${label}="`);
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(labels).toContain(label);
    }
    // It shows every kind of loss.
    const counted = lines.flatMap((line) => /^(logtap_records_\w+)[{ ]/.exec(line)?.[1] ?? []);
    const elsewhere = ['logtap_records_recovered_total', 'logtap_records_held'];
    expect([...new Set(counted)].filter((name) => !used.has(name))).toEqual(elsewhere);
  });

  test('its panels do not overlap', () => {
    const places = configMap().dashboard.panels.map(({ gridPos: { x, y, w, h } }: Panel) => {
      expect([x % w, y % h]).toEqual([0, 0]);
      return `${x} ${y}`;
    });
    expect(new Set(places).size).toBe(places.length);
    expect(places.length).toBeGreaterThan(6);
  });
});
