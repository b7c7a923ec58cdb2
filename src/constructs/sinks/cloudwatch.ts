/** Properties of the CloudWatch Logs sink, and the rights that it needs. */
import { CLOUDWATCH_SETTINGS } from '../../catalog/cloudwatch.js';
import { cloudWatchLogsHost, LOG_GROUP_TAG, type NameRule } from '../../catalog/service-names.js';
import { must, mustBeNamed } from '../must.js';
import type { SinkConfig, SinkIamStatement } from '../sink-config.js';
import { bind } from './bind.js';
import { arn, egressTo } from './endpoint.js';

const ACCOUNT: NameRule = {
  holds: (value) => /^\d{12}$/.test(value) || value === '*',
  rule: 'be the 12 digits of an AWS account',
  remedy: 'write it as a string, with its zeros',
};
/**
 * Class of a log group: what it costs and what can be done with its logs.
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

/** Where in CloudWatch Logs the records go. */
export interface CloudWatchSinkProps {
  /**
   * Log group: 1 to 512 of the characters `A-Z a-z 0-9 . - _ / #`, not starting with `aws/`.
   *
   * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
   */
  readonly logGroup: string;

  /** AWS region of the log group, such as `eu-central-1`. */
  readonly region: string;

  /**
   * AWS account of the log group, for the statements of `Sink.iam`: 12 digits, or a token of AWS CDK.
   *
   * @default '*', the account that the role is in
   */
  readonly account?: string;

  /**
   * Log stream: 1 to 512 characters without `:` and `*`. `{namespace}`, `{pod}`, `{uid}`, `{node}`, `{container}` and
   * `{stream}`, which is `stdout`, `stderr` or `file`, are filled in.
   *
   * @default '{namespace}/{pod}'
   * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html
   */
  readonly logStream?: string;

  /**
   * Whether the shipper creates the log group when it is missing, for which it needs `logs:CreateLogGroup`.
   *
   * @default true
   */
  readonly createLogGroup?: boolean;

  /**
   * Days that the log group keeps its logs, where the shipper creates it, for which it needs `logs:PutRetentionPolicy`.
   * An existing group keeps what it has.
   *
   * @default - for ever
   * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
   */
  readonly retentionDays?: number;

  /**
   * Class of the log group, where the shipper creates it. A class cannot be changed.
   *
   * @default - `STANDARD`
   */
  readonly groupClass?: LogGroupClass;

  /**
   * ARN of the KMS key that encrypts the log group, where the shipper creates it.
   *
   * @default - a key of AWS
   */
  readonly kmsKeyArn?: string;

  /**
   * Tags of the log group, where the shipper creates it, for which it needs `logs:TagResource`: at most 50; letters, digits,
   * spaces and `_ . : / = + - @`, keys without `=` and not starting with `aws:`.
   *
   * @default - none
   */
  readonly tags?: { readonly [key: string]: string };

  /**
   * Name of the service that writes the logs, for "Explore related" in CloudWatch: at most 512 characters.
   *
   * @default - the logs are of no service
   */
  readonly service?: string;

  /**
   * Environment of that service, such as `eks:my-cluster/my-namespace`. Needs `service`.
   *
   * @default - none
   */
  readonly environment?: string;

  /**
   * Whether requests are compressed: less traffic through NAT gateways and VPC endpoints, more CPU time.
   *
   * @default false
   */
  readonly gzip?: boolean;

  /**
   * Endpoint instead of the region's public one: a VPC endpoint, or an emulator in a test.
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
    endpoint,
  } = props;
  const of = CLOUDWATCH_SETTINGS;
  for (const [key, value] of Object.entries(tags)) {
    must(!key.includes('='), 'tags', key, 'have keys without =: rename the tag');
    mustBeNamed('tags', `${key}=${value}`, LOG_GROUP_TAG);
  }
  const bound = bind('cloudwatch', [
    { property: 'region', setting: of.awsRegion, value: region },
    { property: 'logGroup', setting: of.cloudwatchLogGroup, value: logGroup },
    { property: 'logStream', setting: of.cloudwatchLogStream, value: props.logStream },
    { property: 'createLogGroup', setting: of.cloudwatchCreateGroup, value: createLogGroup },
    { property: 'retentionDays', setting: of.cloudwatchRetentionDays, value: retentionDays },
    { property: 'groupClass', setting: of.cloudwatchGroupClass, value: groupClass },
    { property: 'kmsKeyArn', setting: of.cloudwatchKmsKeyArn, value: kmsKeyArn },
    { property: 'tags', setting: of.cloudwatchTags, value: tagList(tags) },
    { property: 'service', setting: of.cloudwatchService, value: props.service },
    { property: 'environment', setting: of.cloudwatchEnvironment, value: props.environment },
    { property: 'gzip', setting: of.cloudwatchGzip, value: props.gzip },
    { property: 'endpoint', setting: of.cloudwatchEndpoint, value: endpoint },
  ]);
  const { service, environment } = props;
  must(
    environment === undefined || service !== undefined,
    'environment',
    environment,
    "come with the service that runs there: give 'service' too",
  );
  if (account !== undefined) mustBeNamed('account', account, ACCOUNT);
  return {
    ...bound,
    iam: statements(props),
    egress: [egressTo(endpoint ?? `https://${cloudWatchLogsHost(region)}`)],
    logGroup: {
      name: logGroup,
      region,
      createdByShipper: createLogGroup ?? true,
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

/** Rights of streams are on what is below the group, rights of the group on the group itself. */
function statements(props: CloudWatchSinkProps): SinkIamStatement[] {
  const { logGroup, region, account = '*', createLogGroup = true, retentionDays, groupClass, tags } = props;
  const group = arn('logs', region, account, `log-group:${logGroup}`);
  const onGroup = [
    ...(createLogGroup ? ['logs:CreateLogGroup'] : []),
    ...(createLogGroup && retentionDays !== undefined ? ['logs:PutRetentionPolicy'] : []),
    ...(createLogGroup && Object.keys(tags ?? {}).length > 0 ? ['logs:TagResource'] : []),
  ];
  return [
    { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [`${group}:*`] },
    // With and without the end ':*': which of them is asked for depends on the action.
    ...(onGroup.length > 0 ? [{ actions: onGroup, resources: [group, `${group}:*`] }] : []),
    ...(groupClass !== undefined
      ? [{ actions: ['logs:DescribeLogGroups'], resources: [arn('logs', region, account, 'log-group:*')] }]
      : []),
  ];
}
