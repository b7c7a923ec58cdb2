/** The log group of a sink with all that CloudWatch Logs does with its events, as resources of CloudFormation. */
import { withoutPlaceholders } from '../../catalog/values/placeholders.js';
import { must, mustBeNamed } from '../props/must.js';
import type { Sink } from '../sinks/sink.js';
import type { SinkLogGroup } from '../sinks/sink-config.js';
import { type FirehoseSubscription, firehoseFilter } from './firehose.js';
import {
  checkTransformer,
  DATA_IDENTIFIER,
  FIELD_INDEX,
  FIELD_INDEXES_MAX,
  FILTER_NAME,
  FILTER_PATTERN,
  METRIC_FILTERS_MAX,
  METRIC_NAME,
  METRIC_NAMESPACE,
} from './log-group-rules.js';

/** A metric of CloudWatch that is made from the events of a log group. */
export interface LogGroupMetric {
  /** Name of the metric, at most 255 characters without `:`, `*` and `$`. It is the name of its filter, too. */
  readonly name: string;

  /** Namespace of the metric: at most 255 letters, digits and `. - _ / #`, not starting with `AWS/`. */
  readonly metricNamespace: string;

  /**
   * Filter pattern of the events that are counted, at most 1024 characters.
   *
   * @default - records of the severity ERROR or FATAL, which needs `messageFormat: CloudWatchFormat.JSON` in the sink: with a
   * period of 60 seconds, the sum is errors per minute
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
   */
  readonly filterPattern?: string;
}

/** What CloudWatch Logs does with a log group and its events. */
export interface LogGroupTemplateProps {
  /**
   * Whether AWS refuses to delete the log group until this is `false`.
   *
   * @default false
   */
  readonly deletionProtection?: boolean;

  /**
   * Fields that queries find without reading every event: 1 to 20, each of at most 100 characters. Needs the class `STANDARD`, as
   * do all that follow.
   *
   * @default - the default indexes of AWS
   * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutIndexPolicy.html
   */
  readonly fieldIndexes?: string[];

  /**
   * Processors that change each event as it arrives: 1 to 20 objects with one key each, named as CloudFormation names them, such as
   * `{ ParseJSON: {} }`. The first is a parser.
   *
   * @default - events stay as they are
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Transformation-Create.html
   */
  readonly transformer?: any[];

  /**
   * Names of managed data identifiers of AWS, such as `EmailAddress`, whose values are masked for readers without the permission
   * `logs:Unmask`. `redact` of the tap hides secrets before they leave the pod.
   *
   * @default - nothing is masked
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL-managed-data-identifiers.html
   */
  readonly masked?: string[];

  /**
   * Metrics from events, at most 100.
   *
   * @default - none
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
   */
  readonly metrics?: LogGroupMetric[];

  /**
   * A copy of the events for a stream of Amazon Data Firehose.
   *
   * @default - no copy
   */
  readonly firehose?: FirehoseSubscription;
}

/** A resource of a CloudFormation template. */
export interface LogGroupResource {
  /** Its logical id. */
  readonly id: string;

  /** Its type, such as `AWS::Logs::LogGroup`. */
  readonly resourceType: string;

  /** Its properties. */
  readonly properties: any;
}

/**
 * The log group of a sink as resources of CloudFormation, for what the ACK controller for CloudWatch Logs does not make. In AWS CDK, each
 * is a `CfnResource`; `template` is a file for `aws cloudformation deploy`. The shipper needs no permission for any of it.
 */
export class LogGroupTemplate {
  /** The log group first, then those that refer to it. */
  public readonly resources: LogGroupResource[];

  /**
   * @param sink a sink of CloudWatch Logs with `createLogGroup: false`
   * @throws if a value breaks a rule of CloudWatch Logs, or the class of the log group does not have the feature
   */
  public constructor(sink: Sink, props: LogGroupTemplateProps = {}) {
    const { logGroup, settings } = sink.bind();
    must(logGroup !== undefined, 'sink', sink.bind().name, 'be a sink of CloudWatch Logs: leave LogGroupTemplate out');
    check(logGroup, props);
    const group = { Ref: GROUP };
    const json = settings.LOGTAP_CLOUDWATCH_FORMAT === 'json';
    const { transformer, firehose, metrics = [] } = props;
    this.resources = [
      { id: GROUP, resourceType: 'AWS::Logs::LogGroup', properties: groupProperties(logGroup, props) },
      ...metrics.map((metric, i) => ({
        id: `${GROUP}Metric${i + 1}`,
        resourceType: 'AWS::Logs::MetricFilter',
        properties: { LogGroupName: group, ...metricFilter(metric, i, json) },
      })),
      ...(transformer === undefined
        ? []
        : [
            {
              id: `${GROUP}Transformer`,
              resourceType: 'AWS::Logs::Transformer',
              properties: { LogGroupIdentifier: group, TransformerConfig: transformer },
            },
          ]),
      ...(firehose === undefined
        ? []
        : [
            {
              id: `${GROUP}Firehose`,
              resourceType: 'AWS::Logs::SubscriptionFilter',
              properties: { LogGroupName: group, ...cloudFormation(firehoseFilter(firehose)) },
            },
          ]),
    ];
  }

