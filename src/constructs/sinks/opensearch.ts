/** Properties of the OpenSearch sink, and its permissions. */
import { CLOUDWATCH_SETTINGS } from '../../catalog/sinks/cloudwatch.js';
import { OPENSEARCH_SETTINGS } from '../../catalog/sinks/opensearch.js';
import { must } from '../props/must.js';
import { bind } from './bind.js';
import { accountOf, asRole } from './connection/assumed-role.js';
import { arn, egressTo } from './connection/endpoint.js';
import type { HttpsSinkProps } from './connection/https.js';
import type { SecretKey, SinkConfig, SinkIamStatement } from './sink-config.js';

/** Shape of a document in OpenSearch. */
export enum OpenSearchSchema {
  /** OpenTelemetry. */
  OTEL = 'otel',
  /** Elastic Common Schema. */
  ECS = 'ecs',
  /** The names of the sink `stdout`, with `@timestamp`. */
  FLAT = 'flat',
}

/** An AWS service that requires signed requests. */
export enum OpenSearchSigning {
  /** An Amazon OpenSearch Service domain. */
  DOMAIN = 'es',
  /** An Amazon OpenSearch Serverless collection. */
  SERVERLESS = 'aoss',
}

/** Properties of the OpenSearch sink. */
export interface OpenSearchSinkProps extends HttpsSinkProps {
  /** URL of the cluster, http or https, without credentials, or URLs of several of its nodes, separated by commas. */
  readonly url: string;

  /**
   * Index: lower case, at most 255 bytes, without `\ / * ? " < > | , # :` and spaces, not starting with `- _ +`. Date patterns in
   * braces, such as `logs-{yyyy.MM.dd}`, are replaced by the UTC time of each record: `yyyy`, `MM`, `dd`, `HH`. At start, `{namespace}`,
   * `{label:NAME}`, `{annotation:NAME}` and `{field:NAME}` are replaced by the namespace, labels and annotations of the pod, and by
   * `fields.constants`.
   *
   * @default 'logtap-{yyyy.MM.dd}'
   */
  readonly index?: string;

  /**
   * Data stream to use instead of an index, with the same placeholders but dates. A request retried after a rollover stores its records twice; date indices do
   * not have this gap.
   *
   * @default - the shipper writes to an index
   */
  readonly dataStream?: string;

  /**
   * Shape of the documents.
   *
   * @default OpenSearchSchema.OTEL
   */
  readonly schema?: OpenSearchSchema;

  /**
   * Whether the shipper creates the index template with the mappings of the schema. Records wait until it exists.
   *
   * @default false
   */
  readonly setup?: boolean;

  /**
   * Days after which an Index State Management policy deletes an index. Needs `setup`.
   *
   * @default - indices are never deleted
   */
  readonly retentionDays?: number;

  /**
   * AWS service that requests are signed for. Needs `region`.
   *
   * @default - requests are not signed
   */
  readonly signing?: OpenSearchSigning;

  /**
   * User name for basic authentication. Needs `passwordSecret`.
   *
   * @default - no basic authentication
   */
  readonly username?: string;

  /**
   * Secret with the password. It is mounted as a file only into the shipper, and no manifest contains it.
   *
   * @default - no basic authentication
   */
  readonly passwordSecret?: SecretKey;
}

export function openSearch(props: OpenSearchSinkProps): SinkConfig {
  const { url, signing, resourceArn } = props;
  const of = OPENSEARCH_SETTINGS;
  const bound = bind('opensearch', [
    { property: 'url', setting: of.opensearchUrls, value: url },
    { property: 'index', setting: of.opensearchIndex, value: props.index },
    { property: 'dataStream', setting: of.opensearchDataStream, value: props.dataStream },
    { property: 'schema', setting: of.opensearchSchema, value: props.schema },
    { property: 'setup', setting: of.opensearchSetup, value: props.setup },
    { property: 'retentionDays', setting: of.opensearchRetentionDays, value: props.retentionDays },
    { property: 'signing', setting: of.opensearchSigv4, value: signing },
    { property: 'region', setting: CLOUDWATCH_SETTINGS.awsRegion, value: props.region },
    { property: 'roleArn', setting: of.opensearchRoleArn, value: props.roleArn },
    { property: 'externalId', setting: of.opensearchExternalId, value: props.externalId },
    { property: 'gzip', setting: of.opensearchGzip, value: props.gzip },
    { property: 'username', setting: of.opensearchUsername, value: props.username },
    { property: 'passwordSecret', setting: of.opensearchPasswordFile, secret: props.passwordSecret },
    { property: 'caSecret', setting: of.opensearchCaFile, secret: props.caSecret },
    { property: 'clientCertificateSecret', setting: of.opensearchCertFile, secret: props.clientCertificateSecret },
    { property: 'clientKeySecret', setting: of.opensearchKeyFile, secret: props.clientKeySecret },
  ]);
  must(
    resourceArn === undefined || signing !== undefined,
    'resourceArn',
    resourceArn,
    "be set together with 'signing', without which AWS checks no permissions: set 'signing', or remove it",
  );
  const nodes = url.split(',').map((node) => egressTo(node.trim()));
  return { ...bound, ...asRole(props, statements(props), nodes) };
}

/** A collection has one permission for its whole API. Its data access policy grants the rest. */
function statements({ signing, region = '*', resourceArn, setup, roleArn }: OpenSearchSinkProps): SinkIamStatement[] {
  if (signing === undefined) return [];
  const account = accountOf(roleArn) ?? '*';
  if (signing === OpenSearchSigning.SERVERLESS) {
    return [
      { actions: ['aoss:APIAccessAll'], resources: [resourceArn ?? arn('aoss', region, account, 'collection/*')] },
    ];
  }
  const domain = resourceArn ?? arn('es', region, account, 'domain/*');
  return [
    { actions: ['es:ESHttpPost'], resources: [`${domain}/*`] },
    ...(setup === true
      ? [
          { actions: ['es:ESHttpGet', 'es:ESHttpPut'], resources: [`${domain}/_index_template/*`] },
          { actions: ['es:ESHttpPut'], resources: [`${domain}/_plugins/_ism/policies/*`] },
        ]
      : []),
  ];
}
