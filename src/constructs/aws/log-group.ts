/** The log group of a sink, as an object that the ACK controller for CloudWatch Logs makes. */
import type { Construct } from 'constructs';
import { LogGroup } from '../../../imports/cloudwatchlogs.services.k8s.aws.js';
import type { SinkLogGroup } from '../sinks/sink-config.js';
import { type FirehoseSubscription, firehoseFilter } from './firehose.js';

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
      ...(firehose !== undefined && { subscriptionFilters: [firehoseFilter(firehose)] }),
    },
  });
}
