/** Properties of the sink for a stream of Amazon Data Firehose, and its permissions. */
import { CLOUDWATCH_SETTINGS } from '../../catalog/sinks/cloudwatch.js';
import { FIREHOSE_SETTINGS } from '../../catalog/sinks/firehose.js';
import { AWS_ACCOUNT, firehoseHost } from '../../catalog/values/service-names.js';
import { mustBeNamed } from '../props/must.js';
import { bind } from './bind.js';
import { accountOf, asRole } from './connection/assumed-role.js';
import { arn, egressTo } from './connection/endpoint.js';
import type { SinkConfig } from './sink-config.js';

/** Properties of the Amazon Data Firehose sink. */
export interface FirehoseSinkProps {
  /**
   * Name of a Firehose stream with the source `DirectPut`: 1 to 64 letters, digits and `. _ -`. It must exist. At start, `{namespace}`,
   * `{label:NAME}`, `{annotation:NAME}` and `{field:NAME}` are replaced by the namespace, labels and annotations of the pod, and by
   * `fields.constants`.
   *
   * @see https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
   */
  readonly deliveryStream: string;

  /** AWS region of the stream, such as `eu-central-1`. */
  readonly region: string;

  /**
   * AWS account of the stream, for the statements of `Sink.iam`: 12 digits, or an AWS CDK token.
   *
   * @default - that of `roleArn`, or `*`, the account that the shipper's role is in
   */
  readonly account?: string;

  /**
   * Whether many lines are one record of Firehose, up to 1,000 KiB, each with its line end. Firehose bills each record as a multiple of
   * 5 KiB. Right for destinations that store records as they come, such as S3. OpenSearch, Splunk and Snowflake need one line per
   * record.
   *
   * @default false
   */
  readonly joinLines?: boolean;

  /**
   * ARN of a role, such as one of another account, whose rights the shipper has at Firehose. The shipper assumes it with its own
   * credentials: `Sink.assumedRoles` has the permissions of the role, and `Sink.iam` those of the shipper.
   *
   * @default - the shipper's own credentials
   */
  readonly roleArn?: string;

  /**
   * External ID that the trust policy of that role demands: 2 to 1224 letters, digits and `_ + = , . @ : / -`. It is no secret.
   * Needs `roleArn`.
   *
   * @default - none
   */
  readonly externalId?: string;

  /**
   * Endpoint to use instead of the region's public one, such as a VPC endpoint or an emulator in a test.
   *
   * @default - the endpoint of the region
   */
  readonly endpoint?: string;
}

export function firehose(props: FirehoseSinkProps): SinkConfig {
  const { deliveryStream, region, roleArn, account = accountOf(roleArn) ?? '*', endpoint } = props;
  const of = FIREHOSE_SETTINGS;
  const bound = bind('firehose', [
    { property: 'region', setting: CLOUDWATCH_SETTINGS.awsRegion, value: region },
    { property: 'deliveryStream', setting: of.firehoseStream, value: deliveryStream },
    { property: 'joinLines', setting: of.firehoseJoin, value: props.joinLines },
    { property: 'roleArn', setting: of.firehoseRoleArn, value: roleArn },
    { property: 'externalId', setting: of.firehoseExternalId, value: props.externalId },
    { property: 'endpoint', setting: of.firehoseEndpoint, value: endpoint },
  ]);
  mustBeNamed('account', account, AWS_ACCOUNT);
  const stream = arn('firehose', region, account, `deliverystream/${deliveryStream}`);
  const iam = [{ actions: ['firehose:PutRecordBatch'], resources: [stream] }];
  return { ...bound, ...asRole(props, iam, [egressTo(endpoint ?? `https://${firehoseHost(region)}`)]) };
}
