/** Settings of the CloudWatch Logs sink, and the rules of its names. */
import { must, mustBeUrl } from '../must.js';
import type { SinkConfig } from '../sink-config.js';
import { hasToken } from '../token.js';

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
   * Log stream: 1 to 512 characters without `:` and `*`. Kubernetes fills in `$(POD_NAME)`, `$(POD_NAMESPACE)`,
   * `$(POD_UID)` and `$(NODE_NAME)`.
   *
   * @default - `namespace/pod`, one for each pod
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
   * Endpoint instead of the region's public one: a VPC endpoint, or an emulator in a test.
   *
   * @default - the endpoint of the region
   */
  readonly endpoint?: string;
}

export function cloudWatch(props: CloudWatchSinkProps): SinkConfig {
  const { logGroup, region, logStream, createLogGroup, endpoint } = props;
  if (!hasToken(logGroup)) {
    must(
      /^[A-Za-z0-9._/#-]{1,512}$/.test(logGroup),
      'logGroup',
      logGroup,
      'be 1 to 512 of the characters A-Z a-z 0-9 . - _ / #: rename the log group',
    );
    must(!logGroup.startsWith('aws/'), 'logGroup', logGroup, "not start with 'aws/', which AWS keeps: rename it");
  }
  if (!hasToken(region)) {
    must(
      /^[a-z]{2,5}(-[a-z]+){1,3}-\d{1,2}$/.test(region),
      'region',
      region,
      'be the code of an AWS region: use one such as eu-central-1',
    );
  }
  if (logStream !== undefined && !hasToken(logStream)) {
    must(
      /^[^:*]{1,512}$/.test(logStream),
      'logStream',
      logStream,
      "be 1 to 512 characters without ':' and '*': rename the log stream",
    );
  }
  if (endpoint !== undefined) mustBeUrl('endpoint', endpoint);
  return {
    name: 'cloudwatch',
    settings: {
      AWS_REGION: region,
      LOGTAP_CLOUDWATCH_LOG_GROUP: logGroup,
      ...(logStream !== undefined && { LOGTAP_CLOUDWATCH_LOG_STREAM: logStream }),
      ...(createLogGroup !== undefined && { LOGTAP_CLOUDWATCH_CREATE_GROUP: String(createLogGroup) }),
      ...(endpoint !== undefined && { AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: endpoint }),
    },
    secretFiles: [],
  };
}
