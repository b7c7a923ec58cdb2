/** `perContainer.NAME.sink`: settings, permissions, connections and Secrets of a pod whose containers have sinks of their own. */
import { propsOf } from '../../../src/cli/config.js';
import { LogTap, type LogTapProps, Sink } from '../../../src/constructs/index.js';
import { inject } from '../../../src/constructs/injection/inject.js';
import { podTemplate } from '../../../src/constructs/injection/workload.js';
import { parseSettings } from '../../../src/shipper/settings.js';
import { container, deployment, variables } from '../../support/workloads.js';

const pod = (...names: string[]) => deployment({ containers: names.map((name) => ({ name, image: 'x:1' })) });
const password = (name: string) => ({ name, key: 'password' });
const search = Sink.openSearch({
  url: 'https://search.example:9200',
  index: 'all',
  username: 'writer',
  passwordSecret: password('search'),
});
const group = Sink.cloudWatch({ logGroup: '/audit', region: 'eu-central-1', account: '111122223333' });

/** The settings of the shipper, which it accepts, and the entries by container. */
function injected(props: LogTapProps, manifest = pod('web', 'audit')) {
  const object = LogTap.inject(manifest, { accept: ['LT029'], ...props });
  const env = variables(container(object, 'logtap')) as Record<string, string>;
  parseSettings(env, () => {});
  return { object, env, entries: JSON.parse(env.LOGTAP_CONTAINER_SETTINGS ?? '{}') };
}

test('another kind of sink: the pod keeps its own, and has the permissions and connections of both', () => {
  const props = { sink: search, perContainer: { audit: { sink: group } } };
  const { env, entries } = injected(props);
  expect(env).toMatchObject({ LOGTAP_SINK: 'opensearch', LOGTAP_OPENSEARCH_INDEX: 'all' });
  expect(env).not.toHaveProperty('AWS_REGION');
  expect(entries).toEqual({
    audit: { LOGTAP_SINK: 'cloudwatch', LOGTAP_CLOUDWATCH_LOG_GROUP: '/audit', AWS_REGION: 'eu-central-1' },
  });
  expect(new LogTap(props).iam).toEqual(group.iam);
});

test('the same kind with another index: only what differs, and the Secret of each is mounted', () => {
  const own = Sink.openSearch({
    url: 'https://search.example:9200',
    index: 'web',
    username: 'writer',
    passwordSecret: password('other'),
  });
  const { object, env, entries } = injected({ sink: search, perContainer: { web: { sink: own } } });
  expect(entries.web).toMatchObject({ LOGTAP_SINK: 'opensearch', LOGTAP_OPENSEARCH_INDEX: 'web' });
  expect(entries.web).not.toHaveProperty('LOGTAP_OPENSEARCH_URL');
  const setting = Object.keys(entries.web).find((name) => name.includes('PASSWORD'))!;
  expect(entries.web[setting].endsWith('/other/password')).toBe(true);
  expect(env[setting]).toBe(entries.web[setting].replace('/other/', '/search/'));
  const text = JSON.stringify(object);
  for (const name of ['search', 'other']) expect(text).toContain(`"path":"${name}/password"`);
});

const regional = { region: 'eu-central-1' };
test.each([
  ['cloudwatch', Sink.cloudWatch({ ...regional, logGroup: '/audit' })],
  ['firehose', Sink.firehose({ ...regional, deliveryStream: 'audit' })],
  ['s3', Sink.s3({ ...regional, bucket: 'audit' })],
])('%s as the sink of a container has its region', (name, sink) => {
  const { entries } = injected({ sink: search, shipper: { diskBufferMiB: 256 }, perContainer: { audit: { sink } } });
  expect(entries.audit).toMatchObject({ LOGTAP_SINK: name, AWS_REGION: 'eu-central-1' });
});

test('an archive of one container needs a disk buffer, as that of the pod does', () => {
  const archive = Sink.s3({ ...regional, bucket: 'audit' });
  expect(() => injected({ sink: search, perContainer: { audit: { sink: archive } } })).toThrow(
    "'shipper.diskBufferMiB' (undefined) must be set for a sink of S3",
  );
});

test('what the own sink does not have is removed', () => {
  const own = Sink.openSearch({ url: 'http://other:9200' });
  const { entries } = injected({ sink: search, perContainer: { web: { sink: own } } });
  expect(entries.web).toMatchObject({ LOGTAP_OPENSEARCH_URL: 'http://other:9200', LOGTAP_OPENSEARCH_INDEX: '' });
  expect(Object.entries(entries.web).filter(([, text]) => text === '').length).toBeGreaterThan(1);
});

