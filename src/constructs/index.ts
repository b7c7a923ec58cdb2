/** The public names of the package. */
export { LogTap } from './log-tap.js';
export { ShipperNetworkPolicy, type ShipperNetworkPolicyProps } from './network-policy.js';
export { ShipperAlerts, type ShipperAlertsProps } from './observability/alerts.js';
export { ShipperPodMonitor, type ShipperPodMonitorProps } from './observability/pod-monitor.js';
export { Sink } from './sink.js';
export type { SecretFile, SinkConfig, SinkEgress, SinkIamStatement } from './sink-config.js';
export { type CloudWatchSinkProps, LogGroupClass } from './sinks/cloudwatch.js';
export { OpenSearchSchema, OpenSearchSigning, type OpenSearchSinkProps, type SecretKey } from './sinks/opensearch.js';
export { type LogTapProps, TapStreams } from './tap-options.js';
export { TappedDeployment, type TappedDeploymentProps } from './tapped-deployment.js';
