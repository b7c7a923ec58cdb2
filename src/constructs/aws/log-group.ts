/** The log groups of sinks, as objects that the ACK controller for CloudWatch Logs makes. */
import type { Construct } from 'constructs';
import { LogGroup } from '../../../imports/cloudwatchlogs.services.k8s.aws.js';
import { placeholdersOf, replacePlaceholders } from '../../catalog/values/placeholders.js';
import { LOG_GROUP } from '../../catalog/values/service-names.js';
import { type KnownNames, knownName } from '../props/known-names.js';
import { must, mustBeNamed } from '../props/must.js';
import type { OwnLogGroup } from '../sinks/by-container.js';
import type { SinkLogGroup } from '../sinks/sink-config.js';
import { type FirehoseSubscription, firehoseFilter } from './firehose.js';

/** Of groups that the controller makes. */
export interface LogGroupOptions {
  readonly namespace: string | undefined;
  /** For placeholders in names. */
  readonly known: KnownNames;
  readonly deletionProtection: boolean | undefined;
  readonly firehose: FirehoseSubscription | undefined;
}

/**
 * Makes an object for each log group: `LogGroup` for that of the pod, `LogGroup-NAME` for that of a container.
 *
 * @throws if an ARN is none, if a name is not known at synthesis, or if sinks with one log group differ in its retention, key or tags
 */
export function createLogGroups(scope: Construct, groups: readonly OwnLogGroup[], options: LogGroupOptions): void {
  const made: SinkLogGroup[] = [];
  for (const { container, group: given } of groups) {
    const group = { ...given, name: nameOf(given, options.known) };
    const same = made.find(({ name, region }) => name === group.name && region === group.region);
    must(
      same === undefined || asText(same) === asText(group),
      'logGroup',
      group.name,
      `have the same retention, key and tags in each sink, but that of container '${container}' differs: correct it`,
    );
    if (same !== undefined) continue;
    made.push(group);
    createLogGroup(scope, container === undefined ? 'LogGroup' : `LogGroup-${container}`, group, options);
  }
}

function nameOf({ name }: SinkLogGroup, known: KnownNames): string {
  const unknown = placeholdersOf(name).find((placeholder) => knownName(placeholder, known) === undefined);
  const remedy = unknown?.kind === 'namespace' ? "give 'podNamespace'" : 'name it, or leave `logGroup` out';
  must(unknown === undefined, 'logGroup', name, `be known at synthesis, as the controller fills no braces: ${remedy}`);
  const full = replacePlaceholders(name, (placeholder) => knownName(placeholder, known)!);
  mustBeNamed('logGroup', full, LOG_GROUP);
  return full;
}

const asText = ({ retentionDays, kmsKeyArn, tags = {} }: SinkLogGroup) =>
  JSON.stringify([retentionDays, kmsKeyArn, Object.entries(tags).sort()]);

function createLogGroup(
  scope: Construct,
  id: string,
  { name, region, retentionDays, kmsKeyArn, tags }: SinkLogGroup,
  { namespace, deletionProtection, firehose }: LogGroupOptions,
): void {
  new LogGroup(scope, id, {
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
