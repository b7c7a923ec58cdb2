/** The log group of a sink, as an object that the ACK controller for CloudWatch Logs makes. */
import type { Construct } from 'constructs';
import { LogGroup } from '../../../imports/cloudwatchlogs.services.k8s.aws.js';
import { type NameRule, ROLE_ARN } from '../../catalog/values/service-names.js';
import { mustBeNamed } from '../props/must.js';
import type { SinkLogGroup } from '../sinks/sink-config.js';

/** @see https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeliveryStreamDescription.html */
const DELIVERY_STREAM_ARN: NameRule = {
  holds: (value) => /^arn:aws[a-z-]*:firehose:[a-z0-9-]+:\d{12}:deliverystream\/[\w.-]{1,64}$/.test(value),
  rule: 'be the ARN of a stream of Amazon Data Firehose',
  remedy: 'write it as arn:aws:firehose:REGION:ACCOUNT:deliverystream/NAME',
};

/** A copy of the events of a log group for a stream of Amazon Data Firehose. */
export interface FirehoseSubscription {
  /** ARN of the stream. */
  readonly deliveryStreamArn: string;

  /**
   * ARN of a role that trusts `logs.amazonaws.com`, with the permissions `firehose:PutRecord` and `firehose:PutRecordBatch` for the
   * stream.
   */
  readonly roleArn: string;

  /**
   * Filter pattern of the events.
   *
   * @default - every event
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
   */
  readonly filterPattern?: string;
}

/** Of a group that the controller makes. */
export interface LogGroupOptions {
  readonly namespace: string | undefined;
  readonly deletionProtection: boolean | undefined;
  readonly firehose: FirehoseSubscription | undefined;
}

/** Makes the object `LogGroup` of `scope`. Throws if an ARN is none. */
export function createLogGroup(
  scope: Construct,
  { name, region, retentionDays, kmsKeyArn, tags }: SinkLogGroup,
  { namespace, deletionProtection, firehose }: LogGroupOptions,
): void {
  new LogGroup(scope, 'LogGroup', {
    metadata: {
      ...(namespace !== undefined && { namespace }),
      annotations: {
        'services.k8s.aws/region': region,
        // Logs outlive what wrote them.
        'services.k8s.aws/deletion-policy': 'retain',
      },
    },
    spec: {
      name,
      ...(retentionDays !== undefined && { retentionDays }),
      ...(kmsKeyArn !== undefined && { kmsKeyId: kmsKeyArn }),
      ...(tags !== undefined && { tags }),
      ...(deletionProtection !== undefined && { deletionProtectionEnabled: deletionProtection }),
      ...(firehose !== undefined && { subscriptionFilters: [subscriptionOf(firehose)] }),
    },
  });
}

function subscriptionOf({ deliveryStreamArn, roleArn, filterPattern = '' }: FirehoseSubscription) {
  mustBeNamed('firehose.deliveryStreamArn', deliveryStreamArn, DELIVERY_STREAM_ARN);
  mustBeNamed('firehose.roleArn', roleArn, ROLE_ARN);
  return { filterName: 'logtap-firehose', destinationArn: deliveryStreamArn, roleArn, filterPattern };
}
