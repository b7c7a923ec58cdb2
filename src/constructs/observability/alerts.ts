/** Alerts on lost and undelivered records. */
import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import { Construct } from 'constructs';
import { must } from '../props/must.js';

/** Properties of `ShipperAlerts`. */
export interface ShipperAlertsProps {
  /**
   * Metadata of the PrometheusRule. Many a Prometheus reads only rules with certain labels.
   *
   * @default - a name of the construct's path, in the namespace of the chart
   */
  readonly metadata?: ApiObjectMetadata;

  /**
   * Age in seconds of the oldest unacknowledged record above which delivery is late.
   *
   * @default 300
   */
  readonly lateSeconds?: number;
}

/** A PrometheusRule on the metrics of shippers. The cluster needs the Prometheus operator. */
export class ShipperAlerts extends Construct {
  /** @throws if `lateSeconds` is not positive */
  public constructor(scope: Construct, id: string, props: ShipperAlertsProps = {}) {
    super(scope, id);
    const { metadata, lateSeconds = 300 } = props;
    must(lateSeconds > 0, 'lateSeconds', lateSeconds, 'be more than 0: give the age that is too old, such as 300');
    new ApiObject(this, 'Default', {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      ...(metadata !== undefined && { metadata }),
      spec: { groups: [{ name: 'logtap', rules: rules(lateSeconds) }] },
    });
  }
}

/** A series exists only after its first event, so its first value is an increase, too. */
const grew = (counter: string) => `increase(${counter}[10m]) > 0 or (${counter} > 0 unless ${counter} offset 10m)`;

function rules(lateSeconds: number) {
  return [
    {
      alert: 'LogtapRecordsDropped',
      expr: grew('logtap_records_dropped_total'),
      labels: { severity: 'critical' },
      annotations: { summary: '{{ $labels.pod }} lost records ({{ $labels.where }}: {{ $labels.reason }}).' },
    },
    {
      alert: 'LogtapRingsUncounted',
      expr: grew('logtap_uncounted_rings_total'),
      labels: { severity: 'critical' },
      annotations: {
        summary: '{{ $labels.pod }} lost an unknown number of lines with a damaged ring ({{ $labels.reason }}).',
      },
    },
    {
      alert: 'LogtapRecordsDeadLettered',
      expr: grew('logtap_records_dead_lettered_total'),
      labels: { severity: 'warning' },
      annotations: {
        summary: '{{ $labels.sink }} permanently rejected records of {{ $labels.pod }} ({{ $labels.reason }}).',
      },
    },
    {
      alert: 'LogtapDeliveryLate',
      expr: `logtap_oldest_held_seconds > ${lateSeconds}`,
      for: '5m',
      labels: { severity: 'warning' },
      annotations: { summary: '{{ $labels.pod }} holds records for {{ $labels.sink }} that are {{ $value }} s old.' },
    },
    {
      alert: 'LogtapHoldFilling',
      expr: 'logtap_hold_full_ratio > 0.8',
      for: '2m',
      labels: { severity: 'warning' },
      annotations: { summary: '{{ $labels.pod }} has used {{ $value | humanizePercentage }} of its room for records.' },
    },
    {
      alert: 'LogtapNoProcessSeen',
      expr: 'logtap_processes_seen_total == 0',
      for: '15m',
      labels: { severity: 'warning' },
      annotations: {
        summary:
          'No process of {{ $labels.pod }} has written through the tap since its shipper started: it is quiet, static or not tapped.',
      },
    },
    {
      alert: 'LogtapRingsFull',
      expr: 'logtap_rings_full > 0',
      for: '5m',
      labels: { severity: 'warning' },
      annotations: {
        summary: '{{ $value }} rings of {{ $labels.pod }} are full: their processes wait, or lose lines.',
      },
    },
    {
      alert: 'LogtapProtocolErrors',
      expr: grew('logtap_protocol_errors_total'),
      labels: { severity: 'warning' },
      annotations: { summary: '{{ $labels.pod }} closed connections of taps ({{ $labels.reason }}).' },
    },
  ];
}
