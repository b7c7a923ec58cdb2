/** What sinks say of themselves beside their settings: rights, connections, Secrets; and several of them as one. */

import { cloudWatchLogsHost } from '../../../src/catalog/values/service-names.js';
import {
  type CloudWatchSinkProps,
  LogGroupClass,
  OpenSearchSigning,
  type OpenSearchSinkProps,
  Sink,
} from '../../../src/constructs/index.js';
import { parseSettings } from '../../../src/shipper/settings.js';
import { inject } from '../../support/tap.js';
import { container, deployment } from '../../support/workloads.js';

/** As AWS CDK writes a value that it fills in when it deploys. */
const token = `\${Token[TOKEN.${12}]}`;
const cloudWatch: CloudWatchSinkProps = { logGroup: '/shop', region: 'eu-central-1' };
const group = 'arn:aws:logs:eu-central-1:*:log-group:/shop';
const domain: OpenSearchSinkProps = {
  url: 'https://search-shop.eu-central-1.es.amazonaws.com',
  signing: OpenSearchSigning.DOMAIN,
  region: 'eu-central-1',
};

/** Settings as the injected shipper reads them. */
function settings(sink: Sink) {
  const { env } = container(inject(deployment(), { sink }), 'logtap');
  return parseSettings(
    Object.fromEntries((env ?? []).map(({ name, value }) => [name, value ?? name])),
    () => undefined,
  );
}

