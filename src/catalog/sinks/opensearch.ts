/** Settings of the sink `opensearch`. */
import { excludes, needsOn, type Rule, together } from '../rule.js';
import { setting } from '../setting.js';
import { OPENSEARCH_INDEX } from '../values/service-names.js';
import * as value from '../values/setting-values.js';
import { externalIdSetting, roleArnSetting, roleRules } from './assumed-role.js';
import type { SinkEntry } from './sink.js';

/** Shapes of documents. */
export const OPENSEARCH_SCHEMAS = ['otel', 'ecs', 'flat'] as const;

const OPENSEARCH_ROLE_ARN = roleArnSetting('LOGTAP_OPENSEARCH_ROLE_ARN', 'a signed cluster');

export const OPENSEARCH_SETTINGS = {
  opensearchUrls: setting({
    name: 'LOGTAP_OPENSEARCH_URL',
    help: 'URL of the cluster, without credentials, or URLs of several of its nodes, separated by commas. If a node does not answer, the shipper tries the next one.',
    parse: value.urls,
  }),
  opensearchIndex: setting({
    name: 'LOGTAP_OPENSEARCH_INDEX',
    default: 'logtap-{yyyy.MM.dd}',
    help: 'Index name. A pattern of `yyyy`, `MM`, `dd` and `HH` in braces is replaced by the UTC time of each record. At start, `{namespace}` is replaced by the namespace of the pod, `{label:NAME}` and `{annotation:NAME}` by a label and an annotation of it, and `{field:NAME}` by one of `LOGTAP_STATIC_FIELDS`. Capitals become small letters.',
    parse: value.podName(OPENSEARCH_INDEX),
  }),
  opensearchDataStream: setting({
    name: 'LOGTAP_OPENSEARCH_DATA_STREAM',
    defaultMeaning: 'none: the shipper writes to an index',
    help: 'Data stream to use instead of an index. Its placeholders are those of `LOGTAP_OPENSEARCH_INDEX`, without dates. It needs an index template, which `LOGTAP_OPENSEARCH_SETUP` creates. A request retried after a rollover stores its records twice; date indices do not have this gap.',
    parse: value.dataStream,
  }),
  opensearchSchema: setting({
    name: 'LOGTAP_OPENSEARCH_SCHEMA',
    default: 'otel',
    help: 'Shape of documents: `otel` (OpenTelemetry), `ecs` (Elastic Common Schema), or `flat` (the names of the sink `stdout`, with `@timestamp`).',
    parse: value.oneOf(OPENSEARCH_SCHEMAS),
  }),
  opensearchSetup: setting({
    name: 'LOGTAP_OPENSEARCH_SETUP',
    default: 'false',
    help: 'Whether the shipper creates the index template with the mappings of the schema and, with `LOGTAP_OPENSEARCH_RETENTION_DAYS`, a policy. Records wait until they exist. Messages that are JSON objects are then searchable below the field `data`, which never adds to the mapping.',
    parse: value.boolean,
  }),
  opensearchRetentionDays: setting({
    name: 'LOGTAP_OPENSEARCH_RETENTION_DAYS',
    defaultMeaning: 'indices are never deleted',
    help: 'Days after which an Index State Management policy deletes an index. `LOGTAP_OPENSEARCH_SETUP` creates the policy.',
    parse: value.integer(1, 36_500),
  }),
  opensearchUsername: setting({
    name: 'LOGTAP_OPENSEARCH_USERNAME',
    help: 'User name for basic authentication.',
    parse: value.text,
  }),
  opensearchPasswordFile: setting({
    name: 'LOGTAP_OPENSEARCH_PASSWORD_FILE',
    help: 'File with the password for basic authentication. A final line end is not part of it. Reread when it changes.',
    parse: value.absolutePath,
  }),
  opensearchSigv4: setting({
    name: 'LOGTAP_OPENSEARCH_SIGV4',
    defaultMeaning: 'requests are not signed',
    help: 'Service that requests are signed for: `es` for an Amazon OpenSearch Service domain, `aoss` for an OpenSearch Serverless collection. Needs `AWS_REGION`.',
    parse: value.oneOf(['es', 'aoss']),
  }),
  opensearchRoleArn: OPENSEARCH_ROLE_ARN,
  opensearchExternalId: externalIdSetting('LOGTAP_OPENSEARCH_EXTERNAL_ID', OPENSEARCH_ROLE_ARN),
  opensearchCaFile: setting({
    name: 'LOGTAP_OPENSEARCH_CA_FILE',
    defaultMeaning: "Node's certificates",
    help: 'File with the certificates, in PEM, of the authorities to trust for https. Reread when it changes.',
    parse: value.absolutePath,
  }),
  opensearchCertFile: setting({
    name: 'LOGTAP_OPENSEARCH_CERT_FILE',
    help: 'File with the certificate, in PEM, that the shipper presents to the cluster. Reread when it changes.',
    parse: value.absolutePath,
  }),
  opensearchKeyFile: setting({
    name: 'LOGTAP_OPENSEARCH_KEY_FILE',
    help: 'File with the key, in PEM, of that certificate. Reread when it changes.',
    parse: value.absolutePath,
  }),
  opensearchGzip: setting({
    name: 'LOGTAP_OPENSEARCH_GZIP',
    default: 'false',
    help: 'Whether the shipper compresses request bodies. Reduces traffic and costs CPU time.',
    parse: value.boolean,
  }),
} as const;

const of = OPENSEARCH_SETTINGS;
const RULES: readonly Rule[] = [
  together(of.opensearchUsername, of.opensearchPasswordFile),
  together(of.opensearchCertFile, of.opensearchKeyFile),
  excludes(of.opensearchSigv4, of.opensearchUsername, 'a request has only one Authorization header'),
  excludes(of.opensearchDataStream, of.opensearchIndex),
  needsOn(of.opensearchRetentionDays, of.opensearchSetup),
  ...roleRules(of.opensearchRoleArn, of.opensearchExternalId, of.opensearchSigv4),
];

export const OPENSEARCH = {
  title: 'OpenSearch',
  settings: OPENSEARCH_SETTINGS,
  needed: [[OPENSEARCH_SETTINGS.opensearchUrls, 'https://opensearch.example:9200']],
  rules: RULES,
} as const satisfies SinkEntry;
