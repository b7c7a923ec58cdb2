/** Variables that other programs read, and the shipper does not: each is reported at start, with its remedy. */
import type { Environment } from './read-settings.js';
import type { Settings } from './settings.js';

interface Unread {
  readonly names: readonly string[];
  /** Whether the value asks for something else than what happens. @default any value does */
  readonly differs?: (value: string) => boolean;
  /** Follows the name. */
  readonly why: string;
}

const OF_ANY: readonly Unread[] = [
  { names: ['ALL_PROXY', 'all_proxy'], why: 'has no effect: set HTTPS_PROXY and HTTP_PROXY' },
];

const AUTHORITIES: Unread = {
  names: ['SSL_CERT_FILE', 'SSL_CERT_DIR'],
  why: 'has no effect: Node reads NODE_EXTRA_CA_CERTS. LOGTAP_OPENSEARCH_CA_FILE, LOGTAP_OTLP_CA_FILE, LOGTAP_TCP_CA_FILE, LOGTAP_FORWARD_CA_FILE and AWS_CA_BUNDLE name the authorities of one service each.',
};

/** @see https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html */
const OF_AWS: readonly Unread[] = [
  {
    names: ['AWS_STS_REGIONAL_ENDPOINTS'],
    differs: (value) => value.toLowerCase() === 'legacy',
    why: '=legacy has no effect: roles are assumed at the endpoint of AWS_REGION',
  },
  {
    names: ['AWS_MAX_ATTEMPTS', 'AWS_RETRY_MODE', 'AWS_DEFAULTS_MODE'],
    why: 'has no effect on deliveries: the shipper retries until a record is delivered or rejected',
  },
  {
    names: ['AWS_METADATA_SERVICE_TIMEOUT', 'AWS_METADATA_SERVICE_NUM_ATTEMPTS'],
    why: 'has no effect: the shipper asks for credentials again with each attempt to deliver',
  },
  {
    names: ['AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES', 'AWS_DISABLE_REQUEST_COMPRESSION'],
    why: 'has no effect: LOGTAP_CLOUDWATCH_GZIP, LOGTAP_OPENSEARCH_GZIP and LOGTAP_OTLP_GZIP decide about compression',
  },
  { names: ['AWS_SDK_UA_APP_ID'], why: 'has no effect: requests with records name no application' },
  {
    names: ['AWS_PROFILE', 'AWS_CONFIG_FILE'],
    why: 'gives credentials only: the region, endpoints and certificates of a profile have no effect. Set AWS_REGION, AWS_ENDPOINT_URL and AWS_CA_BUNDLE.',
  },
];

/** Sinks that find the endpoint of the region themselves. */
const OWN_ENDPOINTS: readonly string[] = ['cloudwatch', 'firehose', 's3'];

type Known = Partial<Pick<Settings, 'sinks' | 'opensearchSigv4' | 'otlpSigv4' | 'opensearchUrls' | 'otlpUrl'>> &
  Partial<Pick<Settings, 'awsUseFips' | 'awsUseDualstack'>>;

/** What to report of an environment, whose settings may be incomplete. */
export function unreadVariables(env: Environment, settings: Known): string[] {
  const { sinks = [], opensearchSigv4, otlpSigv4 } = settings;
  const isOfAws =
    sinks.some((sink) => OWN_ENDPOINTS.includes(sink)) || opensearchSigv4 !== undefined || otlpSigv4 !== undefined;
  const hasNodeAuthorities = !/--use-openssl-ca/.test(env.NODE_OPTIONS ?? '');
  const rows = [...OF_ANY, ...(hasNodeAuthorities ? [AUTHORITIES] : []), ...(isOfAws ? OF_AWS : [])];
  return [
    ...rows.flatMap(({ names, differs = () => true, why }) =>
      names
        .filter((name) => env[name] && differs(env[name]))
        .map((name) => (why.startsWith('=') ? `${name}${why}` : `${name} ${why}`)),
    ),
    ...endpoints(settings),
    ...proxies(env, settings),
    ...(sinks.includes('otlp') ? exporters(env) : []),
  ];
}

/** Switches choose among AWS's own names; a URL is taken as it is. */
function endpoints(settings: Known): string[] {
  const { opensearchSigv4, otlpSigv4, opensearchUrls = [], otlpUrl, awsUseFips, awsUseDualstack } = settings;
  const signed: readonly (readonly [name: string, url: URL])[] = [
    ...(opensearchSigv4 === undefined ? [] : opensearchUrls.map((url) => ['LOGTAP_OPENSEARCH_URL', url] as const)),
    ...(otlpSigv4 === undefined || otlpUrl === undefined ? [] : [['LOGTAP_OTLP_URL', otlpUrl] as const]),
  ];
  const say = (switched: string, [name, url]: readonly [string, URL]) =>
    `${switched} does not change ${name}, whose host is ${url.hostname}: name the endpoint there`;
  return [
    ...(awsUseFips === true ? signed.filter(([, { hostname }]) => !hostname.includes('fips')) : []).map((each) =>
      say('AWS_USE_FIPS_ENDPOINT', each),
    ),
    ...(awsUseDualstack === true ? signed.filter(([, { hostname }]) => !/\.(api|on)\.aws$/.test(hostname)) : []).map(
      (each) => say('AWS_USE_DUALSTACK_ENDPOINT', each),
    ),
  ];
}

/** Of sinks that speak no HTTP. */
function proxies(env: Environment, { sinks = [] }: Known): string[] {
  const name = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].find((each) => env[each]);
  if (name === undefined) return [];
  const direct = sinks.filter((sink) => sink === 'tcp' || sink === 'forward');
  return direct.map(
    (sink) => `${name} has no effect on the sink '${sink}', which speaks no HTTP: its peer is asked directly`,
  );
}

/** Of OpenTelemetry's own exporters. */
const exporters = (env: Environment): string[] =>
  Object.keys(env)
    .filter((name) => /^OTEL_EXPORTER_OTLP_(LOGS_)?[A-Z_]+$/.test(name) && env[name])
    .sort()
    .map((name) => `${name} has no effect: the sink has settings of its own, LOGTAP_OTLP_URL and others`);
