/** Settings of the CloudWatch Logs sink, and the rules of its names. */
import { AWS_REGION, LOG_GROUP, LOG_STREAM, RETENTION_DAYS } from '../../service-names.js';
import { must, mustBeNamed, mustBeUrl } from '../must.js';
import type { SinkConfig } from '../sink-config.js';

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
  const { logGroup, region, logStream, createLogGroup, retentionDays, service, environment, gzip, endpoint } = props;
  mustBeNamed('logGroup', logGroup, LOG_GROUP);
  mustBeNamed('region', region, AWS_REGION);
  if (logStream !== undefined) mustBeNamed('logStream', logStream, LOG_STREAM);
  must(
    retentionDays === undefined || RETENTION_DAYS.includes(retentionDays),
    'retentionDays',
    retentionDays,
    `be one of ${RETENTION_DAYS.join(', ')}: CloudWatch Logs knows no others`,
  );
  must(
    environment === undefined || service !== undefined,
    'environment',
    environment,
    "come with the service that runs there: give 'service' too",
  );
  if (endpoint !== undefined) mustBeUrl('endpoint', endpoint);
  return {
    name: 'cloudwatch',
    settings: {
      AWS_REGION: region,
      LOGTAP_CLOUDWATCH_LOG_GROUP: logGroup,
      ...(logStream !== undefined && { LOGTAP_CLOUDWATCH_LOG_STREAM: logStream }),
      ...(createLogGroup !== undefined && { LOGTAP_CLOUDWATCH_CREATE_GROUP: String(createLogGroup) }),
      ...(retentionDays !== undefined && { LOGTAP_CLOUDWATCH_RETENTION_DAYS: String(retentionDays) }),
      ...(service !== undefined && { LOGTAP_CLOUDWATCH_SERVICE: service }),
      ...(environment !== undefined && { LOGTAP_CLOUDWATCH_ENVIRONMENT: environment }),
      ...(gzip !== undefined && { LOGTAP_CLOUDWATCH_GZIP: String(gzip) }),
      ...(endpoint !== undefined && { AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: endpoint }),
    },
    secretFiles: [],
  };
}