describe('a role of another account', () => {
  const roleArn = 'arn:aws:iam::444455556666:role/logs';
  const assuming = [{ actions: ['sts:AssumeRole', 'sts:TagSession'], resources: [roleArn] }];

  test("has the permissions, and the shipper's own role may only assume it", () => {
    const sink = Sink.cloudWatch({ ...cloudWatch, createLogGroup: false, roleArn, externalId: 'tenant-7' });
    expect(sink.iam).toEqual(assuming);
    expect(sink.assumedRoles).toEqual([
      {
        roleArn,
        externalId: 'tenant-7',
        iam: [
          {
            actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            resources: ['arn:aws:logs:eu-central-1:444455556666:log-group:/shop:*'],
          },
        ],
      },
    ]);
    expect(sink.bind().egress).toContainEqual({ host: 'sts.eu-central-1.amazonaws.com', port: 443 });
    expect(settings(sink)).toMatchObject({ cloudwatchRoleArn: roleArn, cloudwatchExternalId: 'tenant-7' });
  });

  test('of OpenSearch and of OTLP, each with its own role', () => {
    const other = 'arn:aws:iam::777788889999:role/search';
    const both = Sink.all([
      Sink.openSearch({ ...domain, roleArn }),
      Sink.otlp({ url: 'https://a', awsService: 'osis' as never, region: 'eu-central-1', roleArn: other }),
    ]);
    expect(both.assumedRoles.map(({ roleArn: arn, iam }) => [arn, iam[0]?.resources[0]])).toEqual([
      [roleArn, 'arn:aws:es:eu-central-1:444455556666:domain/*/*'],
      [other, 'arn:aws:osis:eu-central-1:777788889999:pipeline/*'],
    ]);
    expect(settings(both)).toMatchObject({ opensearchRoleArn: roleArn, otlpRoleArn: other });
  });

  test('of Firehose', () => {
    const stream = { deliveryStream: 'shop', region: 'eu-central-1' };
    const put = (resource: string) => [{ actions: ['firehose:PutRecordBatch'], resources: [resource] }];
    const sink = Sink.firehose({ ...stream, roleArn });
    expect(sink.iam).toEqual(assuming);
    expect(sink.assumedRoles[0]?.iam).toEqual(put('arn:aws:firehose:eu-central-1:444455556666:deliverystream/shop'));
    const own = Sink.firehose({
      ...stream,
      deliveryStream: 'shop-{label:team}',
      region: 'us-gov-west-1',
      joinLines: true,
    });
    expect(own.iam).toEqual(put('arn:aws-us-gov:firehose:us-gov-west-1:*:deliverystream/shop-*'));
    expect(own.bind().egress).toEqual([{ host: 'firehose.us-gov-west-1.amazonaws.com', port: 443 }]);
    expect(settings(own)).toMatchObject({ firehoseStream: 'shop-{label:team}', firehoseJoin: true });
  });

  test('of S3', () => {
    const kmsKeyArn = 'arn:aws:kms:eu-central-1:444455556666:key/1-2';
    const sink = Sink.s3({
      bucket: 'archive',
      region: 'eu-central-1',
      prefix: 'shop/{yyyy}/{pod}/',
      kmsKeyArn,
      roleArn,
    });
    expect(sink.iam).toEqual(assuming);
    expect(sink.assumedRoles[0]?.iam).toEqual([
      { actions: ['s3:PutObject'], resources: ['arn:aws:s3:::archive/shop/*/*/*'] },
      { actions: ['kms:GenerateDataKey'], resources: [kmsKeyArn] },
    ]);
    const own = Sink.s3({ bucket: 'a.b', region: 'cn-north-1' });
    expect(own.iam).toEqual([{ actions: ['s3:PutObject'], resources: ['arn:aws-cn:s3:::a.b/*/*/*/*/*/*'] }]);
    expect(own.bind().egress).toEqual([{ host: 's3.cn-north-1.amazonaws.com.cn', port: 443 }]);
  });

  test('whose ARN is known at deployment only: in any account', () => {
    const { assumedRoles } = Sink.cloudWatch({ ...cloudWatch, roleArn: token });
    expect(assumedRoles[0]?.iam[0]?.resources).toEqual([`${group}:*`]);
  });

  test.each<[string, () => unknown]>([
    [
      '\'roleArn\' ("logs") must be the ARN of a role: write it as arn:aws:iam::ACCOUNT:role/NAME',
      () => Sink.cloudWatch({ ...cloudWatch, roleArn: 'logs' }),
    ],
    [
      '\'externalId\' ("a b") must be 2 to 1224 letters',
      () => Sink.cloudWatch({ ...cloudWatch, roleArn, externalId: 'a b' }),
    ],
    [
      "'externalId' (\"tenant\") has no effect without 'roleArn'",
      () => Sink.cloudWatch({ ...cloudWatch, externalId: 'tenant' }),
    ],
    [
      `'roleArn' ("${roleArn}") has no effect without 'signing'`,
      () => Sink.openSearch({ url: 'https://a', region: 'eu-central-1', roleArn }),
    ],
    [`'roleArn' ("${roleArn}") has no effect without 'awsService'`, () => Sink.otlp({ url: 'https://a', roleArn })],
    [
      '\'deliveryStream\' ("arn:aws:firehose:eu-central-1:1:deliverystream/a") must be 1 to 64',
      () =>
        Sink.firehose({ deliveryStream: 'arn:aws:firehose:eu-central-1:1:deliverystream/a', region: 'eu-central-1' }),
    ],
  ])('%s', (message, act) => {
    expect(act).toThrow(message);
  });
});

