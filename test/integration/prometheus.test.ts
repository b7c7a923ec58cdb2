/** The alerts and the dashboard before Prometheus' own parser and engine: they are rules, and fire when they have to, only then. */
import { Testing } from 'cdk8s';
import { stringify } from 'yaml';
import { ensureGoProgram } from '../../scripts/go-program.js';
import { ShipperAlerts, ShipperDashboard } from '../../src/constructs/index.js';
import { describeWith } from '../support/capability.js';
import { run } from '../support/run.js';

interface Rule {
  readonly alert: string;
  readonly expr: string;
}

interface Judged {
  readonly rules?: string;
  readonly queries?: readonly string[];
  readonly script?: string;
}

/** What Prometheus has against it; nothing where it is right. */
async function objections(judged: Judged): Promise<string> {
  const input = JSON.stringify(judged);
  const { code, stdout, stderr } = await run(ensureGoProgram('prometheus-rules'), [], { input });
  return code === 0 ? '' : stdout + stderr;
}

function groups(): { name: string; rules: Rule[] }[] {
  const chart = Testing.chart();
  new ShipperAlerts(chart, 'Alerts');
  return Testing.synth(chart)[0].spec.groups;
}

const counter = (name: string, labels: string, values: string) => `${name}{pod="a",${labels}} ${values}`;
const dropped = (values: string) => counter('logtap_records_dropped_total', 'where="sink",reason="too_old"', values);
const refused = (values: string) => counter('logtap_records_dead_lettered_total', 'sink="one",reason="400"', values);
const uncounted = (values: string) => counter('logtap_uncounted_rings_total', 'reason="cut"', values);
const broken = (values: string) => counter('logtap_protocol_errors_total', 'reason="length"', values);
const oldest = (values: string) => counter('logtap_oldest_held_seconds', 'sink="one"', values);
const full = (values: string) => `logtap_hold_full_ratio{pod="a"} ${values}`;

/** A series with a value each minute, a minute, and whether the alert fires then. */
const cases: readonly (readonly [alert: string, series: string, minute: number, fires: boolean])[] = [
  ...(
    [
      ['LogtapRecordsDropped', dropped],
      ['LogtapRecordsDeadLettered', refused],
      ['LogtapRingsUncounted', uncounted],
      ['LogtapProtocolErrors', broken],
    ] as const
  ).flatMap(([alert, of]) => [
    [alert, of('0x30'), 20, false] as const,
    // It grows, and is forgotten after ten minutes.
    [alert, of('0x15 5x30'), 18, true] as const,
    [alert, of('0x15 5x30'), 30, false] as const,
    // The series appears with the first event: there is no growth to see.
    [alert, of('_x4 3x30'), 7, true] as const,
    [alert, of('_x4 3x30'), 20, false] as const,
    // The shipper starts anew.
    [alert, of('7x15 0x15'), 20, false] as const,
  ]),
  ['LogtapDeliveryLate', oldest('300x10'), 5, false],
  ['LogtapDeliveryLate', oldest('301x10'), 5, true],
  ['LogtapNoProcessSeen', 'logtap_processes_seen_total{pod="a"} 0x30', 20, true],
  // One was seen, and has ended.
  ['LogtapNoProcessSeen', 'logtap_processes_seen_total{pod="a"} 0x10 1x20', 20, false],
  ['LogtapRingsFull', 'logtap_rings_full{pod="a"} 1x10', 6, true],
  ['LogtapRingsFull', 'logtap_rings_full{pod="a"} 0x10', 6, false],
  ['LogtapHoldFilling', full('0.8x10'), 5, false],
  ['LogtapHoldFilling', full('0.81x10'), 5, true],
];

describeWith(['Prometheus rules'], 'Prometheus', () => {
  test('takes the rules', async () => {
    expect(await objections({ rules: stringify({ groups: groups() }) })).toBe('');
    expect(
      await objections({ rules: stringify({ groups: groups() }).replace('logtap_oldest', '(logtap_oldest') }),
    ).toContain('could not parse expression');
  });

  test('every alert has a case in which it fires, and one in which it does not', () => {
    for (const { alert } of groups()[0]!.rules) {
      const outcomes = cases.filter(([name]) => name === alert).map(([, , , fires]) => fires);
      expect([alert, ...new Set(outcomes)].sort()).toEqual([alert, false, true].sort());
    }
  });

  test.each(cases)('%s with %s after %i minutes: %p', async (alert, series, minute, fires) => {
    const { expr } = groups()[0]!.rules.find((rule) => rule.alert === alert)!;
    const script = `load 1m\n  ${series}\n\neval instant at ${minute}m count(${expr})\n${fires ? '  {} 1\n' : ''}`;
    expect(await objections({ script })).toBe('');
  });

  test('reads every query of the dashboard', async () => {
    const chart = Testing.chart();
    new ShipperDashboard(chart, 'Dashboard');
    const { panels } = JSON.parse(Testing.synth(chart)[0].data['logtap.json']) as {
      panels: { targets: { expr: string }[] }[];
    };
    // As Grafana fills them in.
    const filledIn = (expr: string) => expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$(namespace|pod)/g, '.*');
    const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => filledIn(expr)));
    expect(queries.length).toBeGreaterThan(8);
    expect(await objections({ queries })).toBe('');
    expect(await objections({ queries: ['rate(a)'] })).not.toBe('');
  });
});
