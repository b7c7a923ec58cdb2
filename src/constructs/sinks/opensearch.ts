/** Properties of the OpenSearch sink, and the rights that it needs. */
import { CLOUDWATCH_SETTINGS } from '../../catalog/cloudwatch.js';
import { OPENSEARCH_SETTINGS } from '../../catalog/opensearch.js';
import { must } from '../must.js';
import type { SecretKey, SinkConfig, SinkIamStatement } from '../sink-config.js';
import { bind } from './bind.js';
import { arn, egressTo } from './endpoint.js';

/** Shape of a document in OpenSearch. */
export enum OpenSearchSchema {
  /** OpenTelemetry. */
  OTEL = 'otel',
  /** Elastic Common Schema. */
  ECS = 'ecs',
  /** The names of the sink `stdout`, with `@timestamp`. */
  FLAT = 'flat',
}

/** A service of AWS whose requests are signed. */
export enum OpenSearchSigning {
  /** A domain of Amazon OpenSearch Service. */
  DOMAIN = 'es',
  /** A collection of Amazon OpenSearch Serverless. */
  SERVERLESS = 'aoss',
}

/** Where in OpenSearch the records go. */
export interface OpenSearchSinkProps {
  /** URL of the cluster, http or https, without credentials; or those of several of its nodes, separated by commas. */
  readonly url: string;

  /**
   * Index: lower case, at most 255 bytes, without `\ / * ? " < > | , # :` and spaces, not starting with `- _ +`. Date patterns in
   * braces, such as `logs-{yyyy.MM.dd}`, are filled from the UTC time of each record: `yyyy`, `MM`, `dd`, `HH`.
   *
   * @default 'logtap-{yyyy.MM.dd}'
   */
  readonly index?: string;

  /**
   * Data stream, in the place of an index. A request that is repeated after a rollover stores its records twice; date
   * indices have no such gap.
   *
   * @default - an index is written to
   */
  readonly dataStream?: string;

  /**
   * Shape of the documents.
   *
   * @default OpenSearchSchema.OTEL
   */
  readonly schema?: OpenSearchSchema;

  /**
   * Whether the shipper makes the index template, with the mappings of the schema. Records wait until it is there.
   *
   * @default false
   */
  readonly setup?: boolean;

  /**
   * Days after which an index is deleted, by a policy of Index State Management. Needs `setup`.
   *
   * @default - for ever
   */
  readonly retentionDays?: number;

  /**
   * Signs requests for AWS. Needs `region`.
   *
   * @default - requests are not signed
   */
  readonly signing?: OpenSearchSigning;

  /**
   * AWS region of the domain or collection, such as `eu-central-1`.
   *
   * @default - none
   */
  readonly region?: string;

  /**
   * ARN of the domain or the collection, for the statements of `Sink.iam`. Needs `signing`.
   *
   * @default - every one of the region
   */
  readonly resourceArn?: string;

  /**
   * Where the certificate, in PEM, lies that the shipper shows to the cluster. Needs `clientKeySecret`.
   *
   * @default - no client certificate
   */
  readonly clientCertificateSecret?: SecretKey;

  /**
   * Where the key, in PEM, of that certificate lies.
   *
   * @default - no client certificate
   */
  readonly clientKeySecret?: SecretKey;

  /**
   * Where the certificates of the authorities to trust lie, in PEM. Mounted into the shipper alone.
   *
   * @default - those that Node trusts
   */
  readonly caSecret?: SecretKey;

  /**
   * Whether requests are compressed: less traffic for more CPU time.
   *
   * @default false
   */
  readonly gzip?: boolean;

  /**
   * User of basic authentication. Needs `passwordSecret`.
   *
   * @default - no basic authentication
   */
  readonly username?: string;

  /**
   * Where the password lies. It is mounted as a file into the shipper alone and appears in no manifest.
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
    "come with 'signing', without which AWS asks for no rights",
  );
  return { ...bound, iam: statements(props), egress: url.split(',').map((node) => egressTo(node.trim())) };
}

/** A collection knows one right for its whole API; its data access policy says the rest. */
function statements({ signing, region = '*', resourceArn, setup }: OpenSearchSinkProps): SinkIamStatement[] {
  if (signing === undefined) return [];
  if (signing === OpenSearchSigning.SERVERLESS) {
    return [{ actions: ['aoss:APIAccessAll'], resources: [resourceArn ?? arn('aoss', region, '*', 'collection/*')] }];
  }
  const domain = resourceArn ?? arn('es', region, '*', 'domain/*');
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
