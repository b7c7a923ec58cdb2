/** Properties of the CloudWatch Logs sink, and its permissions. */
import { CLOUDWATCH_SETTINGS } from '../../catalog/sinks/cloudwatch.js';
import { AWS_ACCOUNT, cloudWatchLogsHost, LOG_GROUP_TAG } from '../../catalog/values/service-names.js';
import { must, mustBeNamed } from '../props/must.js';
import { bind } from './bind.js';
import { accountOf, asRole } from './connection/assumed-role.js';
import { arn, egressTo } from './connection/endpoint.js';
import type { SinkConfig, SinkIamStatement } from './sink-config.js';

/**
 * Class of a log group, which determines its price and its features.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html
 */
export enum LogGroupClass {
  /** `STANDARD`. */
  STANDARD = 'STANDARD',
  /** `INFREQUENT_ACCESS`. */
  INFREQUENT_ACCESS = 'INFREQUENT_ACCESS',
  /** `DELIVERY`. */
  DELIVERY = 'DELIVERY',
  /** `ESSENTIALS`. */
  ESSENTIALS = 'ESSENTIALS',
}

/** Message of an event in CloudWatch Logs. */
export enum CloudWatchFormat {
  /** The record as the application wrote it. */
  TEXT = 'text',
  /** A JSON object with the text, its fields and its labels. */
  JSON = 'json',
}

/** Properties of the CloudWatch Logs sink. */
export interface CloudWatchSinkProps {
  /**
   * Log group: 1 to 512 of the characters `A-Z a-z 0-9 . - _ / #`, not starting with `aws/`. At start, `{namespace}`, `{label:NAME}`,
   * `{annotation:NAME}` and `{field:NAME}` are replaced by the namespace, labels and annotations of the pod, and by
   * `fields.constants`.
   *
   * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
   */
  readonly logGroup: string;

  /** AWS region of the log group, such as `eu-central-1`. */
  readonly region: string;

  /**
   * AWS account of the log group, for the statements of `Sink.iam`: 12 digits, or an AWS CDK token.
   *
   * @default - that of `roleArn`, or `*`, the account that the shipper's role is in
   */
  readonly account?: string;

  /**
   * ARN of a role, such as one of another account, whose rights the shipper has at CloudWatch Logs. The shipper assumes it with its
   * own credentials: `Sink.assumedRoles` has the permissions of the role, and `Sink.iam` those of the shipper.
   *
   * @default - the shipper's own credentials
   */
  readonly roleArn?: string;

  /**
   * External ID that the trust policy of that role demands: 2 to 1224 letters, digits and `_ + = , . @ : / -`. It is no secret.
   * Needs `roleArn`.
   *
   * @default - none
   * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
   */
  readonly externalId?: string;

  /**
   * Log stream: 1 to 512 characters without `:` and `*`. `{namespace}`, `{pod}`, `{uid}`, `{node}`, `{container}` and
   * `{stream}`, which is `stdout`, `stderr` or `file`, are replaced by their values, as are the placeholders of `logGroup`.
   *
   * @default '{namespace}/{pod}'
   * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html
   */
  readonly logStream?: string;

  /**
   * Whether the shipper creates a missing log group. Needs the permission `logs:CreateLogGroup`.
   *
   * @default true
   */
  readonly createLogGroup?: boolean;

  /**
   * Whether the shipper may read its log stream back, with the permission `logs:GetLogEvents`: after a lost answer it then
   * looks for the events before it retries them. Otherwise it counts them as possible duplicates. The permission covers all
   * log streams of the log group.
   *
   * @default false
   */
  readonly readBack?: boolean;

  /**
   * Retention, in days, of a log group that the shipper creates. Needs the permission `logs:PutRetentionPolicy`. An
   * existing group keeps its retention.
   *
   * @default - the logs never expire
   * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
   */
  readonly retentionDays?: number;

  /**
   * Class of a log group that the shipper creates. The class of an existing group cannot be changed.
   *
   * @default - `STANDARD`
   */
  readonly groupClass?: LogGroupClass;

  /**
   * ARN of the KMS key that encrypts a log group that the shipper creates.
   *
   * @default - a key owned by AWS
   */
  readonly kmsKeyArn?: string;

  /**
   * Tags of a log group that the shipper creates, at most 50. Needs the permission `logs:TagResource`. Tags consist of
   * letters, digits, spaces and `_ . : / = + - @`; keys contain no `=` and do not start with `aws:`.
   *
   * @default - none
   */
  readonly tags?: { readonly [key: string]: string };

  /**
   * Name of the service that writes the logs, for "Explore related" in CloudWatch: at most 512 characters.
   *
   * @default - no service
   */
  readonly service?: string;

  /**
   * Environment of that service, such as `eks:my-cluster/my-namespace`. Needs `service`.
   *
   * @default - none
   */
  readonly environment?: string;