describe('permissions at CloudWatch Logs', () => {
  test('an existing group: only permissions to create streams and to put events', () => {
    expect(Sink.cloudWatch({ ...cloudWatch, createLogGroup: false, retentionDays: 7 }).iam).toEqual([
      { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [`${group}:*`] },
    ]);
  });

  test('only a sink that reads back may read', () => {
    expect(Sink.cloudWatch({ ...cloudWatch, createLogGroup: false, readBack: true }).iam).toEqual([
      { actions: ['logs:CreateLogStream', 'logs:GetLogEvents', 'logs:PutLogEvents'], resources: [`${group}:*`] },
    ]);
  });

  test.each<[string, Partial<CloudWatchSinkProps>, string[]]>([
    ['to make the group', {}, ['logs:CreateLogGroup']],
    ['with a retention', { retentionDays: 7 }, ['logs:CreateLogGroup', 'logs:PutRetentionPolicy']],
    ['with tags', { tags: { team: 'shop' } }, ['logs:CreateLogGroup', 'logs:TagResource']],
    ['with no tags', { tags: {} }, ['logs:CreateLogGroup']],
  ])('%s', (_what, more, actions) => {
    expect(Sink.cloudWatch({ ...cloudWatch, ...more }).iam[1]).toEqual({ actions, resources: [group, `${group}:*`] });
  });

  test('a group class needs the permission to describe groups', () => {
    const { iam } = Sink.cloudWatch({ ...cloudWatch, groupClass: LogGroupClass.STANDARD, createLogGroup: false });
    expect(iam[1]).toEqual({
      actions: ['logs:DescribeLogGroups'],
      resources: ['arn:aws:logs:eu-central-1:*:log-group:*'],
    });
  });

  test.each([
    ['eu-central-1', 'arn:aws:'],
    ['cn-north-1', 'arn:aws-cn:'],
    ['us-gov-west-1', 'arn:aws-us-gov:'],
    ['eusc-de-east-1', 'arn:aws-eusc:'],
    ['us-iso-east-1', 'arn:aws-iso:'],
    ['us-isob-east-1', 'arn:aws-iso-b:'],
  ])('%s is in a partition of its own, and connects to where the shipper does', (region, start) => {
    const sink = Sink.cloudWatch({ ...cloudWatch, region });
    expect(sink.iam[0]!.resources[0]!.startsWith(`${start}logs:${region}:`)).toBe(true);
    expect(sink.bind().egress).toEqual([{ host: cloudWatchLogsHost(region), port: 443 }]);
  });

  test('tokens remain unchanged', () => {
    const { iam } = Sink.cloudWatch({ logGroup: token, region: token, account: token });
    expect(iam[0]!.resources).toEqual([`arn:aws:logs:${token}:${token}:log-group:${token}:*`]);
  });
});

describe('permissions at OpenSearch', () => {
  test.each<[string, OpenSearchSinkProps, object[]]>([
    ['not at AWS: none', { url: 'https://os:9200' }, []],
    [
      'a domain: to post',
      domain,
      [{ actions: ['es:ESHttpPost'], resources: ['arn:aws:es:eu-central-1:*:domain/*/*'] }],
    ],
    [
      'a domain by its ARN',
      { ...domain, resourceArn: 'arn:aws:es:eu-central-1:123456789012:domain/shop' },
      [{ actions: ['es:ESHttpPost'], resources: ['arn:aws:es:eu-central-1:123456789012:domain/shop/*'] }],
    ],
    [
      'a collection',
      { ...domain, signing: OpenSearchSigning.SERVERLESS },
      [{ actions: ['aoss:APIAccessAll'], resources: ['arn:aws:aoss:eu-central-1:*:collection/*'] }],
    ],
  ])('%s', (_what, props, iam) => {
    expect(Sink.openSearch(props).iam).toEqual(iam);
  });

  test('set-up: permissions to put only the template and the policy', () => {
    const { iam } = Sink.openSearch({ ...domain, setup: true });
    const put = iam.filter(({ actions }) => actions.includes('es:ESHttpPut')).flatMap(({ resources }) => resources);
    expect(put).toEqual([
      'arn:aws:es:eu-central-1:*:domain/*/_index_template/*',
      'arn:aws:es:eu-central-1:*:domain/*/_plugins/_ism/policies/*',
    ]);
  });
});

test.each([
  ['https://os.example', { host: 'os.example', port: 443 }],
  ['http://os.example', { host: 'os.example', port: 80 }],
  ['https://os.example:9200/path', { host: 'os.example', port: 9200 }],
  [`https://${token}`, { host: token, port: 443 }],
])('%s is a connection', (url, egress) => {
  expect(Sink.openSearch({ url }).bind().egress).toEqual([egress]);
});

test('the shipper reads class, key and tags of the group', () => {
  const kmsKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/0b1c-2d';
  const tags = { team: 'shop', stage: 'a=b' };
  const sink = Sink.cloudWatch({ ...cloudWatch, groupClass: LogGroupClass.INFREQUENT_ACCESS, kmsKeyArn, tags });
  expect(settings(sink)).toMatchObject({
    cloudwatchGroupClass: 'INFREQUENT_ACCESS',
    cloudwatchKmsKeyArn: kmsKeyArn,
    cloudwatchTags: tags,
  });
});

