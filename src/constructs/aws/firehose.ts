/** A subscription of Amazon Data Firehose to a log group. */
import { type NameRule, ROLE_ARN } from '../../catalog/values/service-names.js';
import { mustBeNamed } from '../props/must.js';
import { FILTER_PATTERN } from './log-group-rules.js';

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

/** The filter, as the API names its parts. Throws if an ARN is none, or the pattern too long. */
export function firehoseFilter({ deliveryStreamArn, roleArn, filterPattern = '' }: FirehoseSubscription) {
  mustBeNamed('firehose.deliveryStreamArn', deliveryStreamArn, DELIVERY_STREAM_ARN);
  mustBeNamed('firehose.roleArn', roleArn, ROLE_ARN);
  mustBeNamed('firehose.filterPattern', filterPattern, FILTER_PATTERN);
  return { filterName: 'logtap-firehose', destinationArn: deliveryStreamArn, roleArn, filterPattern };
}
