/** Settings of the sink `cloudwatch`. */

import { setting } from '../setting.js';
import { AWS_REGION, KMS_KEY_ARN, LOG_GROUP, LOG_GROUP_CLASSES, LOG_STREAM } from '../values/service-names.js';
import * as value from '../values/setting-values.js';
import { externalIdSetting, roleArnSetting, roleRules } from './assumed-role.js';
import type { SinkEntry } from './sink.js';

const CLOUDWATCH_ROLE_ARN = roleArnSetting('LOGTAP_CLOUDWATCH_ROLE_ARN', 'CloudWatch Logs');

export const CLOUDWATCH_SETTINGS = {
  cloudwatchLogGroup: setting({
    name: 'LOGTAP_CLOUDWATCH_LOG_GROUP',
    help: 'Log group. At start, `{namespace}` is replaced by the namespace of the pod, `{label:NAME}` and `{annotation:NAME}` by a label and an annotation of it, and `{field:NAME}` by one of `LOGTAP_STATIC_FIELDS`.',
    parse: value.podName(LOG_GROUP),
  }),
  cloudwatchLogStream: setting({
    name: 'LOGTAP_CLOUDWATCH_LOG_STREAM',
    defaultMeaning: '`{namespace}/{pod}`, or the host name without them',
    help: 'Log stream. The shipper creates a missing stream. `{namespace}`, `{pod}`, `{uid}` and `{node}` are replaced by the values of the pod, `{container}` and `{stream}` (`stdout`, `stderr`, `file`) by the origin of each record, with one log stream per origin. Placeholders of labels and fields are those of `LOGTAP_CLOUDWATCH_LOG_GROUP`.',
    parse: value.named(LOG_STREAM),
  }),
  cloudwatchCreateGroup: setting({
    name: 'LOGTAP_CLOUDWATCH_CREATE_GROUP',
    default: 'true',
    help: 'Whether the shipper creates a missing log group. Needs the permission `logs:CreateLogGroup`.',
    parse: value.boolean,
  }),
  awsRegion: setting({
    name: 'AWS_REGION',
    aliases: ['AWS_DEFAULT_REGION'],
    help: 'Region of the log group, of the Firehose stream, of the bucket, and of requests that are signed for OpenSearch and OTLP. Credentials come from the default provider chain of the AWS SDK for JavaScript.',
    parse: value.named(AWS_REGION),
  }),
  cloudwatchRoleArn: CLOUDWATCH_ROLE_ARN,
  cloudwatchExternalId: externalIdSetting('LOGTAP_CLOUDWATCH_EXTERNAL_ID', CLOUDWATCH_ROLE_ARN),
  cloudwatchRetentionDays: setting({
    name: 'LOGTAP_CLOUDWATCH_RETENTION_DAYS',
    defaultMeaning: 'the logs never expire',
    help: 'Retention, in days, of a log group that the shipper creates. Needs the permission `logs:PutRetentionPolicy`. An existing group keeps its retention.',
    parse: value.retentionDays,
  }),
  cloudwatchGroupClass: setting({
    name: 'LOGTAP_CLOUDWATCH_GROUP_CLASS',
    defaultMeaning: '`STANDARD`',
    help: 'Class of a log group that the shipper creates: `STANDARD`, `INFREQUENT_ACCESS`, `DELIVERY` or `ESSENTIALS`. The shipper warns if an existing group has another class, which needs the permission `logs:DescribeLogGroups`.',
    parse: value.oneOf(LOG_GROUP_CLASSES),
  }),
  cloudwatchKmsKeyArn: setting({
    name: 'LOGTAP_CLOUDWATCH_KMS_KEY_ARN',
    help: 'KMS key that encrypts a log group that the shipper creates.',
    parse: value.named(KMS_KEY_ARN),
  }),
  cloudwatchTags: setting({
    name: 'LOGTAP_CLOUDWATCH_TAGS',
    help: 'Tags of a log group that the shipper creates, as `key=value`, separated by commas. Needs the permission `logs:TagResource`.',
    parse: value.tags,
  }),
  cloudwatchService: setting({
    name: 'LOGTAP_CLOUDWATCH_SERVICE',
    help: 'Name of the service that writes the logs, for "Explore related" in CloudWatch. Placeholders are those of `LOGTAP_CLOUDWATCH_LOG_GROUP`.',
    parse: value.entityName,
  }),
  cloudwatchEnvironment: setting({
    name: 'LOGTAP_CLOUDWATCH_ENVIRONMENT',
    help: 'Environment of that service, such as `eks:my-cluster/my-namespace`. Placeholders are those of `LOGTAP_CLOUDWATCH_LOG_GROUP`.',
    parse: value.entityName,
  }),
  cloudwatchFormat: setting({
    name: 'LOGTAP_CLOUDWATCH_FORMAT',
    default: 'text',
    help: 'Message of an event. `text`: the record as the application wrote it. `json`: a JSON object with its text, its fields, its stream and container, and its `labels`. A record that is a JSON object keeps its members, and has the others in its member `logtap`.',
    parse: value.oneOf(['text', 'json']),
  }),
  cloudwatchGzip: setting({
    name: 'LOGTAP_CLOUDWATCH_GZIP',
    default: 'false',
    help: 'Whether the shipper compresses requests. Reduces traffic through NAT gateways and VPC endpoints, and costs CPU time. The shipper stops compressing if the endpoint does not accept it.',
    parse: value.boolean,
  }),
  cloudwatchExpectedBytesPerDay: setting({
    name: 'LOGTAP_CLOUDWATCH_EXPECTED_BYTES_PER_DAY',
    defaultMeaning: 'no comparison',
    help: 'Billed bytes of this shipper that are expected per day (UTC): those of the messages, and 26 for each event. The shipper warns once a day when there are more. Nothing is withheld; `LOGTAP_BUDGET_BYTES_PER_DAY` does that.',
    parse: value.integer(1, 1024 ** 5),
  }),
  cloudwatchEndpoint: setting({
    name: 'AWS_ENDPOINT_URL_CLOUDWATCH_LOGS',
    aliases: ['AWS_ENDPOINT_URL'],
    defaultMeaning: 'the endpoint of the region',
    help: 'Another endpoint, such as a VPC endpoint or an emulator.',
    parse: value.url,
  }),
} as const;

export const CLOUDWATCH = {
  title: 'CloudWatch Logs',
  settings: CLOUDWATCH_SETTINGS,
  needed: [
    [CLOUDWATCH_SETTINGS.cloudwatchLogGroup, '/my/app'],
    [CLOUDWATCH_SETTINGS.awsRegion, 'eu-central-1'],
  ],
  rules: roleRules(CLOUDWATCH_SETTINGS.cloudwatchRoleArn, CLOUDWATCH_SETTINGS.cloudwatchExternalId),
} as const satisfies SinkEntry;
