/** Settings of the sink `cloudwatch`. */

import { AWS_REGION, KMS_KEY_ARN, LOG_GROUP, LOG_GROUP_CLASSES, LOG_STREAM } from './service-names.js';
import { setting } from './setting.js';
import * as value from './setting-values.js';
import type { SinkEntry } from './sink.js';

export const CLOUDWATCH_SETTINGS = {
  cloudwatchLogGroup: setting({
    name: 'LOGTAP_CLOUDWATCH_LOG_GROUP',
    help: 'Log group.',
    parse: value.named(LOG_GROUP),
  }),
  cloudwatchLogStream: setting({
    name: 'LOGTAP_CLOUDWATCH_LOG_STREAM',
    defaultMeaning: '`{namespace}/{pod}`, or else the name of the host',
    help: 'Log stream; made when it is missing. `{namespace}`, `{pod}`, `{uid}` and `{node}` stand for what is known of the pod, `{container}` and `{stream}` (`stdout`, `stderr`, `file`) for where a record comes from: then there are as many streams.',
    parse: value.named(LOG_STREAM),
  }),
  cloudwatchCreateGroup: setting({
    name: 'LOGTAP_CLOUDWATCH_CREATE_GROUP',
    default: 'true',
    help: 'Whether a missing log group is made, which needs the right `logs:CreateLogGroup`.',
    parse: value.boolean,
  }),
  awsRegion: setting({
    name: 'AWS_REGION',
    aliases: ['AWS_DEFAULT_REGION'],
    help: 'Region of the log group. Credentials come from where the AWS SDK for JavaScript finds them.',
    parse: value.named(AWS_REGION),
  }),
  cloudwatchRetentionDays: setting({
    name: 'LOGTAP_CLOUDWATCH_RETENTION_DAYS',
    defaultMeaning: 'for ever',
    help: 'Days that a log group keeps its logs, where the shipper makes it; needs the right `logs:PutRetentionPolicy`. An existing group keeps what it has.',
    parse: value.retentionDays,
  }),
  cloudwatchGroupClass: setting({
    name: 'LOGTAP_CLOUDWATCH_GROUP_CLASS',
    defaultMeaning: '`STANDARD`',
    help: 'Class of a log group that the shipper makes: `STANDARD`, `INFREQUENT_ACCESS`, `DELIVERY` or `ESSENTIALS`. A group that is of another class is worth a warning, which needs the right `logs:DescribeLogGroups`.',
    parse: value.oneOf(LOG_GROUP_CLASSES),
  }),
  cloudwatchKmsKeyArn: setting({
    name: 'LOGTAP_CLOUDWATCH_KMS_KEY_ARN',
    help: 'Key that encrypts a log group that the shipper makes.',
    parse: value.named(KMS_KEY_ARN),
  }),
  cloudwatchTags: setting({
    name: 'LOGTAP_CLOUDWATCH_TAGS',
    help: 'Tags of a log group that the shipper makes, as `key=value`, separated by commas; needs the right `logs:TagResource`.',
    parse: value.tags,
  }),
  cloudwatchService: setting({
    name: 'LOGTAP_CLOUDWATCH_SERVICE',
    help: 'Name of the service that writes the logs, for "Explore related" in CloudWatch.',
    parse: value.entityName,
  }),
  cloudwatchEnvironment: setting({
    name: 'LOGTAP_CLOUDWATCH_ENVIRONMENT',
    help: 'Environment of that service, such as `eks:my-cluster/my-namespace`.',
    parse: value.entityName,
  }),
  cloudwatchGzip: setting({
    name: 'LOGTAP_CLOUDWATCH_GZIP',
    default: 'false',
    help: 'Whether requests are compressed: less traffic through NAT gateways and VPC endpoints, more CPU. Switched off when the endpoint does not take it.',
    parse: value.boolean,
  }),
  cloudwatchEndpoint: setting({
    name: 'AWS_ENDPOINT_URL_CLOUDWATCH_LOGS',
    aliases: ['AWS_ENDPOINT_URL'],
    defaultMeaning: 'the endpoint of the region',
    help: 'Endpoint to use instead: a VPC endpoint, an emulator.',
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
  rules: [],
} as const satisfies SinkEntry;
