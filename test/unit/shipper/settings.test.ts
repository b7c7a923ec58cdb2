import { join } from 'node:path';
import { ROWS } from '../../../src/catalog/settings.js';
import { ConfigError } from '../../../src/shipper/errors.js';
import { type Environment, parseSettings, type Settings } from '../../../src/shipper/settings.js';

const parse = (env: Environment): Settings => parseSettings(env, () => {});

function problems(env: Environment): readonly string[] {
  try {
    parse(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const OPENSEARCH = { LOGTAP_SINK: 'opensearch', LOGTAP_OPENSEARCH_URL: 'https://search:9200' };
const CLOUDWATCH = { LOGTAP_SINK: 'cloudwatch', LOGTAP_CLOUDWATCH_LOG_GROUP: '/my/app', AWS_REGION: 'eu-central-1' };

describe('parseSettings', () => {
  test('needs nothing: everything that is not about one sink has a default', () => {
    expect(parse({})).toMatchObject({
      socket: '/.logtap/run/logtap.sock',
      sinks: ['stdout'],
      lineMaxBytes: 1_000_000,
      lineIdleMs: 1000,
      lineAgeSeconds: 5,
      graceSeconds: 25,
      statusPort: 9598,
      opensearchIndex: 'logtap-{yyyy.MM.dd}',
      cloudwatchCreateGroup: true,
      memoryMaxBytes: undefined,
    });
  });

  test('takes an empty variable for an absent one', () => {
    expect(parse({ LOGTAP_SINK: '', LOGTAP_FILE_PATH: '' })).toMatchObject({ sinks: ['stdout'], filePath: undefined });
  });

  test('takes several sinks', () => {
    expect(parse({ ...OPENSEARCH, ...CLOUDWATCH, LOGTAP_SINK: 'opensearch, cloudwatch,stdout' }).sinks).toEqual([
      'opensearch',
      'cloudwatch',
      'stdout',
    ]);
  });

  test('reports all problems at once, each with name and value', () => {
    const found = problems({
      LOGTAP_SINK: 'opensearch,file',
      LOGTAP_SOCKET: 'relative.sock',
      LOGTAP_OPENSEARCH_INDEX: 'Upper',
      LOGTAP_GRACE_SECONDS: '5m',
      LOGTAP_STATUS_PORT: '65536',
      LOGTAP_LINE_MAXBYTES: '5',
    });
    expect(found).toEqual([
      expect.stringMatching(/^LOGTAP_LINE_MAXBYTES .*Did you mean LOGTAP_LINE_MAX_BYTES\?$/),
      expect.stringContaining("LOGTAP_SOCKET='relative.sock'"),
      expect.stringContaining("LOGTAP_OPENSEARCH_INDEX='Upper'"),
      expect.stringContaining("LOGTAP_GRACE_SECONDS='5m'"),
      expect.stringContaining("LOGTAP_STATUS_PORT='65536'"),
      expect.stringContaining('LOGTAP_FILE_PATH is not set'),
      expect.stringContaining('LOGTAP_OPENSEARCH_URL is not set'),
    ]);
  });

  test.each([
    ['LOGTAP_SINK', 'kafka'],
    ['LOGTAP_SINK', 'stdout,'],
    ['LOGTAP_SINK', 'file,file'],
    ['LOGTAP_SOCKET', `/${'s'.repeat(107)}`],
    ['LOGTAP_GRACE_SECONDS', '-1'],
    ['LOGTAP_GRACE_SECONDS', '1.5'],
    ['LOGTAP_GRACE_SECONDS', '1e3'],
    ['LOGTAP_STATUS_PORT', '0'],
    ['LOGTAP_CLOUDWATCH_CREATE_GROUP', 'yes'],
    ['LOGTAP_CLOUDWATCH_LOG_GROUP', 'aws/mine'],
    ['LOGTAP_CLOUDWATCH_LOG_GROUP', 'with space'],
    ['LOGTAP_CLOUDWATCH_LOG_GROUP', 'x'.repeat(513)],
    ['LOGTAP_CLOUDWATCH_LOG_STREAM', 'a:b'],
    ['LOGTAP_CLOUDWATCH_LOG_STREAM', 'x'.repeat(513)],
    ['AWS_REGION', 'Frankfurt'],
    ['AWS_REGION', 'eu-central-1a'],
    ['AWS_DEFAULT_REGION', 'nowhere'],
    ['AWS_ENDPOINT_URL', 'logs.example'],
    ['LOGTAP_OPENSEARCH_URL', 'localhost:9200'],
    ['LOGTAP_OPENSEARCH_URL', 'ftp://x'],
    ['LOGTAP_OPENSEARCH_URL', 'https://x/?a=b'],
    ['LOGTAP_OPENSEARCH_INDEX', '_logs'],
    ['LOGTAP_OPENSEARCH_INDEX', 'a,b'],
    ['LOGTAP_OPENSEARCH_INDEX', 'logs-{YYYY}'],
    ['LOGTAP_OPENSEARCH_INDEX', 'logs-{yyyy'],
    ['LOGTAP_OPENSEARCH_INDEX', 'x'.repeat(256)],
    ['LOGTAP_OPENSEARCH_INDEX', '..'],
    ['LOGTAP_OPENSEARCH_URL', 'https://a,http://b'],
    ['LOGTAP_OPENSEARCH_URL', 'https://a,,https://b'],
    ['LOGTAP_OPENSEARCH_DATA_STREAM', 'logs-{yyyy}'],
    ['LOGTAP_OPENSEARCH_DATA_STREAM', 'Logs'],
    ['LOGTAP_OPENSEARCH_SCHEMA', 'ss4o'],
    ['LOGTAP_OPENSEARCH_SIGV4', 'opensearch'],
    ['LOGTAP_OPENSEARCH_GZIP', 'yes'],
    ['LOGTAP_CLOUDWATCH_TAGS', '=a=b'],
    ['LOGTAP_CLOUDWATCH_TAGS', 'a=b,aws:c=d'],
    ['LOGTAP_SINK', 'module:'],
    ['HTTPS_PROXY', 'socks5://proxy:1080'],
    ['http_proxy', 'http://proxy:3128/path'],
    ['HTTP_PROXY', 'http://proxy:port'],
    ['NO_PROXY', '10.0.0.0/40'],
    ['AWS_USE_FIPS_ENDPOINT', 'yes'],
    ['AWS_USE_DUALSTACK_ENDPOINT', '1'],
    ['AWS_CA_BUNDLE', 'ca.pem'],
    ['LOGTAP_SINK', 'constructor'],
    ...['collector', 'collector:0', 'collector:65536', 'udp://collector:1', 'a@b:1', 'fd00::1:1', 'a:1/b', ':1'].map(
      (address): [string, string] => ['LOGTAP_TCP_ADDRESS', address],
    ),
  ])('refuses %s=%s and says so once', (name, value) => {
    expect(problems({ [name]: value })).toEqual([expect.stringContaining(`${name}='${value}': `)]);
  });

  test.each([
    ['LOGTAP_SOCKET', `/${'s'.repeat(106)}`, 'socket'],
    ['LOGTAP_CLOUDWATCH_LOG_GROUP', `/${'x'.repeat(511)}`, 'cloudwatchLogGroup'],
    ['LOGTAP_OPENSEARCH_INDEX', 'a'.repeat(255), 'opensearchIndex'],
    ['AWS_REGION', 'us-gov-west-1', 'awsRegion'],
    ['AWS_DEFAULT_REGION', 'eusc-de-east-1', 'awsRegion'],
  ] as const)('accepts %s=%s', (name, value, key) => {
    expect(parse({ [name]: value })[key]).toBe(value);
  });

  test.each([
    [{ LOGTAP_SINK: 'cloudwatch', AWS_REGION: 'eu-central-1', LOGTAP_CLOUDWATCH_LOG_GROUP: 'bad group!' }],
    [{ LOGTAP_SINK: 'cloudwatch', AWS_DEFAULT_REGION: 'Frankfurt', LOGTAP_CLOUDWATCH_LOG_GROUP: '/g' }],
    [{ LOGTAP_SINK: 'opensearch', LOGTAP_OPENSEARCH_URL: 'localhost:9200' }],
    [{ LOGTAP_OPENSEARCH_CERT_FILE: 'relative', LOGTAP_OPENSEARCH_KEY_FILE: '/key' }],
  ])('what is invalid is not said to be missing as well: %j', (env) => {
    expect(problems(env)).toHaveLength(1);
  });

  test.each(['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT'])(
    '%s and an endpoint exclude each other',
    (name) => {
      const env = {
        LOGTAP_SINK: 'cloudwatch',
        LOGTAP_CLOUDWATCH_LOG_GROUP: '/g',
        AWS_REGION: 'eu-west-1',
        [name]: 'true',
      };
      expect(problems({ ...env, AWS_ENDPOINT_URL: 'https://vpce.example' })).toEqual([
        expect.stringContaining(`${name}=true and AWS_ENDPOINT_URL_CLOUDWATCH_LOGS exclude each other`),
      ]);
      expect(parseSettings(env, () => {})).toMatchObject({ sinks: ['cloudwatch'] });
    },
  );

  test.each([
    ['proxy:3128', 'http://proxy:3128/'],
    ['http://proxy', 'http://proxy/'],
    ['https://user:p%40ss@proxy:8443', 'https://user:p%40ss@proxy:8443/'],
    ['http://[fd00::1]:3128', 'http://[fd00::1]:3128/'],
  ])('a proxy: %s', (value, href) => {
    expect(parseSettings({ https_proxy: value }, () => {}).httpsProxy?.href).toBe(href);
  });

  test.each([
    [{ HTTPS_PROXY: 'http://upper', https_proxy: 'http://lower' }, 'http://upper/'],
    [{ HTTPS_PROXY: '', https_proxy: 'http://lower' }, 'http://lower/'],
    [{ HTTP_PROXY: 'http://other' }, undefined],
  ])('%j: upper case decides unless it is empty, and no scheme has the proxy of another', (env, href) => {
    expect(parseSettings(env, () => {}).httpsProxy?.href).toBe(href);
  });

  test.each([
    'socks5://user:s3cret@proxy:1080',
    'http://user:pa/s3cret@proxy:3128',
    'http://user:s3cret@x@proxy:port',
    'http://user:s3cret@proxy:3128/path',
    'user:pa/s3cret@proxy:port',
    'http://s3cret@proxy:port',
  ])('a proxy that is refused, %s, shows no password', (value) => {
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']) {
      const [problem] = problems({ [name]: value });
      expect(problem).toContain(name);
      expect(problem).not.toContain('s3cret');
    }
  });

  test.each(['ALL_PROXY', 'all_proxy', 'SSL_CERT_FILE', 'SSL_CERT_DIR'])('%s is reported to have no effect', (name) => {
    const notices: string[] = [];
    parseSettings({ [name]: '/x' }, (notice) => notices.push(notice));
    expect(notices).toEqual([expect.stringContaining(`${name} has no effect`)]);
  });

  const AWS = { LOGTAP_SINK: 'cloudwatch', LOGTAP_CLOUDWATCH_LOG_GROUP: '/g', AWS_REGION: 'eu-west-1' };
  const SIGNED = { ...OPENSEARCH, LOGTAP_OPENSEARCH_SIGV4: 'es', AWS_REGION: 'eu-west-1' };
  const OTLP = { LOGTAP_SINK: 'otlp', LOGTAP_OTLP_URL: 'https://logs-fips.us-east-1.amazonaws.com' };
  const FORWARD = { LOGTAP_SINK: 'forward,tcp', LOGTAP_FORWARD_ADDRESS: 'a:1', LOGTAP_TCP_ADDRESS: 'b:2' };
  const noticesOf = (env: Environment) => {
    const notices: string[] = [];
    parseSettings(env, (notice) => notices.push(notice));
    return notices;
  };

  test.each<[Environment, string, string]>([
    [AWS, 'AWS_STS_REGIONAL_ENDPOINTS', 'legacy'],
    [AWS, 'AWS_MAX_ATTEMPTS', '3'],
    [AWS, 'AWS_RETRY_MODE', 'adaptive'],
    [AWS, 'AWS_DEFAULTS_MODE', 'legacy'],
    [AWS, 'AWS_METADATA_SERVICE_TIMEOUT', '5'],
    [AWS, 'AWS_DISABLE_REQUEST_COMPRESSION', 'true'],
    [AWS, 'AWS_SDK_UA_APP_ID', 'shop'],
    [AWS, 'AWS_PROFILE', 'shop'],
    [SIGNED, 'AWS_CONFIG_FILE', '/x'],
    [SIGNED, 'AWS_USE_FIPS_ENDPOINT', 'TRUE'],
    [SIGNED, 'AWS_USE_DUALSTACK_ENDPOINT', 'true'],
    [OTLP, 'OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector:4318'],
  ])('%j: %s=%s is reported at start', (env, name, value) => {
    expect(noticesOf({ ...env, [name]: value })).toEqual([expect.stringContaining(name)]);
  });

  const FIREHOSE = { LOGTAP_SINK: 'firehose', LOGTAP_FIREHOSE_STREAM: 'app', AWS_REGION: 'eu-west-1' };
  const S3 = { LOGTAP_SINK: 's3', LOGTAP_S3_BUCKET: 'abc', LOGTAP_SPOOL_DIR: '/spool', AWS_REGION: 'eu-west-1' };
  test.each([
    [AWS, 'CLOUDWATCH_LOGS', 'cloudwatchEndpoint'],
    [FIREHOSE, 'FIREHOSE', 'firehoseEndpoint'],
    [S3, 'S3', 's3Endpoint'],
  ] as const)(
    '%j: its own endpoint, then that of all services, unless both are to be ignored',
    (sink, service, key) => {
      const all = { ...sink, AWS_ENDPOINT_URL: 'http://all' };
      const own = { ...all, [`AWS_ENDPOINT_URL_${service}`]: 'http://own' };
      const endpoint = (env: Environment) => parse(env)[key]?.host;
      expect([endpoint(sink), endpoint(all), endpoint(own)]).toEqual([undefined, 'all', 'own']);
      const ignored = { ...own, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' };
      expect(endpoint(ignored)).toBeUndefined();
      expect(noticesOf(ignored)).toEqual([
        'AWS_ENDPOINT_URL is ignored, as AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true: remove one of them',
        expect.stringMatching(`^AWS_ENDPOINT_URL_${service} is ignored`),
      ]);
      expect(endpoint({ ...own, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'false' })).toBe('own');
      // A switch and an endpoint that is ignored do not exclude each other.
      expect(problems({ ...ignored, AWS_USE_FIPS_ENDPOINT: 'true' })).toEqual([]);
    },
  );

  test.each<[string, Environment]>([
    [
      'what the webhook of EKS sets',
      { ...AWS, AWS_STS_REGIONAL_ENDPOINTS: 'regional', AWS_DEFAULT_REGION: 'eu-west-1' },
    ],
    [
      'switches that choose the endpoint',
      { ...AWS, AWS_USE_FIPS_ENDPOINT: 'true', AWS_USE_DUALSTACK_ENDPOINT: 'true' },
    ],
    [
      'a URL that is one of FIPS',
      { ...OTLP, LOGTAP_OTLP_SIGV4: 'logs', AWS_REGION: 'us-east-1', AWS_USE_FIPS_ENDPOINT: 'true' },
    ],
    ['variables of AWS without a sink of AWS', { ...OPENSEARCH, AWS_PROFILE: 'shop', AWS_MAX_ATTEMPTS: '3' }],
    ['proxies that are followed', { ...AWS, HTTPS_PROXY: 'http://p:1', NO_PROXY: 'a', AWS_CA_BUNDLE: '/ca.pem' }],
  ])('%s: nothing to report', (_what, env) => {
    expect(noticesOf(env)).toEqual([]);
  });

  test('a proxy has no effect on sinks that speak no HTTP, each of which is reported', () => {
    expect(noticesOf({ ...FORWARD, HTTPS_PROXY: 'http://p:1', HTTP_PROXY: 'http://p:1' })).toEqual([
      expect.stringContaining("HTTPS_PROXY has no effect on the sink 'forward'"),
      expect.stringContaining("HTTPS_PROXY has no effect on the sink 'tcp'"),
    ]);
  });

  test('never prints a password that a user put into a URL', () => {
    const [problem] = problems({ ...OPENSEARCH, LOGTAP_OPENSEARCH_URL: 'https://admin:s3cret@search:9200' });
    expect(problem).toContain('must not contain credentials');
    expect(problem).not.toContain('s3cret');
    const [of] = problems({ ...OPENSEARCH, LOGTAP_OPENSEARCH_URL: 'https://u:s3cret@a,https://v:s4cret@b' });
    expect(of).not.toMatch(/s[34]cret/);
  });

  test.each([
    [{ LOGTAP_OPENSEARCH_USERNAME: 'x' }, 'belong together'],
    [{ LOGTAP_OPENSEARCH_PASSWORD_FILE: '/x' }, 'belong together'],
    [{ LOGTAP_OPENSEARCH_CERT_FILE: '/x' }, 'belong together'],
    [{ LOGTAP_OPENSEARCH_SIGV4: 'es' }, 'needs AWS_REGION'],
    [{ LOGTAP_OPENSEARCH_DATA_STREAM: 'a', LOGTAP_OPENSEARCH_INDEX: 'b' }, 'exclude each other'],
    [{ LOGTAP_OPENSEARCH_RETENTION_DAYS: '7' }, 'LOGTAP_OPENSEARCH_SETUP is true'],
    [
      {
        LOGTAP_OPENSEARCH_SIGV4: 'es',
        AWS_REGION: 'eu-central-1',
        LOGTAP_OPENSEARCH_USERNAME: 'x',
        LOGTAP_OPENSEARCH_PASSWORD_FILE: '/x',
      },
      'exclude each other',
    ],
  ])('settings that do not go together: %j', (settings, problem) => {
    expect(problems({ ...OPENSEARCH, ...settings })).toEqual([expect.stringContaining(problem)]);
  });

  test('several nodes of one cluster', () => {
    const { opensearchUrls } = parse({ ...OPENSEARCH, LOGTAP_OPENSEARCH_URL: 'https://a:1, https://b:2/path' });
    expect(opensearchUrls?.map(({ href }) => href)).toEqual(['https://a:1/', 'https://b:2/path']);
  });

  test('prefers the specific name', () => {
    const both = { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'us-east-1' };
    expect(parse({ ...CLOUDWATCH, ...both }).awsRegion).toBe('eu-west-1');
    expect(
      parse({ AWS_ENDPOINT_URL: 'http://a:1', AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: 'http://b:2' }).cloudwatchEndpoint
        ?.host,
    ).toBe('b:2');
    expect(parse({ NAMESPACE: 'old', POD_NAMESPACE: 'new' }).podNamespace).toBe('new');
  });

  test('reads the names of the predecessor, with a notice', () => {
    const notices: string[] = [];
    const notice = (message: string) => notices.push(message);
    expect(parseSettings({ SINK_SOCKET_PATH: '/a', SOCKET_PATH: '/b' }, notice).socket).toBe('/a');
    expect(parseSettings({ SOCKET_PATH: '/b', NAMESPACE: 'n' }, notice).socket).toBe('/b');
    expect(parseSettings({ SINK_STDOUT: 'true' }, notice).sinks).toEqual(['stdout']);
    expect(notices).toEqual([
      expect.stringContaining('SINK_SOCKET_PATH'),
      expect.stringContaining('SOCKET_PATH'),
      expect.stringContaining('SINK_STDOUT'),
    ]);
    const fluent = parse({ SINK_FLUENT: 'fluent:24224', SINK_STDOUT: 'true' });
    expect(fluent).toMatchObject({
      sinks: ['tcp', 'stdout'],
      tcpAddress: { host: 'fluent', port: 24224, isTls: false },
    });
    expect(problems({ SINK_FLUENT: 'fluent' })).toEqual([
      "SINK_FLUENT='fluent': must be host:port or tls://host:port, with a port from 1 to 65535. Correct it.",
    ]);
    expect(problems({ SINK_FLUENT: 'fluent', LOGTAP_SINK: 'stdout' })).toEqual([]);
  });

  test.each([
    ['collector:5170', { host: 'collector', port: 5170, isTls: false }],
    ['tcp://10.0.0.1:1', { host: '10.0.0.1', port: 1, isTls: false }],
    ['tls://[fd00::1]:65535', { host: 'fd00::1', port: 65_535, isTls: true }],
  ])('the peer %s', (address, peer) => {
    expect(parse({ LOGTAP_TCP_ADDRESS: address }).tcpAddress).toEqual(peer);
  });

  test('a module is seen from the working directory', () => {
    expect(parse({ LOGTAP_SINK: 'stdout,module:./sink.mjs' }).sinks).toEqual([
      'stdout',
      `module:${join(process.cwd(), 'sink.mjs')}`,
    ]);
  });

  test.each([
    [{ LOGTAP_SINK: 'tcp' }, /LOGTAP_TCP_ADDRESS is not set/],
    [{ LOGTAP_SINK: 'forward' }, /LOGTAP_FORWARD_ADDRESS is not set/],
    [{ LOGTAP_TCP_ADDRESS: 'a:1', LOGTAP_TCP_CA_FILE: '/ca' }, /LOGTAP_TCP_CA_FILE has no effect without TLS/],
    [{ LOGTAP_FORWARD_ADDRESS: 'a:1', LOGTAP_FORWARD_CA_FILE: '/ca' }, /LOGTAP_FORWARD_CA_FILE has no effect/],
    [{ LOGTAP_FORWARD_PASSWORD_FILE: '/p' }, /LOGTAP_FORWARD_USERNAME and .* belong together/],
    [
      { LOGTAP_FORWARD_USERNAME: 'u', LOGTAP_FORWARD_PASSWORD_FILE: '/p' },
      /LOGTAP_FORWARD_USERNAME has no effect without LOGTAP_FORWARD_SHARED_KEY_FILE/,
    ],
  ])('%j does not go together', (env, says) => {
    expect(problems(env as Record<string, string>)).toEqual([expect.stringMatching(says)]);
  });

  test('leaves the variables alone that Kubernetes sets for a Service called logtap', () => {
    const links = {
      LOGTAP_SERVICE_HOST: '10.0.0.1',
      LOGTAP_SERVICE_PORT: '9598',
      LOGTAP_SERVICE_PORT_HTTP: '9598',
      LOGTAP_PORT: 'tcp://10.0.0.1:9598',
      LOGTAP_PORT_9598_TCP: 'tcp://10.0.0.1:9598',
      LOGTAP_PORT_9598_TCP_PROTO: 'tcp',
      LOGTAP_PORT_9598_TCP_PORT: '9598',
      LOGTAP_PORT_9598_TCP_ADDR: '10.0.0.1',
    };
    expect(problems(links)).toEqual([]);
  });

  test('a name like none of ours is not guessed at', () => {
    expect(problems({ LOGTAP_SOMETHING_COMPLETELY_DIFFERENT: '1' })).toEqual([
      'LOGTAP_SOMETHING_COMPLETELY_DIFFERENT is not a setting of the shipper. Remove it.',
    ]);
  });
});

describe('the catalogue', () => {
  const rows = ROWS.map(([, row]) => row);

  test('every name is there once, every default parses, every row says something', () => {
    const names = rows.flatMap((row) => [row.name, ...(row.aliases ?? [])]);
    const twice = names.filter((name, i) => names.indexOf(name) !== i);
    // One endpoint for all services of AWS.
    expect(new Set(twice)).toEqual(new Set(['AWS_ENDPOINT_URL']));
    for (const row of rows) {
      expect(row.help).toMatch(/\.$/);
      if (row.default !== undefined) expect(() => row.parse(row.default!)).not.toThrow();
    }
  });
});