  /** The resources as a template. The log group stays, with its logs, when the stack is deleted. */
  public get template(): any {
    const retained = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' };
    return {
      AWSTemplateFormatVersion: '2010-09-09',
      Resources: Object.fromEntries(
        this.resources.map(({ id, resourceType: Type, properties: Properties }) => [
          id,
          { Type, ...(id === GROUP && retained), Properties },
        ]),
      ),
    };
  }
}

const GROUP = 'LogGroup';

function check(group: SinkLogGroup, props: LogGroupTemplateProps): void {
  must(
    !group.createdByShipper,
    'sink',
    group.name,
    'have a log group that the shipper does not create: give it `createLogGroup: false`',
  );
  must(
    withoutPlaceholders(group.name) === group.name,
    'logGroup',
    group.name,
    'be known at synthesis, without placeholders: name it',
  );
  const { deletionProtection: _, ...ofStandard } = props;
  for (const [name, value] of Object.entries(ofStandard)) {
    must(
      value === undefined || (group.groupClass ?? 'STANDARD') === 'STANDARD',
      name,
      value,
      `come with a log group of the class STANDARD, not ${group.groupClass}, which does not have it: leave it out`,
    );
  }
  const { fieldIndexes, masked, metrics } = props;
  if (fieldIndexes !== undefined) {
    mustBeList('fieldIndexes', fieldIndexes, FIELD_INDEXES_MAX);
    for (const field of fieldIndexes) mustBeNamed('fieldIndexes', field, FIELD_INDEX);
  }
  if (masked !== undefined) {
    mustBeList('masked', masked);
    for (const name of masked) mustBeNamed('masked', name, DATA_IDENTIFIER);
  }
  if (metrics !== undefined) {
    const names = metrics.map(({ name }) => name);
    mustBeList('metrics', names, METRIC_FILTERS_MAX);
  }
  if (props.transformer !== undefined) checkTransformer(props.transformer);
}

function mustBeList(property: string, list: readonly string[], max?: number): void {
  const limit = max === undefined ? '' : `, and at most ${max}`;
  const isInLimit = list.length > 0 && list.length <= (max ?? list.length);
  must(isInLimit, property, list.length, `have one entry or more${limit}: correct the list, or leave it out`);
  const twice = list.find((item, i) => list.indexOf(item) !== i);
  must(twice === undefined, property, twice, 'be in the list once: remove the other');
}

function groupProperties(group: SinkLogGroup, { deletionProtection, fieldIndexes, masked }: LogGroupTemplateProps) {
  const { name, retentionDays, groupClass, kmsKeyArn, tags } = group;
  return {
    LogGroupName: name,
    ...(retentionDays !== undefined && { RetentionInDays: retentionDays }),
    ...(groupClass !== undefined && { LogGroupClass: groupClass }),
    ...(kmsKeyArn !== undefined && { KmsKeyId: kmsKeyArn }),
    ...(tags !== undefined && { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
    ...(deletionProtection !== undefined && { DeletionProtectionEnabled: deletionProtection }),
    ...(fieldIndexes !== undefined && { FieldIndexPolicies: [{ Fields: fieldIndexes }] }),
    ...(masked !== undefined && { DataProtectionPolicy: protectionPolicy(masked) }),
  };
}

/** One statement finds, the other masks: the service demands both. The version is that of the language of policies. */
function protectionPolicy(masked: readonly string[]) {
  const identifiers = masked.map((name) => ({
    'Fn::Sub': `arn:\${AWS::Partition}:dataprotection::aws:data-identifier/${name}`,
  }));
  return {
    Name: 'logtap',
    Version: '2021-06-01',
    Statement: [
      { Sid: 'audit', DataIdentifier: identifiers, Operation: { Audit: { FindingsDestination: {} } } },
      { Sid: 'mask', DataIdentifier: identifiers, Operation: { Deidentify: { MaskConfig: {} } } },
    ],
  };
}

/** A record that is an object itself has ours in its member `logtap`. */
const ERRORS = `{ ${['$.severity', '$.logtap.severity']
  .flatMap((field) => ['ERROR', 'FATAL'].map((severity) => `(${field} = "${severity}")`))
  .join(' || ')} }`;

function metricFilter({ name, metricNamespace, filterPattern }: LogGroupMetric, index: number, json: boolean) {
  const at = `metrics.${index}`;
  mustBeNamed(`${at}.name`, name, METRIC_NAME);
  mustBeNamed(`${at}.name`, name, FILTER_NAME);
  mustBeNamed(`${at}.metricNamespace`, metricNamespace, METRIC_NAMESPACE);
  if (filterPattern !== undefined) mustBeNamed(`${at}.filterPattern`, filterPattern, FILTER_PATTERN);
  must(
    filterPattern !== undefined || json,
    `${at}.filterPattern`,
    filterPattern,
    'be given, as only events in JSON have a severity: give one such as "?ERROR ?FATAL", or the sink `messageFormat: CloudWatchFormat.JSON`',
  );
  return {
    FilterName: name,
    FilterPattern: filterPattern ?? ERRORS,
    MetricTransformations: [{ MetricName: name, MetricNamespace: metricNamespace, MetricValue: '1', DefaultValue: 0 }],
  };
}

/** The API's names begin with a small letter, those of CloudFormation with a capital one. */
const cloudFormation = (properties: object) =>
  Object.fromEntries(Object.entries(properties).map(([key, value]) => [key[0]!.toUpperCase() + key.slice(1), value]));
