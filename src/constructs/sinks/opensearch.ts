/** Settings of the OpenSearch sink, and the rules of its names. */
import { AWS_REGION, OPENSEARCH_INDEX } from '../../catalog/service-names.js';
import { must, mustBeNamed, mustBeUrl } from '../must.js';
import type { SecretKey, SinkConfig, SinkIamStatement } from '../sink-config.js';
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
  /** URL of the cluster, http or https, without credentials. */
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
  check(props);
  const { url, index, dataStream, schema, setup, retentionDays, signing, region, gzip, username } = props;
  const { passwordSecret, caSecret, clientCertificateSecret, clientKeySecret } = props;
  const file = (setting: string, secret: SecretKey | undefined) =>
    secret === undefined ? [] : [{ setting, secretName: secret.name, key: secret.key }];
  return {
    name: 'opensearch',
    settings: {
      LOGTAP_OPENSEARCH_URL: url,
      ...(index !== undefined && { LOGTAP_OPENSEARCH_INDEX: index }),
      ...(dataStream !== undefined && { LOGTAP_OPENSEARCH_DATA_STREAM: dataStream }),
      ...(schema !== undefined && { LOGTAP_OPENSEARCH_SCHEMA: schema }),
      ...(setup !== undefined && { LOGTAP_OPENSEARCH_SETUP: String(setup) }),
      ...(retentionDays !== undefined && { LOGTAP_OPENSEARCH_RETENTION_DAYS: String(retentionDays) }),
      ...(signing !== undefined && { LOGTAP_OPENSEARCH_SIGV4: signing }),
      ...(region !== undefined && { AWS_REGION: region }),
      ...(gzip !== undefined && { LOGTAP_OPENSEARCH_GZIP: String(gzip) }),
      ...(username !== undefined && { LOGTAP_OPENSEARCH_USERNAME: username }),
    },
    secretFiles: [
      ...file('LOGTAP_OPENSEARCH_PASSWORD_FILE', passwordSecret),
      ...file('LOGTAP_OPENSEARCH_CA_FILE', caSecret),
      ...file('LOGTAP_OPENSEARCH_CERT_FILE', clientCertificateSecret),
      ...file('LOGTAP_OPENSEARCH_KEY_FILE', clientKeySecret),
    ],
    iam: statements(props),
    egress: [egressTo(url)],
  };
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

/** What the shipper would refuse when it starts is refused here. */
function check(props: OpenSearchSinkProps): void {
  const { url, index, dataStream, setup, retentionDays, signing, region, username, passwordSecret } = props;
  const { resourceArn, clientCertificateSecret, clientKeySecret } = props;
  mustBeUrl('url', url);
  if (index !== undefined) mustBeNamed('index', index, OPENSEARCH_INDEX);
  if (region !== undefined) mustBeNamed('region', region, AWS_REGION);
  if (dataStream !== undefined) {
    mustBeNamed('dataStream', dataStream, OPENSEARCH_INDEX);
    must(!dataStream.includes('{'), 'dataStream', dataStream, 'have no date: it rolls over by itself');
    must(index === undefined, 'index', index, "not come with a data stream: give 'index' or 'dataStream'");
  }
  must(
    retentionDays === undefined || (Number.isInteger(retentionDays) && retentionDays > 0 && retentionDays <= 36_500),
    'retentionDays',
    retentionDays,
    'be a whole number of days from 1 to 36500',
  );
  must(
    retentionDays === undefined || setup === true,
    'retentionDays',
    retentionDays,
    "come with 'setup: true', which makes the policy",
  );
  must(
    signing === undefined || region !== undefined,
    'signing',
    signing,
    "come with the region to sign for: give 'region'",
  );
  must(
    signing === undefined || username === undefined,
    'signing',
    signing,
    "not come with basic authentication: give 'signing' or 'username'",
  );
  must(
    resourceArn === undefined || signing !== undefined,
    'resourceArn',
    resourceArn,
    "come with 'signing', without which AWS asks for no rights",
  );
  must(
    (clientCertificateSecret === undefined) === (clientKeySecret === undefined),
    clientKeySecret === undefined ? 'clientCertificateSecret' : 'clientKeySecret',
    clientKeySecret ?? clientCertificateSecret,
    "come with its counterpart: give both 'clientCertificateSecret' and 'clientKeySecret', or neither",
  );
  must(
    (username === undefined) === (passwordSecret === undefined),
    username === undefined ? 'passwordSecret' : 'username',
    username ?? passwordSecret,
    "come with its counterpart: give both 'username' and 'passwordSecret', or neither",
  );
}
