/** Properties of the sink that speaks the OpenTelemetry protocol, and its permissions. */
import { CLOUDWATCH_SETTINGS } from '../../catalog/sinks/cloudwatch.js';
import { OTLP_SETTINGS } from '../../catalog/sinks/otlp.js';
import { must } from '../props/must.js';
import { bind } from './bind.js';
import { accountOf, asRole } from './connection/assumed-role.js';
import { arn, egressTo } from './connection/endpoint.js';
import type { HttpsSinkProps } from './connection/https.js';
import type { SecretKey, SinkConfig, SinkIamStatement } from './sink-config.js';

/** An AWS service that takes the OpenTelemetry protocol in signed requests. */
export enum OtlpAwsService {
  /** Amazon CloudWatch Logs. */
  CLOUDWATCH_LOGS = 'logs',
  /** Amazon OpenSearch Ingestion. */
  OPENSEARCH_INGESTION = 'osis',
}

/** Properties of the OpenTelemetry protocol sink. */
export interface OtlpSinkProps extends HttpsSinkProps {
  /** URL of the endpoint, http or https, without credentials. Without a path, requests go to `/v1/logs`. */
  readonly url: string;

  /**
   * Headers of every request, such as `x-aws-log-group`. A manifest shows them: secret ones belong into `headersSecret`.
   *
   * @default - none
   */
  readonly headers?: { readonly [name: string]: string };

  /**
   * Secret with headers, `name=value`, one a line. It is mounted as a file only into the shipper, and no manifest contains it.
   *
   * @default - none
   */
  readonly headersSecret?: SecretKey;

  /**
   * AWS service that requests are signed for. Needs `region`.
   *
   * @default - requests are not signed
   */
  readonly awsService?: OtlpAwsService;
}

export function otlp(props: OtlpSinkProps): SinkConfig {
  const { url, headers, awsService, resourceArn } = props;
  const of = OTLP_SETTINGS;
  const pairs = headers && Object.entries(headers).map(([name, value]) => `${name}=${value}`);
  const bound = bind('otlp', [
    { property: 'url', setting: of.otlpUrl, value: url },
    { property: 'headers', setting: of.otlpHeaders, value: pairs?.join(',') },
    { property: 'headersSecret', setting: of.otlpHeadersFile, secret: props.headersSecret },
    { property: 'awsService', setting: of.otlpSigv4, value: awsService },
    { property: 'region', setting: CLOUDWATCH_SETTINGS.awsRegion, value: props.region },
    { property: 'roleArn', setting: of.otlpRoleArn, value: props.roleArn },
    { property: 'externalId', setting: of.otlpExternalId, value: props.externalId },
    { property: 'caSecret', setting: of.otlpCaFile, secret: props.caSecret },
    { property: 'clientCertificateSecret', setting: of.otlpCertFile, secret: props.clientCertificateSecret },
    { property: 'clientKeySecret', setting: of.otlpKeyFile, secret: props.clientKeySecret },
    { property: 'gzip', setting: of.otlpGzip, value: props.gzip },
  ]);
  must(
    resourceArn === undefined || awsService !== undefined,
    'resourceArn',
    resourceArn,
    "be set together with 'awsService', without which AWS checks no permissions: set 'awsService', or remove it",
  );
  return { ...bound, ...asRole(props, statements(props), [egressTo(url)]) };
}

function statements({ awsService, region = '*', resourceArn, roleArn }: OtlpSinkProps): SinkIamStatement[] {
  if (awsService === undefined) return [];
  const account = accountOf(roleArn) ?? '*';
  if (awsService === OtlpAwsService.OPENSEARCH_INGESTION)
    return [{ actions: ['osis:Ingest'], resources: [resourceArn ?? arn('osis', region, account, 'pipeline/*')] }];
  const group = resourceArn ?? arn('logs', region, account, 'log-group:*');
  return [{ actions: ['logs:PutLogEvents'], resources: [`${group}:log-stream:*`] }];
}