test('several sinks of a container, also in a pod that has one of them', () => {
  const { entries } = injected({ sink: search, perContainer: { audit: { sink: Sink.all([search, Sink.stdout()]) } } });
  expect(entries).toEqual({ audit: { LOGTAP_SINK: 'opensearch,stdout' } });
});

test('a container that is not tapped has no entry, and a sink of its own hides nothing', () => {
  const props = { sink: search, perContainer: { audit: { sink: group } }, excludeContainers: ['audit'] };
  expect(injected(props, pod('web', 'audit')).entries).toEqual({});
});

describe('the expected bytes', () => {
  const NAME = 'LOGTAP_CLOUDWATCH_EXPECTED_BYTES_PER_DAY';
  const other = Sink.cloudWatch({ logGroup: '/web', region: 'eu-central-1' });
  const bill = { recordsPerDay: 1000, bytesPerRecord: 74 };

  test('of a container are compared with its own sink', () => {
    const perContainer = { web: { sink: other, bill: { ...bill, recordsPerDay: 10 } } };
    const { env, entries } = injected({ sink: group, bill, perContainer });
    expect(env).toMatchObject({ [NAME]: '100000' });
    expect(entries.web).toMatchObject({ [NAME]: '1000' });
  });

  test('of the pod are not those of a container without a bill', () => {
    const { entries } = injected({ sink: group, bill, perContainer: { web: { sink: other } } });
    expect(entries.web).toMatchObject({ [NAME]: '' });
  });

  test('make no sink of its own of one that a container shares', () => {
    const { entries } = injected({ sink: group, bill, perContainer: { web: { sink: group, bill } } });
    expect(entries).toEqual({ web: { LOGTAP_SINK: 'cloudwatch' } });
  });

  test('are refused with the place of a wrong number', () => {
    const perContainer = { web: { sink: other, bill: { recordsPerDay: 0 } } };
    expect(() => injected({ sink: group, perContainer })).toThrow(
      "'perContainer.web.bill.recordsPerDay' (0) must be a number above 0: correct it",
    );
  });
});

test('a logtap.yaml has the same', () => {
  const data = {
    sink: { openSearch: { url: 'http://search:9200' } },
    perContainer: { audit: { sink: { cloudWatch: { logGroup: '/audit', region: 'eu-central-1' } } } },
  };
  const env = variables(container(inject(pod('web', 'audit'), propsOf(data)), 'logtap')) as Record<string, string>;
  expect(JSON.parse(env.LOGTAP_CONTAINER_SETTINGS!)).toMatchObject({ audit: { LOGTAP_SINK: 'cloudwatch' } });
  const wrong = { ...data, perContainer: { audit: { sink: { cloudWach: {} } } } };
  expect(() => propsOf(wrong)).toThrow("'perContainer.audit.sink.cloudWach' is not a sink");
});

describe('the annotation CONTAINER.logtap.dev/sink', () => {
  const annotated = (value: string) => {
    const manifest = pod('web', 'audit');
    const template = podTemplate(manifest);
    template.metadata = { ...template.metadata, annotations: { 'audit.logtap.dev/sink': value } };
    return manifest;
  };
  const sink = Sink.all([search, group]);

  test('chooses among the sinks of the pod', () => {
    const { env, entries } = injected({ sink }, annotated('cloudwatch'));
    expect(env.LOGTAP_SINK).toBe('opensearch,cloudwatch');
    expect(entries).toEqual({ audit: { LOGTAP_SINK: 'cloudwatch' } });
  });

  test('replaces the property of the container', () => {
    const { entries } = injected(
      { sink, perContainer: { audit: { sink: Sink.stdout() } } },
      annotated('cloudwatch, opensearch'),
    );
    expect(entries).toEqual({ audit: { LOGTAP_SINK: 'cloudwatch,opensearch' } });
  });

  test('of a container that is not tapped is a finding', () => {
    const of = { sink, accept: ['LT029'], excludeContainers: ['audit'] };
    expect(LogTap.check(annotated('cloudwatch'), of)).toContainEqual(expect.objectContaining({ code: 'LT002' }));
  });

  test.each([
    ['tcp', 'be a sink of the pod, which has opensearch and cloudwatch'],
    ['cloudwatch,', 'be names of sinks, separated by commas'],
  ])('%s is a finding', (value, says) => {
    expect(LogTap.check(annotated(value), { sink, accept: ['LT029'] })).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining(says) }),
    );
  });
});