test('the shipper reads the client certificate', () => {
  const clientCertificateSecret = { name: 'tls', key: 'tls.crt' };
  const sink = Sink.openSearch({
    url: 'https://os',
    clientCertificateSecret,
    clientKeySecret: { name: 'tls', key: 'tls.key' },
  });
  expect(settings(sink)).toMatchObject({
    opensearchCertFile: '/etc/logtap/secrets/tls/tls.crt',
    opensearchKeyFile: '/etc/logtap/secrets/tls/tls.key',
  });
});

test.each<[string, () => Sink, RegExp]>([
  [
    'an account that is none',
    () => Sink.cloudWatch({ ...cloudWatch, account: '123' }),
    /'account' \("123"\).*12 digits/,
  ],
  ['an alias as key', () => Sink.cloudWatch({ ...cloudWatch, kmsKeyArn: 'alias/x' }), /'kmsKeyArn'.*no alias/],
  ['a comma in a tag', () => Sink.cloudWatch({ ...cloudWatch, tags: { a: 'b,c' } }), /'tags' \("a=b,c"\).*rename/],
  ['a key with =', () => Sink.cloudWatch({ ...cloudWatch, tags: { 'a=b': 'c' } }), /'tags' \("a=b"\).*without =/],
  ['a tag without key', () => Sink.cloudWatch({ ...cloudWatch, tags: { '': 'c' } }), /'tags' \("=c"\)/],
  ['a tag of AWS', () => Sink.cloudWatch({ ...cloudWatch, tags: { 'aws:x': 'y' } }), /'tags'.*aws:/],
  [
    'more than 50 tags',
    () =>
      Sink.cloudWatch({ ...cloudWatch, tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, ''])) }),
    /'tags' .* has 51 tags, at most 50 are allowed/,
  ],
  ['an ARN without signing', () => Sink.openSearch({ url: 'https://os', resourceArn: 'arn:x' }), /'resourceArn'/],
  [
    'a certificate without key',
    () => Sink.openSearch({ url: 'https://os', clientCertificateSecret: { name: 'tls', key: 'c' } }),
    /'clientCertificateSecret' and 'clientKeySecret' belong together/,
  ],
])('refuses %s', (_what, make, says) => {
  expect(make).toThrow(says);
});

describe('Sink.all', () => {
  test('combines the settings of all sinks', () => {
    const passwordSecret = { name: 'os', key: 'pw' };
    const openSearch = Sink.openSearch({ url: 'https://os:9200', username: 'u', passwordSecret });
    const both = Sink.all([Sink.cloudWatch(cloudWatch), openSearch]);
    expect(settings(both)).toMatchObject({
      sinks: ['cloudwatch', 'opensearch'],
      cloudwatchLogGroup: '/shop',
      opensearchUrls: [new URL('https://os:9200')],
      opensearchPasswordFile: '/etc/logtap/secrets/os/pw',
    });
    expect(both.iam).toEqual(Sink.cloudWatch(cloudWatch).iam);
    expect(both.bind().egress).toEqual([
      { host: 'logs.eu-central-1.amazonaws.com', port: 443 },
      { host: 'os', port: 9200 },
    ]);
  });

  test('two sinks that sign for the same region are accepted', () => {
    expect(Sink.all([Sink.cloudWatch(cloudWatch), Sink.openSearch(domain)]).bind().settings.AWS_REGION).toBe(
      'eu-central-1',
    );
  });

  test.each<[string, Sink[], RegExp]>([
    ['none', [], /'sinks' \(\[\]\) must have at least one/],
    [
      'one kind twice',
      [Sink.cloudWatch(cloudWatch), Sink.cloudWatch(cloudWatch)],
      /'sinks'.*but has 'cloudwatch' twice/,
    ],
    [
      'two regions',
      [Sink.cloudWatch(cloudWatch), Sink.openSearch({ ...domain, region: 'eu-west-1' })],
      /'AWS_REGION' \("eu-west-1"\) must be the same.*'eu-central-1'/,
    ],
  ])('refuses %s', (_what, sinks, says) => {
    expect(() => Sink.all(sinks)).toThrow(says);
  });
});
