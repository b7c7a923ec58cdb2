/** Settings of the CloudWatch Logs sink, and the rules of its names. */
import { AWS_REGION, LOG_GROUP, LOG_STREAM } from '../../service-names.js';
import { mustBeNamed, mustBeUrl } from '../must.js';
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
  mustBeNamed('logGroup', logGroup, LOG_GROUP);
  mustBeNamed('region', region, AWS_REGION);
  if (logStream !== undefined) mustBeNamed('logStream', logStream, LOG_STREAM);
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
