/** Bad properties are refused at construction, with value, rule and remedy; good ones at their bounds are not. */
import {
  type CloudWatchSinkProps,
  LogTap,
  type LogTapProps,
  OpenSearchSigning,
  type OpenSearchSinkProps,
  Sink,
  TapStreams,
} from '../../../src/constructs/index.js';

/** As AWS CDK writes a value that it fills in when it deploys. */
const token = `\${Token[TOKEN.${12}]}`;

describe('Sink.cloudWatch', () => {
  const good: CloudWatchSinkProps = { logGroup: '/shop/orders', region: 'eu-central-1' };

  test('becomes the settings for its properties, and no others', () => {
    expect(Sink.cloudWatch(good).bind()).toMatchObject({
      name: 'cloudwatch',
      settings: { AWS_REGION: 'eu-central-1', LOGTAP_CLOUDWATCH_LOG_GROUP: '/shop/orders' },
      secretFiles: [],
    });
    const all = { ...good, logStream: '$(POD_NAME)', createLogGroup: true, endpoint: 'http://127.0.0.1:5000' };
    expect(Sink.cloudWatch(all).bind().settings).toEqual({
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: 'http://127.0.0.1:5000',
      AWS_REGION: 'eu-central-1',
      LOGTAP_CLOUDWATCH_CREATE_GROUP: 'true',
      LOGTAP_CLOUDWATCH_LOG_GROUP: '/shop/orders',
      LOGTAP_CLOUDWATCH_LOG_STREAM: '$(POD_NAME)',
    });
  });

  test.each(['a', 'A-z_0/9.#', '/aws/eks/x', 'x'.repeat(512), token])('log group %.20s', (logGroup) => {
    expect(Sink.cloudWatch({ ...good, logGroup }).bind().settings.LOGTAP_CLOUDWATCH_LOG_GROUP).toBe(logGroup);
  });

  test.each(['eu-central-1', 'us-gov-west-1', 'ap-southeast-5', 'us-isob-east-1', 'eusc-de-east-1', token])(
    'region %s',
    (region) => {
      expect(Sink.cloudWatch({ ...good, region }).bind().settings.AWS_REGION).toBe(region);
    },
  );

  test.each([
    ['an empty log group', { logGroup: '' }, /'logGroup' \(""\) must be 1 to 512 .*rename/],
    ['a long log group', { logGroup: 'x'.repeat(513) }, /'logGroup'.*1 to 512/],
    ['a log group with a space', { logGroup: 'my logs' }, /'logGroup' \("my logs"\)/],
    ['a log group of AWS', { logGroup: 'aws/x' }, /'logGroup' \("aws\/x"\).*not start with aws\//],
    ['a display name as region', { region: 'Frankfurt' }, /'region' \("Frankfurt"\).*eu-central-1/],
    ['a zone as region', { region: 'eu-central-1a' }, /'region' \("eu-central-1a"\)/],
    ['a log stream with a colon', { logStream: 'a:b' }, /'logStream' \("a:b"\).*without ':' and '\*'/],
    ['an empty log stream', { logStream: '' }, /'logStream'/],
    ['a retention that there is not', { retentionDays: 31 }, /'retentionDays' \(31\) must be one of 1, 3, .*3653/],
    ['an environment without a service', { environment: 'prod' }, /'environment' \("prod"\).*'service'/],
    [
      'an endpoint without scheme',
      { endpoint: 'logs.local:443' },
      /'endpoint' \("logs.local:443"\) must start with http:\/\/ or https:\/\//,
    ],
  ])('refuses %s', (_what, bad, says) => {
    expect(() => Sink.cloudWatch({ ...good, ...bad })).toThrow(says);
  });
});

describe('Sink.openSearch', () => {
  const good: OpenSearchSinkProps = { url: 'https://os.example:9200' };
  const passwordSecret = { name: 'opensearch', key: 'password' };

  test('becomes settings; the password is a file', () => {
    expect(
      Sink.openSearch({ ...good, index: 'logs-{yyyy.MM.dd}', username: 'u', passwordSecret }).bind(),
    ).toMatchObject({
      name: 'opensearch',
      settings: {
        LOGTAP_OPENSEARCH_INDEX: 'logs-{yyyy.MM.dd}',
        LOGTAP_OPENSEARCH_URL: 'https://os.example:9200',
        LOGTAP_OPENSEARCH_USERNAME: 'u',
      },
      secretFiles: [{ setting: 'LOGTAP_OPENSEARCH_PASSWORD_FILE', secretName: 'opensearch', key: 'password' }],
    });
  });

  test('a URL with a token of AWS CDK', () => {
    expect(Sink.openSearch({ url: token }).bind().settings.LOGTAP_OPENSEARCH_URL).toBe(token);
  });

  test.each(['a', 'logs-app_1.x', '{yyyy.MM.dd}-logs', 'logs-{yyyyMMdd_HH}', 'x'.repeat(255)])(
    'index %.20s',
    (index) => {
      expect(Sink.openSearch({ ...good, index }).bind().settings.LOGTAP_OPENSEARCH_INDEX).toBe(index);
    },
  );

  test.each([
    ['a URL of another kind', { url: 'ftp://x' }, /'url' \("ftp:\/\/x"\) must start with http:\/\/ or https:\/\//],
    ['no URL', { url: 'localhost' }, /'url' \("localhost"\)/],
    ['a URL with a query', { url: 'https://x/?a=1' }, /'url'.*must end with its path/],
    ['an upper case index', { index: 'Logs' }, /'index' \("Logs"\).*lower case/],
    ['an index with a hidden start', { index: '_logs' }, /'index' \("_logs"\).*not start with/],
    ['an index with a wildcard', { index: 'logs-*' }, /'index'/],
    ['an open brace', { index: 'logs-{yyyy' }, /'index'/],
    ['an unknown date pattern', { index: 'logs-{week}' }, /'index' \("logs-{week}"\).*yyyy MM dd HH/],
    ['the index ..', { index: '..' }, /'index'/],
    ['a long index', { index: 'x'.repeat(256) }, /'index'.*255 bytes/],
    ['a data stream with a date', { dataStream: 'logs-{yyyy}' }, /'dataStream'.*no date/],
    [
      'a data stream and an index',
      { dataStream: 'a', index: 'b' },
      /'dataStream' \("a"\) and 'index' \("b"\) exclude each other/,
    ],
    ['a retention without a policy', { retentionDays: 7 }, /'retentionDays' \(7\).*setup/],
    ['no days', { retentionDays: 0, setup: true }, /'retentionDays' \(0\).*from 1/],
    ['a signature for no region', { signing: OpenSearchSigning.DOMAIN }, /'signing' \("es"\) needs 'region'/],
    [
      'a signature and a password',
      { signing: OpenSearchSigning.DOMAIN, region: 'eu-west-1', username: 'u', passwordSecret },
      /'signing' \("es"\) and 'username' \("u"\) exclude each other/,
    ],
    ['a user without password', { username: 'u' }, /'username' \("u"\).*both/],
    ['a password without user', { passwordSecret }, /'passwordSecret'.*both/],
  ])('refuses %s', (_what, bad, says) => {
    expect(() => Sink.openSearch({ ...good, ...bad })).toThrow(says);
  });

  test('refuses credentials in the URL and does not repeat them', () => {
    const make = () => Sink.openSearch({ url: 'https://user:hunter2@os:9200' });
    expect(make).toThrow(/'url' \("https:\/\/\*\*\*@os:9200"\) must not contain credentials/);
    expect(make).not.toThrow(/hunter2/);
  });
});

describe('LogTapProps', () => {
  const sink = Sink.stdout();

  test.each([
    ['a relative file', { file: 'logs/app.log' }, /'file' \("logs\/app.log"\) must be absolute paths/],
    ['a directory', { file: '/var/log/' }, /'file' \("\/var\/log\/"\).*name the file/],
    ['several files, one relative', { file: '/a:b' }, /'file' \("\/a:b"\) must be absolute paths.*start each/],
    ['a list with a hole', { file: '/a::/b' }, /'file' \("\/a::\/b"\) must be absolute paths/],
    ['a file with a line end', { file: '/a\nb' }, /not contain line ends/],
    [
      'a stream that there is not',
      { streams: 'stdin' as TapStreams },
      /'streams' \("stdin"\) must be one of none, stdout, stderr, both/,
    ],
    ['an empty list of containers', { containers: [] }, /'containers' \(\[\]\).*leave it out/],
    ['an image with a space', { shipper: { image: 'my image' } }, /'shipper.image' \("my image"\)/],
    ['no time to drain', { shipper: { drainSeconds: 0 } }, /'shipper.drainSeconds' \(0\).*1 or more/],
    ['part of a second', { shipper: { drainSeconds: 1.5 } }, /'shipper.drainSeconds' \(1.5\)/],
  ] satisfies [string, Partial<LogTapProps>, RegExp][])('refuses %s', (_what, bad, says) => {
    expect(() => new LogTap({ sink, ...bad })).toThrow(says);
  });

  test('a file alone is enough', () => {
    expect(() => new LogTap({ sink, streams: TapStreams.NONE, file: '/a.log', suppressFile: true })).not.toThrow();
    expect(() => new LogTap({ sink, file: '/a.log:/logs/**/*.log' })).not.toThrow();
  });
});