  /**
   * Message of an event.
   *
   * @default CloudWatchFormat.TEXT
   */
  readonly messageFormat?: CloudWatchFormat;

  /**
   * Whether the shipper compresses requests. Reduces traffic through NAT gateways and VPC endpoints, and costs CPU time.
   *
   * @default false
   */
  readonly gzip?: boolean;

  /**
   * Endpoint to use instead of the region's public one, such as a VPC endpoint or an emulator in a test.
   *
   * @default - the endpoint of the region
   */
  readonly endpoint?: string;
}

export function cloudWatch(props: CloudWatchSinkProps): SinkConfig {
  const {
    logGroup,
    region,
    account,
    createLogGroup,
    retentionDays,
    groupClass,
    kmsKeyArn,
    tags = {},
    service,
    environment,
    endpoint,
  } = props;
  const of = CLOUDWATCH_SETTINGS;
  for (const [key, value] of Object.entries(tags)) {
    must(!key.includes('='), 'tags', key, 'have keys without =: rename the tag');
    mustBeNamed('tags', `${key}=${value}`, LOG_GROUP_TAG);
  }
  const bound = bind('cloudwatch', [
    { property: 'region', setting: of.awsRegion, value: region },
    { property: 'roleArn', setting: of.cloudwatchRoleArn, value: props.roleArn },
    { property: 'externalId', setting: of.cloudwatchExternalId, value: props.externalId },
    { property: 'logGroup', setting: of.cloudwatchLogGroup, value: logGroup },
    { property: 'logStream', setting: of.cloudwatchLogStream, value: props.logStream },
    { property: 'createLogGroup', setting: of.cloudwatchCreateGroup, value: createLogGroup },
    { property: 'retentionDays', setting: of.cloudwatchRetentionDays, value: retentionDays },
    { property: 'groupClass', setting: of.cloudwatchGroupClass, value: groupClass },
    { property: 'kmsKeyArn', setting: of.cloudwatchKmsKeyArn, value: kmsKeyArn },
    { property: 'tags', setting: of.cloudwatchTags, value: tagList(tags) },
    { property: 'service', setting: of.cloudwatchService, value: service },
    { property: 'environment', setting: of.cloudwatchEnvironment, value: environment },
    { property: 'messageFormat', setting: of.cloudwatchFormat, value: props.messageFormat },
    { property: 'gzip', setting: of.cloudwatchGzip, value: props.gzip },
    { property: 'endpoint', setting: of.cloudwatchEndpoint, value: endpoint },
  ]);
  must(
    environment === undefined || service !== undefined,
    'environment',
    environment,
    "be set together with the service that runs there: set 'service' too",
  );
  if (account !== undefined) mustBeNamed('account', account, AWS_ACCOUNT);
  return {
    ...bound,
    ...asRole(props, statements(props), [egressTo(endpoint ?? `https://${cloudWatchLogsHost(region)}`)]),
    logGroup: {
      name: logGroup,
      region,
      createdByShipper: createLogGroup ?? true,
      ...(props.roleArn !== undefined && { roleArn: props.roleArn }),
      ...(retentionDays !== undefined && { retentionDays }),
      ...(groupClass !== undefined && { groupClass }),
      ...(kmsKeyArn !== undefined && { kmsKeyArn }),
      ...(props.tags !== undefined && { tags }),
    },
  };
}

/** `undefined` for none. */
function tagList(tags: { readonly [key: string]: string }): string | undefined {
  const pairs = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? undefined : pairs.join(',');
}

/** Permissions on streams apply to resources below the group, permissions on the group to the group itself. */
function statements(props: CloudWatchSinkProps): SinkIamStatement[] {
  const {
    logGroup,
    region,
    account = accountOf(props.roleArn) ?? '*',
    createLogGroup = true,
    retentionDays,
    groupClass,
    tags,
    readBack,
  } = props;
  const group = arn('logs', region, account, `log-group:${logGroup}`);
  const onGroup = [
    ...(createLogGroup ? ['logs:CreateLogGroup'] : []),
    ...(createLogGroup && retentionDays !== undefined ? ['logs:PutRetentionPolicy'] : []),
    ...(createLogGroup && Object.keys(tags ?? {}).length > 0 ? ['logs:TagResource'] : []),
  ];
  return [
    {
      actions: ['logs:CreateLogStream', ...(readBack ? ['logs:GetLogEvents'] : []), 'logs:PutLogEvents'],
      resources: [`${group}:*`],
    },
    // With and without the suffix ':*', because the required form depends on the action.
    ...(onGroup.length > 0 ? [{ actions: onGroup, resources: [group, `${group}:*`] }] : []),
    ...(groupClass !== undefined
      ? [{ actions: ['logs:DescribeLogGroups'], resources: [arn('logs', region, account, 'log-group:*')] }]
      : []),
  ];
}
