/** Settings of the sink `opensearch`. */
import { excludes, needsOn, type Rule, together } from './rule.js';
import { OPENSEARCH_INDEX } from './service-names.js';
import { setting } from './setting.js';
import * as value from './setting-values.js';
import type { SinkEntry } from './sink.js';

/** Shapes of documents. */
export const OPENSEARCH_SCHEMAS = ['otel', 'ecs', 'flat'] as const;

export const OPENSEARCH_SETTINGS = {
  opensearchUrls: setting({
    name: 'LOGTAP_OPENSEARCH_URL',
    help: 'URL of the cluster, without credentials; or those of several of its nodes, separated by commas: when one does not answer, the next one is asked.',
    parse: value.urls,
  }),
  opensearchIndex: setting({
    name: 'LOGTAP_OPENSEARCH_INDEX',
    default: 'logtap-{yyyy.MM.dd}',
    help: 'Index. A pattern of `yyyy`, `MM`, `dd` and `HH` in braces is filled from the UTC time of each record.',
    parse: value.named(OPENSEARCH_INDEX),
  }),
  opensearchDataStream: setting({
    name: 'LOGTAP_OPENSEARCH_DATA_STREAM',
    defaultMeaning: 'none: an index is written to',
    help: 'Data stream, in the place of an index. It needs an index template, which `LOGTAP_OPENSEARCH_SETUP` makes. A request that is repeated after a rollover stores its records twice; date indices have no such gap.',
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
    help: 'Whether to make the index template, with the mappings of the schema, and with `LOGTAP_OPENSEARCH_RETENTION_DAYS` a policy; records wait until it is there. Messages that are JSON objects are then searchable below the field `data`, which never adds to the mapping.',
    parse: value.boolean,
  }),
  opensearchRetentionDays: setting({
    name: 'LOGTAP_OPENSEARCH_RETENTION_DAYS',
    defaultMeaning: 'for ever',
    help: 'Days after which an index is deleted, by a policy of Index State Management that `LOGTAP_OPENSEARCH_SETUP` makes.',
    parse: value.integer(1, 36_500),
  }),
  opensearchUsername: setting({
    name: 'LOGTAP_OPENSEARCH_USERNAME',
    help: 'User of basic authentication.',
    parse: value.text,
  }),
  opensearchPasswordFile: setting({
    name: 'LOGTAP_OPENSEARCH_PASSWORD_FILE',
    help: 'File that holds the password of basic authentication; one line end at its end is not part of it. Read again when it changes.',
    parse: value.absolutePath,
  }),
  opensearchSigv4: setting({
    name: 'LOGTAP_OPENSEARCH_SIGV4',
    defaultMeaning: 'requests are not signed',
    help: 'Signs requests for AWS: `es` for a domain of Amazon OpenSearch Service, `aoss` for a collection of OpenSearch Serverless. Needs `AWS_REGION`.',
    parse: value.oneOf(['es', 'aoss']),
  }),
  opensearchCaFile: setting({
    name: 'LOGTAP_OPENSEARCH_CA_FILE',
    defaultMeaning: "Node's certificates",
    help: 'File with the certificates, in PEM, of the authorities to trust for https. Read again when it changes.',
    parse: value.absolutePath,
  }),
  opensearchCertFile: setting({
    name: 'LOGTAP_OPENSEARCH_CERT_FILE',
    help: 'File with the certificate, in PEM, that the shipper shows to the cluster. Read again when it changes.',
    parse: value.absolutePath,
  }),
  opensearchKeyFile: setting({
    name: 'LOGTAP_OPENSEARCH_KEY_FILE',
    help: 'File with the key, in PEM, of that certificate. Read again when it changes.',
    parse: value.absolutePath,
  }),
  opensearchGzip: setting({
    name: 'LOGTAP_OPENSEARCH_GZIP',
    default: 'false',
    help: 'Whether request bodies are compressed: less traffic for more CPU time.',
    parse: value.boolean,
  }),
} as const;

const of = OPENSEARCH_SETTINGS;
const RULES: readonly Rule[] = [
  together(of.opensearchUsername, of.opensearchPasswordFile),
  together(of.opensearchCertFile, of.opensearchKeyFile),
  excludes(of.opensearchSigv4, of.opensearchUsername, 'a request has one Authorization header'),
  excludes(of.opensearchDataStream, of.opensearchIndex),
  needsOn(of.opensearchRetentionDays, of.opensearchSetup),
];

export const OPENSEARCH = {
  title: 'OpenSearch',
  settings: OPENSEARCH_SETTINGS,
  needed: [[OPENSEARCH_SETTINGS.opensearchUrls, 'https://opensearch.example:9200']],
  rules: RULES,
} as const satisfies SinkEntry;
