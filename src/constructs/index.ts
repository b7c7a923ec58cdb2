/** The public names of the package. */
export { AwsIdentity } from './aws/identity.js';
export { LogTapAws, type LogTapAwsProps } from './aws/log-tap-aws.js';
export { LogTapDefaults } from './defaults.js';
export {
  type RemoteSecretKey,
  SecretStoreKind,
  ShipperExternalSecret,
  type ShipperExternalSecretProps,
} from './external-secret.js';
export { type Finding, FindingSeverity } from './finding.js';
export { LogTap } from './log-tap.js';
export { FailurePolicy, type LogTapProps } from './log-tap-props.js';
export { ShipperNetworkPolicy, type ShipperNetworkPolicyProps } from './network-policy.js';
export { ShipperAlerts, type ShipperAlertsProps } from './observability/alerts.js';
export { ShipperDashboard, type ShipperDashboardProps } from './observability/dashboard.js';
export { ShipperPodMonitor, type ShipperPodMonitorProps } from './observability/pod-monitor.js';
export { RelaxedDefaults, type TappedProps } from './relaxed.js';
export { ImagePullPolicy, type ShipperOptions } from './shipper-options.js';
export { Sink } from './sink.js';
export type {
  ConfigMapFile,
  SecretFile,
  SecretKey,
  SinkConfig,
  SinkEgress,
  SinkIamStatement,
  SinkLogGroup,
  SinkVolumeMount,
} from './sink-config.js';
export { type CloudWatchSinkProps, LogGroupClass } from './sinks/cloudwatch.js';
export type { FileSinkProps } from './sinks/file.js';
export type { ModuleSinkProps } from './sinks/module.js';
export { OpenSearchSchema, OpenSearchSigning, type OpenSearchSinkProps } from './sinks/opensearch.js';
export type { ForwardSinkProps, TcpSinkProps } from './sinks/peer.js';
export { ExistingPreload, type TapOptions, TapStreams } from './tap-options.js';
export { TappedCronJob, type TappedCronJobProps } from './tapped-cron-job.js';
export { TappedDaemonSet, type TappedDaemonSetProps } from './tapped-daemon-set.js';
export { TappedDeployment, type TappedDeploymentProps } from './tapped-deployment.js';
export { TappedJob, type TappedJobProps } from './tapped-job.js';
export { TappedStatefulSet, type TappedStatefulSetProps } from './tapped-stateful-set.js';
