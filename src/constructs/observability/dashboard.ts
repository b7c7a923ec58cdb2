/** A dashboard of what shippers read, deliver, hold and lose. */
import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import { Construct } from 'constructs';

/** Where the dashboard is, and how Grafana finds it. */
export interface ShipperDashboardProps {
  /**
   * Metadata of the ConfigMap. The label below is added.
   *
   * @default - a name of the construct's path, in the namespace of the chart
   */
  readonly metadata?: ApiObjectMetadata;

  /**
   * Label by which the sidecar of Grafana finds dashboards.
   *
   * @default 'grafana_dashboard'
   */
  readonly label?: string;

  /**
   * Value of that label.
   *
   * @default '1'
   */
  readonly labelValue?: string;

  /**
   * Title of the dashboard.
   *
   * @default 'Log shippers'
   */
  readonly title?: string;
}

/** A ConfigMap with a dashboard of shippers, for the sidecar that loads dashboards into Grafana. */
export class ShipperDashboard extends Construct {
  public constructor(scope: Construct, id: string, props: ShipperDashboardProps = {}) {
    super(scope, id);
    const { metadata = {}, label = 'grafana_dashboard', labelValue = '1', title = 'Log shippers' } = props;
    new ApiObject(this, 'Default', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...metadata, labels: { ...metadata.labels, [label]: labelValue } },
      data: { 'logtap.json': `${JSON.stringify(dashboard(title), null, 2)}\n` },
    });
  }
}

interface Panel {
  readonly title: string;
  readonly description: string;
  /** Unit of Grafana. */
  readonly unit: string;
  /** Legend and query. */
  readonly queries: readonly (readonly [legend: string, expr: string])[];
  /** Whether 1 is full. */
  readonly isRatio?: boolean;
}

/** Pods that the viewer has chosen. */
const PODS = 'namespace=~"$namespace",pod=~"$pod"';
const rate = (counter: string, by: string) => `sum by (${by}) (rate(${counter}{${PODS}}[$__rate_interval]))`;

const PANELS: readonly Panel[] = [
  {
    title: 'Records read',
    description: 'What applications wrote and the shipper has read.',
    unit: 'cps',
    queries: [['{{stream}}', rate('logtap_records_read_total', 'stream')]],
  },
  {
    title: 'Records delivered',
    description: 'What each sink has accepted.',
    unit: 'cps',
    queries: [['{{sink}}', rate('logtap_records_delivered_total', 'sink')]],
  },
  {
    title: 'Records lost',
    description: 'What will not be delivered, by place and reason; dead letters are kept in a file.',
    unit: 'cps',
    queries: [
      ['{{where}}: {{reason}}', rate('logtap_records_dropped_total', 'where, reason')],
      ['dead letters, {{sink}}: {{reason}}', rate('logtap_records_dead_lettered_total', 'sink, reason')],
      ['rings of unknown lines: {{reason}}', rate('logtap_uncounted_rings_total', 'reason')],
    ],
  },
  {
    title: 'Age of the oldest record held',
    description: 'How late each sink is.',
    unit: 's',
    queries: [['{{pod}}: {{sink}}', `max by (pod, sink) (logtap_oldest_held_seconds{${PODS}})`]],
  },
  {
    title: 'Bytes held',
    description: 'What each sink still has to take.',
    unit: 'bytes',
    queries: [['{{sink}}', `sum by (sink) (logtap_bytes_held{${PODS}})`]],
  },
  {
    title: 'Room used',
    description: 'Part of the room for held records that is used; at 100 % LOGTAP_ON_FULL says what happens.',
    unit: 'percentunit',
    queries: [['{{pod}}', `max by (pod) (logtap_hold_full_ratio{${PODS}})`]],
    isRatio: true,
  },
  {
    title: 'Processes and rings',
    description:
      'Tapped processes and their rings. A pod without a process is not tapped, or has written nothing so far.',
    unit: 'short',
    queries: [
      ['processes that can write', `sum(logtap_processes{${PODS}})`],
      ['rings', `sum(logtap_rings{${PODS}})`],
      ['rings that are full', `sum(logtap_rings_full{${PODS}})`],
      ['pods that have seen no process', `count(logtap_processes_seen_total{${PODS}} == 0)`],
    ],
  },
  {
    title: 'Requests',
    description: 'Requests to each service, by its answer.',
    unit: 'reqps',
    queries: [['{{sink}}: {{code}}', rate('logtap_requests_total', 'sink, code')]],
  },
  {
    title: 'Time of requests, 99 %',
    description: 'From a request to its answer.',
    unit: 's',
    queries: [['{{sink}}', `histogram_quantile(0.99, ${rate('logtap_request_duration_seconds_bucket', 'sink, le')})`]],
  },
  {
    title: 'Sends that are repeated',
    description: 'By the reason of the failure.',
    unit: 'cps',
    queries: [['{{sink}}: {{reason}}', rate('logtap_retries_total', 'sink, reason')]],
  },
  {
    title: 'Possible duplicates',
    description: 'Resent after a lost answer, and perhaps stored twice: at most so many records.',
    unit: 'cps',
    queries: [['{{sink}}', rate('logtap_records_possible_duplicates_total', 'sink')]],
  },
];

const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
const [COLUMNS, HEIGHT, WIDTH] = [3, 8, 8];

function dashboard(title: string) {
  return {
    title,
    uid: 'logtap',
    tags: ['logtap'],
    // Of Grafana 9 and newer.
    schemaVersion: 37,
    editable: true,
    refresh: '1m',
    time: { from: 'now-3h', to: 'now' },
    templating: { list: variables() },
    panels: PANELS.map(panel),
  };
}

function variables() {
  const labelValues = (name: string, query: string) => ({
    name,
    type: 'query',
    datasource: DATASOURCE,
    query: { query, refId: name },
    refresh: 2,
    includeAll: true,
    multi: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  });
  return [
    { name: 'datasource', type: 'datasource', query: 'prometheus' },
    labelValues('namespace', 'label_values(logtap_hold_full_ratio, namespace)'),
    labelValues('pod', 'label_values(logtap_hold_full_ratio{namespace=~"$namespace"}, pod)'),
  ];
}

function panel({ title, description, unit, queries, isRatio = false }: Panel, index: number) {
  return {
    id: index + 1,
    type: 'timeseries',
    title,
    description,
    datasource: DATASOURCE,
    gridPos: { x: (index % COLUMNS) * WIDTH, y: Math.floor(index / COLUMNS) * HEIGHT, w: WIDTH, h: HEIGHT },
    fieldConfig: { defaults: { unit, min: 0, ...(isRatio && { max: 1 }) }, overrides: [] },
    targets: queries.map(([legendFormat, expr], i) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + i),
      datasource: DATASOURCE,
      expr,
      legendFormat,
    })),
  };
}
