/** Settings of the sink `otlp`: the OpenTelemetry protocol over HTTP. */
import { type Rule, together } from '../rule.js';
import { setting } from '../setting.js';
import * as value from '../values/setting-values.js';
import { externalIdSetting, roleArnSetting, roleRules } from './assumed-role.js';
import type { SinkEntry } from './sink.js';

const OTLP_ROLE_ARN = roleArnSetting('LOGTAP_OTLP_ROLE_ARN', 'a signed endpoint');

export const OTLP_SETTINGS = {
  otlpUrl: setting({
    name: 'LOGTAP_OTLP_URL',
    help: 'URL of the endpoint, without credentials. Without a path, requests go to `/v1/logs`.',
    parse: value.url,
  }),
  otlpHeaders: setting({
    name: 'LOGTAP_OTLP_HEADERS',
    defaultMeaning: 'none',
    help: 'Headers of every request: `name=value`, separated by commas. They are no secrets: a manifest shows them. CloudWatch Logs needs `x-aws-log-group` and `x-aws-log-stream`.',
    parse: value.headers,
  }),
  otlpHeadersFile: setting({
    name: 'LOGTAP_OTLP_HEADERS_FILE',
    defaultMeaning: 'none',
    help: 'File with headers that are secret, such as `authorization=Bearer TOKEN`: `name=value`, one a line. Reread when it changes.',
    parse: value.absolutePath,
  }),
  otlpSigv4: setting({
    name: 'LOGTAP_OTLP_SIGV4',
    defaultMeaning: 'requests are not signed',
    help: 'AWS service that requests are signed for: `logs` for CloudWatch Logs, `osis` for OpenSearch Ingestion. Needs `AWS_REGION`.',
    parse: value.oneOf(['logs', 'osis']),
  }),
  otlpRoleArn: OTLP_ROLE_ARN,
  otlpExternalId: externalIdSetting('LOGTAP_OTLP_EXTERNAL_ID', OTLP_ROLE_ARN),
  otlpCaFile: setting({
    name: 'LOGTAP_OTLP_CA_FILE',
    defaultMeaning: "Node's certificates",
    help: 'File with the certificates, in PEM, of the authorities to trust for https. Reread when it changes.',
    parse: value.absolutePath,
  }),
  otlpCertFile: setting({
    name: 'LOGTAP_OTLP_CERT_FILE',
    help: 'File with the certificate, in PEM, that the shipper presents to the endpoint. Reread when it changes.',
    parse: value.absolutePath,
  }),
  otlpKeyFile: setting({
    name: 'LOGTAP_OTLP_KEY_FILE',
    help: 'File with the key, in PEM, of that certificate. Reread when it changes.',
    parse: value.absolutePath,
  }),
  otlpGzip: setting({
    name: 'LOGTAP_OTLP_GZIP',
    default: 'false',
    help: 'Whether the shipper compresses request bodies. Reduces traffic and costs CPU time.',
    parse: value.boolean,
  }),
} as const;

const RULES: readonly Rule[] = [
  together(OTLP_SETTINGS.otlpCertFile, OTLP_SETTINGS.otlpKeyFile),
  ...roleRules(OTLP_SETTINGS.otlpRoleArn, OTLP_SETTINGS.otlpExternalId, OTLP_SETTINGS.otlpSigv4),
];

export const OTLP = {
  title: 'OpenTelemetry protocol',
  settings: OTLP_SETTINGS,
  needed: [[OTLP_SETTINGS.otlpUrl, 'https://collector.example:4318']],
  rules: RULES,
} as const satisfies SinkEntry;
