import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '../../../../src/catalog/read-settings';
import { ConfigError } from '../../../../src/shipper/errors';
import { Labels, parseDownwardApi } from '../../../../src/shipper/labels/labels';
import { withNames } from '../../../../src/shipper/labels/names';

const directory = mkdtempSync(join(tmpdir(), 'labels-'));
const write = (name: string, text: string): string => {
  const path = join(directory, name);
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
  return path;
};
const settingsOf = (env: Record<string, string>) => readSettings({ LOGTAP_SINK: 'stdout', ...env });

test('a file of the Downward API is read as the kubelet writes it', () => {
  const text =
    'app="shop"\napp.kubernetes.io/name="a \\"b\\" \\\\ c"\nnote="two\\nlines\\tand \\u00e9 \\x41"\nempty=""\n';
  expect([...parseDownwardApi(text)]).toEqual([
    ['app', 'shop'],
    ['app.kubernetes.io/name', 'a "b" \\ c'],
    ['note', 'two\nlines\tand é A'],
    ['empty', ''],
  ]);
  expect([...parseDownwardApi('no pair\n="x"\na=b\n')]).toEqual([]);
});

test('labels are those of the names that are selected, and follow the file', () => {
  const podLabelsFile = write('labels', 'app="shop"\nteam="red"\nsecret="x"');
  const labels = new Labels({ podLabels: ['app', 'team', 'none'], podLabelsFile, staticFields: { tier: 'web' } });
  expect(labels.current).toEqual({ app: 'shop', team: 'red', tier: 'web' });
  expect(labels.current).toBe(labels.current);
  write('labels', 'app="shop-2"');
  expect(labels.current).toEqual({ app: 'shop-2', tier: 'web' });
});

test('a static field replaces a label of its name, and a long annotation is cut', () => {
  const podAnnotationsFile = write('annotations', `app="${'x'.repeat(3000)}"\ntier="x"`);
  const labels = new Labels({ podAnnotations: ['app', 'tier'], podAnnotationsFile, staticFields: { tier: 'web' } });
  expect(labels.current).toEqual({ app: 'x'.repeat(1024), tier: 'web' });
});

test('without selected names there are none, and no file is read', () => {
  expect(new Labels({ podLabelsFile: '/missing' }).current).toBeUndefined();
  expect(() => new Labels({ podLabelsFile: '/missing', podLabels: ['app'] })).toThrow(ConfigError);
});

