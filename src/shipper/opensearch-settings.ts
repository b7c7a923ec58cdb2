/** The rows of the table of settings that are about OpenSearch, and what does not go together among them. */
import { OPENSEARCH_INDEX } from '../service-names.js';
import { setting, type ValuesOf } from './setting.js';
import * as parse from './setting-parsers.js';
import { SCHEMA_NAMES } from './sinks/opensearch-schema.js';

const DEFAULT_INDEX = 'logtap-{yyyy.MM.dd}';

export const OPENSEARCH_SETTINGS = {
  opensearchUrls: setting({
    name: 'LOGTAP_OPENSEARCH_URL',
    help: 'URL of the cluster, without credentials; or those of several of its nodes, separated by commas: when one does not answer, the next one is asked.',
    parse: parse.urls,
  }),
  opensearchIndex: setting({
    name: 'LOGTAP_OPENSEARCH_INDEX',
    default: DEFAULT_INDEX,
    help: 'Index. A pattern of `yyyy`, `MM`, `dd` and `HH` in braces is filled from the UTC time of each record.',
    parse: parse.named(OPENSEARCH_INDEX),
  }),
  opensearchDataStream: setting({
    name: 'LOGTAP_OPENSEARCH_DATA_STREAM',
    defaultMeaning: 'none: an index is written to',
    help: 'Data stream, in the place of an index. It needs an index template, which `LOGTAP_OPENSEARCH_SETUP` makes. A request that is repeated after a rollover stores its records twice; date indices have no such gap.',
    parse: parse.dataStream,
  }),
  opensearchSchema: setting({
    name: 'LOGTAP_OPENSEARCH_SCHEMA',
    default: 'otel',
    help: 'Shape of documents: `otel` (OpenTelemetry), `ecs` (Elastic Common Schema), or `flat` (the names of the sink `stdout`, with `@timestamp`).',
    parse: parse.oneOf(SCHEMA_NAMES),
  }),
  opensearchSetup: setting({
    name: 'LOGTAP_OPENSEARCH_SETUP',
    default: 'false',
    help: 'Whether to make the index template, with the mappings of the schema, and with `LOGTAP_OPENSEARCH_RETENTION_DAYS` a policy; records wait until it is there. Messages that are JSON objects are then searchable below the field `data`, which never adds to the mapping.',
    parse: parse.boolean,
  }),
  opensearchRetentionDays: setting({
    name: 'LOGTAP_OPENSEARCH_RETENTION_DAYS',
    defaultMeaning: 'for ever',
    help: 'Days after which an index is deleted, by a policy of Index State Management that `LOGTAP_OPENSEARCH_SETUP` makes.',
    parse: parse.integer(1, 36_500),
  }),
  opensearchUsername: setting({
    name: 'LOGTAP_OPENSEARCH_USERNAME',
    help: 'User of basic authentication.',
    parse: parse.text,
  }),
  opensearchPasswordFile: setting({
    name: 'LOGTAP_OPENSEARCH_PASSWORD_FILE',
    help: 'File that holds the password of basic authentication; one line end at its end is not part of it. Read again when it changes.',
    parse: parse.absolutePath,
  }),
  opensearchSigv4: setting({
    name: 'LOGTAP_OPENSEARCH_SIGV4',
    defaultMeaning: 'requests are not signed',
    help: 'Signs requests for AWS: `es` for a domain of Amazon OpenSearch Service, `aoss` for a collection of OpenSearch Serverless. Needs `AWS_REGION`.',
    parse: parse.oneOf(['es', 'aoss']),
  }),
  opensearchCaFile: setting({
    name: 'LOGTAP_OPENSEARCH_CA_FILE',
    defaultMeaning: "Node's certificates",
    help: 'File with the certificates, in PEM, of the authorities to trust for https. Read again when it changes.',
    parse: parse.absolutePath,
  }),
  opensearchCertFile: setting({
    name: 'LOGTAP_OPENSEARCH_CERT_FILE',
    help: 'File with the certificate, in PEM, that the shipper shows to the cluster. Read again when it changes.',
    parse: parse.absolutePath,
  }),
  opensearchKeyFile: setting({
    name: 'LOGTAP_OPENSEARCH_KEY_FILE',
    help: 'File with the key, in PEM, of that certificate. Read again when it changes.',
    parse: parse.absolutePath,
  }),
  opensearchGzip: setting({
    name: 'LOGTAP_OPENSEARCH_GZIP',
    default: 'false',
    help: 'Whether request bodies are compressed: less traffic for more CPU time.',
    parse: parse.boolean,
  }),
} as const;

/** Settings of OpenSearch that do not go together. */
export function opensearchContradictions(settings: ValuesOf<typeof OPENSEARCH_SETTINGS>): string[] {
  const { opensearchUsername, opensearchPasswordFile, opensearchCertFile, opensearchKeyFile } = settings;
  const problems: string[] = [];
  const pairs: readonly (readonly [string, unknown, string, unknown])[] = [
    ['USERNAME', opensearchUsername, 'PASSWORD_FILE', opensearchPasswordFile],
    ['CERT_FILE', opensearchCertFile, 'KEY_FILE', opensearchKeyFile],
  ];
  for (const [name, value, otherName, other] of pairs) {
    if ((value === undefined) === (other === undefined)) continue;
    problems.push(
      `LOGTAP_OPENSEARCH_${name} and LOGTAP_OPENSEARCH_${otherName} belong together. Set both, or neither.`,
    );
  }
  if (settings.opensearchSigv4 !== undefined && opensearchUsername !== undefined) {
    problems.push(
      'LOGTAP_OPENSEARCH_SIGV4 and LOGTAP_OPENSEARCH_USERNAME exclude each other: a request has one Authorization header. Remove one of them.',
    );
  }
  if (settings.opensearchDataStream !== undefined && settings.opensearchIndex !== DEFAULT_INDEX) {
    problems.push('LOGTAP_OPENSEARCH_DATA_STREAM and LOGTAP_OPENSEARCH_INDEX exclude each other. Remove one of them.');
  }
  if (settings.opensearchRetentionDays !== undefined && settings.opensearchSetup === false) {
    problems.push(
      'LOGTAP_OPENSEARCH_RETENTION_DAYS has no effect without LOGTAP_OPENSEARCH_SETUP=true. Set both, or neither.',
    );
  }
  return problems;
}
