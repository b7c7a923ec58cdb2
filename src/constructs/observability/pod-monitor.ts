/** Tells the Prometheus operator to read the metrics of shippers. */
import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import { Construct } from 'constructs';
import { SHIPPER } from '../injection/shipper.js';

/** Whose metrics are read. */
export interface ShipperPodMonitorProps {
  /**
   * Metadata of the PodMonitor. Its namespace is that of the pods.
   *
   * @default - a name of the construct's path, in the namespace of the chart
   */
  readonly metadata?: ApiObjectMetadata;

  /**
   * Labels of the pods.
   *
   * @default - every pod of the namespace that has a port of the name `logtap`
   */
  readonly podLabels?: { readonly [name: string]: string };

  /**
   * Time between two readings, as a duration of Prometheus, such as `30s`.
   *
   * @default - that of the Prometheus
   */
  readonly interval?: string;
}

/** A PodMonitor for shippers. The cluster needs the Prometheus operator. */
export class ShipperPodMonitor extends Construct {
  public constructor(scope: Construct, id: string, props: ShipperPodMonitorProps = {}) {
    super(scope, id);
    const { metadata, podLabels, interval } = props;
    new ApiObject(this, 'Default', {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PodMonitor',
      ...(metadata !== undefined && { metadata }),
      spec: {
        podMetricsEndpoints: [{ port: SHIPPER, path: '/metrics', ...(interval !== undefined && { interval }) }],
        selector: podLabels === undefined ? {} : { matchLabels: podLabels },
      },
    });
  }
}
