/** Settings of the sink `firehose`: a stream of Amazon Data Firehose. */
import { setting } from '../setting.js';
import { DELIVERY_STREAM } from '../values/service-names.js';
import * as value from '../values/setting-values.js';
import { externalIdSetting, roleArnSetting, roleRules } from './assumed-role.js';
import { CLOUDWATCH_SETTINGS } from './cloudwatch.js';
import type { SinkEntry } from './sink.js';

const FIREHOSE_ROLE_ARN = roleArnSetting('LOGTAP_FIREHOSE_ROLE_ARN', 'Firehose');

export const FIREHOSE_SETTINGS = {
  firehoseStream: setting({
    name: 'LOGTAP_FIREHOSE_STREAM',
    help: 'Firehose stream with the source `DirectPut`. It must exist. At start, `{namespace}` is replaced by the namespace of the pod, `{label:NAME}` and `{annotation:NAME}` by a label and an annotation of it, and `{field:NAME}` by one of `LOGTAP_STATIC_FIELDS`.',
    parse: value.podName(DELIVERY_STREAM),
  }),
  firehoseJoin: setting({
    name: 'LOGTAP_FIREHOSE_JOIN',
    default: 'false',
    help: 'Whether many lines are one record of Firehose, up to 1,000 KiB, each with its line end. Firehose bills each record as a multiple of 5 KiB, and takes 500 records per request. Right for destinations that store records as they come, such as S3. OpenSearch, Splunk and Snowflake need one line per record.',
    parse: value.boolean,
  }),
  firehoseRoleArn: FIREHOSE_ROLE_ARN,
  firehoseExternalId: externalIdSetting('LOGTAP_FIREHOSE_EXTERNAL_ID', FIREHOSE_ROLE_ARN),
  firehoseEndpoint: setting({
    name: 'AWS_ENDPOINT_URL_FIREHOSE',
    aliases: ['AWS_ENDPOINT_URL'],
    defaultMeaning: 'the endpoint of the region',
    help: 'Another endpoint, such as a VPC endpoint or an emulator.',
    parse: value.url,
  }),
} as const;

export const FIREHOSE = {
  title: 'Amazon Data Firehose',
  settings: FIREHOSE_SETTINGS,
  needed: [
    [FIREHOSE_SETTINGS.firehoseStream, 'my-app'],
    [CLOUDWATCH_SETTINGS.awsRegion, 'eu-central-1'],
  ],
  rules: roleRules(FIREHOSE_SETTINGS.firehoseRoleArn, FIREHOSE_SETTINGS.firehoseExternalId),
} as const satisfies SinkEntry;