describe('names', () => {
  const named = (env: Record<string, string>) => {
    const { settings, problems } = settingsOf(env);
    expect(problems).toEqual([]);
    return withNames(settings);
  };
  const files = {
    LOGTAP_POD_LABELS_FILE: write('names', 'app="Shop.A"\nempty=""'),
    LOGTAP_POD_ANNOTATIONS_FILE: write('notes', 'team="Ré d: *{x}\\n"'),
  };

  test('are filled from labels, annotations and static fields', () => {
    const settings = named({
      ...files,
      LOGTAP_STATIC_FIELDS: 'tier=Web Front',
      LOGTAP_CLOUDWATCH_LOG_GROUP: '/{label:app}/{annotation:team}',
      LOGTAP_CLOUDWATCH_LOG_STREAM: '{label:app}/{annotation:team}/{container}',
      LOGTAP_CLOUDWATCH_SERVICE: '{label:app} {annotation:team}',
      LOGTAP_OPENSEARCH_INDEX: '{label:app}-{field:tier}-{yyyy.MM}',
    });
    expect(settings).toMatchObject({
      cloudwatchLogGroup: '/Shop.A/R--d----x--',
      cloudwatchLogStream: 'Shop.A/Ré d- --x--/{container}',
      cloudwatchService: 'Shop.A R- d: *-x--',
      opensearchIndex: 'shop.a-web-front-{yyyy.MM}',
    });
  });

  test('have the namespace of the pod; log streams and keys of S3 fill it themselves', () => {
    const settings = named({
      POD_NAMESPACE: 'shop-1',
      LOGTAP_CLOUDWATCH_LOG_GROUP: '/eks/{namespace}',
      LOGTAP_CLOUDWATCH_LOG_STREAM: '{namespace}/{pod}',
      LOGTAP_CLOUDWATCH_ENVIRONMENT: 'eks:prod/{namespace}',
      LOGTAP_FIREHOSE_STREAM: '{namespace}',
      LOGTAP_S3_PREFIX: '{namespace}/',
      LOGTAP_OPENSEARCH_INDEX: '{namespace}-{yyyy.MM}',
    });
    expect(settings).toMatchObject({
      cloudwatchLogGroup: '/eks/shop-1',
      cloudwatchLogStream: '{namespace}/{pod}',
      cloudwatchEnvironment: 'eks:prod/shop-1',
      firehoseStream: 'shop-1',
      s3Prefix: '{namespace}/',
      opensearchIndex: 'shop-1-{yyyy.MM}',
    });
    const dataStream = { POD_NAMESPACE: 'shop', LOGTAP_OPENSEARCH_DATA_STREAM: 'logs-{namespace}' };
    expect(named(dataStream).opensearchDataStream).toBe('logs-shop');
  });

  test('need what they name', () => {
    const of = (index: string) => () => named({ ...files, LOGTAP_OPENSEARCH_INDEX: index });
    expect(of('{label:none}')).toThrow(/needs the label 'none', which .*names does not have/);
    expect(of('{label:empty}')).toThrow(ConfigError);
    expect(of('{namespace}')).toThrow(
      "LOGTAP_OPENSEARCH_INDEX={namespace} needs POD_NAMESPACE, which is not set. Set it from the pod's fields, or leave {namespace} out.",
    );
    expect(() => named({ LOGTAP_OPENSEARCH_INDEX: '{label:app}' })).toThrow(/Mount the Downward API/);
  });

  test('that the service would refuse are an error at start, with the filled name', () => {
    const filled = () => named({ LOGTAP_STATIC_FIELDS: 'tier=_Web', LOGTAP_OPENSEARCH_INDEX: '{field:tier}-x' });
    expect(filled).toThrow(ConfigError);
    expect(filled).toThrow(/^LOGTAP_OPENSEARCH_INDEX=\{field:tier\}-x becomes '_web-x', which must be lower case/);
  });

  test.each([
    [{ LOGTAP_CLOUDWATCH_LOG_GROUP: '/a/{container}' }, /must not have \{container\}.*perContainer\.NAME\.sink/],
    [{ LOGTAP_OPENSEARCH_INDEX: 'a-{container}' }, /must not have \{container\}.*LOGTAP_CONTAINER_SETTINGS/],
    [{ LOGTAP_OPENSEARCH_DATA_STREAM: 'a-{container}' }, /must not have \{container\}/],
    [{ LOGTAP_FIREHOSE_STREAM: '{pod}' }, /must not have \{pod\}, because each pod would have its own/],
    [{ LOGTAP_CLOUDWATCH_LOG_GROUP: '/{stream}' }, /must not have \{stream\}.*Leave it out/],
    [{ LOGTAP_CLOUDWATCH_SERVICE: '{pod}' }, /must not have \{pod\}/],
    [{ LOGTAP_CLOUDWATCH_SERVICE: '{app}' }, /must have nothing in braces but/],
    [{ LOGTAP_OPENSEARCH_DATA_STREAM: 'a-{yyyy}' }, /must have no date/],
    [{ LOGTAP_OPENSEARCH_DATA_STREAM: 'a-{field:team}' }, /\{field:...\} that LOGTAP_STATIC_FIELDS does not set/],
    [{ LOGTAP_FIREHOSE_STREAM: '{field:team}' }, /\{field:...\} that LOGTAP_STATIC_FIELDS does not set/],
    [{ LOGTAP_OPENSEARCH_INDEX: 'a-{field:team}' }, /\{field:...\} that LOGTAP_STATIC_FIELDS does not set/],
    [{ LOGTAP_OPENSEARCH_INDEX: 'a-{label:}' }, /LOGTAP_OPENSEARCH_INDEX/],
    [{ LOGTAP_OPENSEARCH_INDEX: 'a-{pod:x}' }, /in braces/],
    [{ LOGTAP_CLOUDWATCH_LOG_GROUP: '/{labels:x}' }, /in braces/],
    [{ LOGTAP_STATIC_FIELDS: 'a' }, /must be key=value/],
    [{ LOGTAP_STATIC_FIELDS: '__proto__=x' }, /must be key=value/],
    [{ LOGTAP_STATIC_FIELDS: Array.from({ length: 51 }, (_, i) => `a${i}=b`).join() }, /at most 50/],
    [{ LOGTAP_POD_LABELS: 'a b' }, /must be names/],
    [{ LOGTAP_TIME: 'text', LOGTAP_FIELDS: 'off' }, /has no effect/],
    [{ LOGTAP_TIME_ZONE: 'Europe/Berlin' }, /has no effect unless/],
    [{ LOGTAP_TIME: 'text', LOGTAP_TIME_ZONE: 'Mars/Base' }, /name of a time zone/],
  ])('%j is a problem', (env, text) => {
    const { problems } = settingsOf(env as Record<string, string>);
    expect(problems.map((problem) => problem.text).join('\n')).toMatch(text);
  });
});
