/** The public names of the package. */

export type { FirehoseSubscription } from './aws/firehose.js';
export { AwsIdentity } from './aws/identity.js';
export {
  type LogGroupMetric,
  type LogGroupResource,
  LogGroupTemplate,
  type LogGroupTemplateProps,
} from './aws/log-group-template.js';
export { LogTapAws, type LogTapAwsProps } from './aws/log-tap-aws.js';
export {
  type RemoteSecretKey,
  SecretStoreKind,
  ShipperExternalSecret,
  type ShipperExternalSecretProps,
} from './external-secret.js';
export { type Finding, FindingSeverity } from './findings/finding.js';
export { LogTap } from './log-tap.js';
export { LogTapPolicy, type LogTapPolicyProps } from './log-tap-policy.js';
export { ShipperNetworkPolicy, type ShipperNetworkPolicyProps } from './network-policy.js';
export { ShipperAlerts, type ShipperAlertsProps } from './observability/alerts.js';
export { ShipperDashboard, type ShipperDashboardProps } from './observability/dashboard.js';
export { ShipperPodMonitor, type ShipperPodMonitorProps } from './observability/pod-monitor.js';
export { ProofJob, type ProofJobProps } from './proof-job.js';
export { LogTapDefaults } from './props/defaults.js';
export { FailurePolicy, LibraryVolume, type LogTapProps } from './props/log-tap-props.js';
export type { InstallerOptions, PodAdjustments } from './props/pod-adjustments.js';
export { ImagePullPolicy, type ShipperOptions } from './props/shipper-options.js';
export { ExistingPreload, type TapOptions, TapStreams } from './props/tap-options.js';
export { type Budget, type FlightRecorder, RecordLevel, type StageModule } from './records/bill-options.js';
export type { ContainerOptions, ReadingOptions } from './records/container-options.js';
export { EventMode, type EventOptions } from './records/event-options.js';
export type { ExpectedBill } from './records/expected-bill.js';
export { type FieldOptions, type FieldReading, RecordTime } from './records/field-options.js';
export type { RecordOptions } from './records/record-options.js';
export { type AddedRedaction, type ConfigMapKey, type Redaction, RedactionKind } from './records/redaction-options.js';
export type { TextOptions } from './records/text-options.js';
export { CloudWatchFormat, type CloudWatchSinkProps, LogGroupClass } from './sinks/cloudwatch.js';
export type { HttpsSinkProps } from './sinks/connection/https.js';
export type { FileSinkProps } from './sinks/file.js';
export type { FirehoseSinkProps } from './sinks/firehose.js';
export type { ModuleSinkProps } from './sinks/module.js';
export { OpenSearchSchema, OpenSearchSigning, type OpenSearchSinkProps } from './sinks/opensearch.js';
export { OtlpAwsService, type OtlpSinkProps } from './sinks/otlp.js';
export type { ForwardSinkProps, TcpSinkProps } from './sinks/peer.js';
export { S3Compression, type S3SinkProps, S3StorageClass } from './sinks/s3.js';
export { Sink } from './sinks/sink.js';
export type {
  ConfigMapFile,
  SecretFile,
  SecretKey,
  SinkAssumedRole,
  SinkConfig,
  SinkEgress,
  SinkIamStatement,
  SinkLogGroup,
  SinkVolumeMount,
} from './sinks/sink-config.js';
export { RelaxedDefaults, type TappedProps } from './tapped/relaxed.js';
export { TappedCronJob, type TappedCronJobProps } from './tapped/tapped-cron-job.js';
export { TappedDaemonSet, type TappedDaemonSetProps } from './tapped/tapped-daemon-set.js';
export { TappedDeployment, type TappedDeploymentProps } from './tapped/tapped-deployment.js';
export { TappedJob, type TappedJobProps } from './tapped/tapped-job.js';
export { TappedStatefulSet, type TappedStatefulSetProps } from './tapped/tapped-stateful-set.js';
