/** Settings of the OpenSearch sink, and the rules of its names. */
import { AWS_REGION, OPENSEARCH_INDEX } from '../../service-names.js';
import { must, mustBeNamed, mustBeUrl } from '../must.js';
import type { SinkConfig } from '../sink-config.js';

/** A key of a Secret in the namespace of the workload. */
export interface SecretKey {
  /** Name of the Secret. */
  readonly name: string;

  /** Key in the Secret. */
  readonly key: string;
}

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
  const { passwordSecret, caSecret } = props;
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
    ],
  };
}

/** What the shipper would refuse when it starts is refused here. */
function check(props: OpenSearchSinkProps): void {
  const { url, index, dataStream, setup, retentionDays, signing, region, username, passwordSecret } = props;
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
    (username === undefined) === (passwordSecret === undefined),
    username === undefined ? 'passwordSecret' : 'username',
    username ?? passwordSecret,
    "come with its counterpart: give both 'username' and 'passwordSecret', or neither",
  );
}
