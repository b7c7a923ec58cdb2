/** The AWS side of a tapped workload: which objects each way to a role needs, and no others. */
import { Chart, Testing } from 'cdk8s';
import {
  AwsIdentity,
  LogGroupClass,
  LogTap,
  LogTapAws,
  type LogTapAwsProps,
  Sink,
  TappedDeployment,
} from '../../../src/constructs/index.js';

const ROLE = 'arn:aws:iam::111122223333:role/shop/orders';
const PROVIDER = 'arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.cn-north-1.amazonaws.com.cn/id/ABC';
const sink = Sink.cloudWatch({
  logGroup: '/shop/orders',
  region: 'eu-central-1',
  account: '111122223333',
  createLogGroup: false,
  retentionDays: 30,
  kmsKeyArn: 'arn:aws:kms:eu-central-1:111122223333:key/1234-abcd',
  tags: { team: 'shop' },
});

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly annotations?: object };
  readonly spec: Readonly<Record<string, unknown>>;
}

function synthesise(props: Omit<LogTapAwsProps, 'sink'> & { readonly sink?: Sink }, namespace?: string) {
  const { perContainer = {} } = props;
  const chart = new Chart(Testing.app(), 'shop', namespace === undefined ? {} : { namespace });
  const aws = new LogTapAws(chart, 'Aws', { sink, ...props });
  new TappedDeployment(chart, 'Orders', {
    containers: ['orders', ...Object.keys(perContainer)].map((name) => ({ name, image: 'orders:4.2' })),
    serviceAccount: aws.serviceAccount,
    tap: { sink: props.sink ?? sink, perContainer },
  });
  const synthesised = Testing.synth(chart);
  const manifests: Manifest[] = synthesised.slice(0, -1);
  const deployment = synthesised.at(-1);
  return {
    manifests,
    objects: Object.fromEntries(manifests.map((object) => [object.kind, object])),
    kinds: manifests.map(({ kind }) => kind),
    usedAccount: deployment.spec.template.spec.serviceAccountName,
  };
}

const policyOf = (text: unknown) => JSON.parse(text as string);

test('IRSA with an existing role: a service account that names it, and no object of ACK', () => {
  const { objects, kinds, usedAccount } = synthesise({ identity: AwsIdentity.irsa(ROLE) });
  expect(kinds).toEqual(['ServiceAccount']);
  expect(objects.ServiceAccount?.metadata.annotations).toEqual({ 'eks.amazonaws.com/role-arn': ROLE });
  expect(usedAccount).toBe(objects.ServiceAccount?.metadata.name);
});

test('IRSA with a new role: it trusts only this service account, has the permissions of the sink, and the account names it', () => {
  const { objects, kinds } = synthesise(
    {
      identity: AwsIdentity.irsaRole(PROVIDER),
      serviceAccountName: 'orders',
      roleName: 'shop-orders',
      permissionsBoundaryArn: 'arn:aws-cn:iam::111122223333:policy/boundary',
    },
    'shop',
  );
  expect(kinds).toEqual(['ServiceAccount', 'Policy', 'Role']);
  const { ServiceAccount, Policy, Role } = objects;
  expect(ServiceAccount?.metadata).toMatchObject({
    name: 'orders',
    namespace: 'shop',
    annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws-cn:iam::111122223333:role/shop-orders' },
  });
  expect(Role).toMatchObject({
    apiVersion: 'iam.services.k8s.aws/v1alpha1',
    metadata: { namespace: 'shop' },
    spec: {
      name: 'shop-orders',
      policyRefs: [{ from: { name: Policy?.metadata.name } }],
      permissionsBoundary: 'arn:aws-cn:iam::111122223333:policy/boundary',
    },
  });
  expect(policyOf(Role?.spec.assumeRolePolicyDocument)).toEqual({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: PROVIDER },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: {
            'oidc.eks.cn-north-1.amazonaws.com.cn/id/ABC:aud': 'sts.amazonaws.com',
            'oidc.eks.cn-north-1.amazonaws.com.cn/id/ABC:sub': 'system:serviceaccount:shop:orders',
          },
        },
      },
    ],
  });
  expect(Policy?.spec.name).toBe('shop-orders');
  expect(policyOf(Policy?.spec.policyDocument)).toEqual({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: ['arn:aws:logs:eu-central-1:111122223333:log-group:/shop/orders:*'],
      },
    ],
  });
});

test('a new role for a sink of another account may assume its role, and nothing else', () => {
  const other = Sink.cloudWatch({ logGroup: '/shop', region: 'eu-central-1', roleArn: ROLE });
  const { objects } = synthesise({ identity: AwsIdentity.podIdentityRole('prod'), sink: other }, 'shop');
  expect(policyOf(objects.Policy?.spec.policyDocument).Statement).toEqual([
    { Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:TagSession'], Resource: [ROLE] },
  ]);
});

test('Pod Identity with an existing role: an association with it', () => {
  const { objects, kinds, usedAccount } = synthesise({
    identity: AwsIdentity.podIdentity('prod', ROLE),
    podNamespace: 'shop',
  });
  expect(kinds).toEqual(['ServiceAccount', 'PodIdentityAssociation']);
  expect(objects.ServiceAccount?.metadata.annotations).toBeUndefined();
  expect(objects.PodIdentityAssociation).toMatchObject({
    apiVersion: 'eks.services.k8s.aws/v1alpha1',
    metadata: { namespace: 'shop' },
    spec: { clusterName: 'prod', namespace: 'shop', serviceAccount: usedAccount, roleARN: ROLE },
  });
});

test('Pod Identity with a new role: the association refers to its object', () => {
  const { objects, kinds } = synthesise({ identity: AwsIdentity.podIdentityRole('prod') }, 'shop');
  expect(kinds).toEqual(['ServiceAccount', 'Policy', 'Role', 'PodIdentityAssociation']);
  const { Role, PodIdentityAssociation } = objects;
  expect(Role?.spec.name).toMatch(/^shop-aws-[0-9a-f]{8}$/);
  expect(policyOf(Role?.spec.assumeRolePolicyDocument).Statement).toEqual([
    {
      Effect: 'Allow',
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
    },
  ]);
  expect(PodIdentityAssociation?.spec.roleRef).toEqual({ from: { name: Role?.metadata.name } });
  expect(PodIdentityAssociation?.spec).not.toHaveProperty('roleARN');
});

test.each([
  [undefined, 'default'],
  ['orders', 'orders'],
])('the service account %p of others: no object at all', (name, used) => {
  const { kinds, usedAccount } = synthesise({ identity: AwsIdentity.existing(name) });
  expect(kinds).toEqual([]);
  expect(usedAccount).toBe(used);
});

test('the log group of the sink, in its region, remains when its object is deleted', () => {
  const { objects, kinds } = synthesise({ identity: AwsIdentity.existing(), logGroup: true, podNamespace: 'shop' });
  expect(kinds).toEqual(['LogGroup']);
  expect(objects.LogGroup).toMatchObject({
    apiVersion: 'cloudwatchlogs.services.k8s.aws/v1alpha1',
    metadata: {
      namespace: 'shop',
      annotations: {
        'services.k8s.aws/region': 'eu-central-1',
        'services.k8s.aws/deletion-policy': 'retain',
      },
    },
    spec: {
      name: '/shop/orders',
      retentionDays: 30,
      kmsKeyID: 'arn:aws:kms:eu-central-1:111122223333:key/1234-abcd',
      tags: { team: 'shop' },
    },
  });
});

test('a log group that cannot be deleted, and whose events go to a stream of Firehose, too', () => {
  const deliveryStreamArn = 'arn:aws:firehose:eu-central-1:111122223333:deliverystream/archive';
  const { objects } = synthesise({
    identity: AwsIdentity.existing(),
    logGroup: true,
    deletionProtection: true,
    firehose: { deliveryStreamArn, roleArn: ROLE },
  });
  expect(objects.LogGroup?.spec).toMatchObject({
    deletionProtectionEnabled: true,
    subscriptionFilters: [
      { filterName: 'logtap-firehose', filterPattern: '', destinationARN: deliveryStreamArn, roleARN: ROLE },
    ],
  });
});

test('the log group of one sink among several', () => {
  const both = Sink.all([Sink.stdout(), Sink.openSearch({ url: 'https://os:9200' }), sink]);
  const { objects } = synthesise({ identity: AwsIdentity.existing(), logGroup: true, sink: both });
  expect(objects.LogGroup?.spec.name).toBe('/shop/orders');
});

describe('sinks of containers', () => {
  const place = { region: 'eu-west-1', account: '111122223333' };
  const other = { ...place, createLogGroup: false };
  const audit = Sink.cloudWatch({ ...other, logGroup: '/shop/audit', retentionDays: 3653 });
  const firehose = Sink.firehose({ ...place, deliveryStream: 'access' });

  test('the role has the rights of each, and each log group is made once', () => {
    const { manifests } = synthesise({
      identity: AwsIdentity.podIdentityRole('prod'),
      podNamespace: 'shop',
      logGroup: true,
      perContainer: { web: { sink: firehose }, audit: { sink: audit }, copy: { sink: audit }, job: { sink } },
    });
    const of = (kind: string) => manifests.filter((each) => each.kind === kind).map(({ spec }) => spec);
    expect(of('LogGroup')).toMatchObject([
      { name: '/shop/orders', retentionDays: 30 },
      { name: '/shop/audit', retentionDays: 3653 },
    ]);
    const regions = manifests.flatMap(({ metadata }) => Object.values(metadata.annotations ?? {}));
    expect(regions).toEqual(expect.arrayContaining(['eu-central-1', 'eu-west-1']));
    expect(policyOf(of('Policy')[0]?.policyDocument).Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: ['arn:aws:logs:eu-central-1:111122223333:log-group:/shop/orders:*'],
      },
      {
        Effect: 'Allow',
        Action: ['firehose:PutRecordBatch'],
        Resource: ['arn:aws:firehose:eu-west-1:111122223333:deliverystream/access'],
      },
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: ['arn:aws:logs:eu-west-1:111122223333:log-group:/shop/audit:*'],
      },
    ]);
  });

  test('the log group of a container, in a pod whose sink needs no rights in AWS', () => {
    const { kinds, objects } = synthesise({
      identity: AwsIdentity.irsa(ROLE),
      logGroup: true,
      sink: Sink.stdout(),
      perContainer: { audit: { sink: audit } },
    });
    expect(kinds).toEqual(['LogGroup', 'ServiceAccount']);
    expect(objects.LogGroup?.spec.name).toBe('/shop/audit');
  });

  test.each([
    [
      { ...other, logGroup: '/a', createLogGroup: true },
      "a log group that the shipper does not create: give the sink of container 'audit' `createLogGroup: false`",
    ],
    [{ ...other, logGroup: '/a', roleArn: ROLE }, "not come with a `roleArn` of the sink of container 'audit'"],
    [
      { ...other, region: 'eu-central-1', logGroup: '/shop/orders' },
      "'logGroup' (\"/shop/orders\") must have the same retention, key and tags in each sink, but that of container 'audit' differs: correct it",
    ],
  ])('%j is refused: %s', (of, message) => {
    const perContainer = { audit: { sink: Sink.cloudWatch(of) } };
    const make = () => synthesise({ identity: AwsIdentity.existing(), logGroup: true, perContainer });
    expect(make).toThrow(message);
  });

  test('a sink in the place of options is named', () => {
    const make = () => synthesise({ identity: AwsIdentity.existing(), perContainer: { audit: audit as never } });
    expect(make).toThrow(/'perContainer\.audit/);
  });
});

describe('a name with placeholders', () => {
  const named = (logGroup: string) =>
    Sink.all([
      Sink.cloudWatch({ logGroup, region: 'eu-central-1', account: '111122223333', createLogGroup: false }),
      Sink.s3({ bucket: 'archive', region: 'eu-central-1', prefix: '{namespace}/{yyyy}/{label:app}/' }),
    ]);
  const shipper = { diskBufferMiB: 256 };

  test('has the namespace of the pods in the log group and in the policy, and a wildcard for what is not known', () => {
    const chart = new Chart(Testing.app(), 'shop', { namespace: 'orders' });
    const all = { sink: named('/eks/{namespace}'), identity: AwsIdentity.podIdentityRole('prod'), logGroup: true };
    new LogTapAws(chart, 'Aws', all);
    const objects: Manifest[] = Testing.synth(chart);
    const of = (kind: string) => objects.find((object) => object.kind === kind)?.spec ?? {};
    expect(of('LogGroup').name).toBe('/eks/orders');
    const [logs, s3] = policyOf(of('Policy').policyDocument).Statement;
    expect(logs.Resource).toEqual(['arn:aws:logs:eu-central-1:111122223333:log-group:/eks/orders:*']);
    expect(s3.Resource).toEqual(['arn:aws:s3:::archive/orders/*/*/*']);
    // Without a namespace, and in the sink itself.
    expect(all.sink.iam[0]?.resources).toEqual(['arn:aws:logs:eu-central-1:111122223333:log-group:/eks/*:*']);
    expect(all.sink.bind().iam).toEqual(all.sink.iam);
  });

  test.each([
    ['/eks/{namespace}', "give 'podNamespace'"],
    ['/eks/{label:app}', 'name it, or leave `logGroup` out'],
  ])('%s is refused where the controller would make a group with braces', (logGroup, remedy) => {
    const make = () =>
      new LogTapAws(Testing.chart(), 'Aws', {
        sink: named(logGroup),
        identity: AwsIdentity.existing(),
        logGroup: true,
      });
    expect(make).toThrow(
      `'logGroup' ("${logGroup}") must be known at synthesis, as the controller fills no braces: ${remedy}`,
    );
  });

  test('has a constant field in the permissions of the tap, unless the service changes it', () => {
    const sink = named('/{field:team}/{field:tier}');
    const tap = new LogTap({ sink, shipper, fields: { constants: { team: 'shop', tier: 'Web Front' } } });
    expect(tap.iam[0]?.resources).toEqual(['arn:aws:logs:eu-central-1:111122223333:log-group:/shop/*:*']);
  });

  test('in a role of another account has no braces either', () => {
    const sink = Sink.cloudWatch({ logGroup: '/{label:app}', region: 'eu-central-1', roleArn: ROLE });
    expect(sink.assumedRoles[0]?.iam[0]?.resources).toEqual(['arn:aws:logs:eu-central-1:111122223333:log-group:/*:*']);
  });
});

describe('refuses', () => {
  const group = { logGroup: '/shop', region: 'eu-central-1' };
  test.each<[string, () => unknown]>([
    [
      '\'roleArn\' ("orders") must be the ARN of a role: write it as arn:aws:iam::ACCOUNT:role/NAME',
      () => AwsIdentity.irsa('orders'),
    ],
    ['\'roleArn\' ("arn:aws:iam::1:role/x")', () => AwsIdentity.podIdentity('prod', 'arn:aws:iam::1:role/x')],
    [
      '\'clusterName\' ("arn:aws:eks:a:b:cluster/prod") must be 1 to 100 letters',
      () => AwsIdentity.podIdentityRole('arn:aws:eks:a:b:cluster/prod'),
    ],
    [
      '\'oidcProviderArn\' ("https://oidc.eks") must be the ARN of an OIDC provider',
      () => AwsIdentity.irsaRole('https://oidc.eks'),
    ],
    [
      "'podNamespace' (undefined) must be given, as the role is for pods of one namespace",
      () => synthesise({ identity: AwsIdentity.podIdentityRole('prod') }),
    ],
    [
      '\'sink\' ("stdout") must be one that needs rights in AWS: leave LogTapAws out',
      () => synthesise({ identity: AwsIdentity.irsa(ROLE), sink: Sink.stdout() }),
    ],
    [
      '\'serviceAccountName\' ("a") must not come with an existing service account',
      () => synthesise({ identity: AwsIdentity.existing('b'), serviceAccountName: 'a' }),
    ],
    [
      '\'roleName\' ("a") must come with a role that is made',
      () => synthesise({ identity: AwsIdentity.irsa(ROLE), roleName: 'a' }),
    ],
    [
      '\'permissionsBoundaryArn\' ("arn:aws:iam::aws:policy/x") must come with a role that is made',
      () => synthesise({ identity: AwsIdentity.irsa(ROLE), permissionsBoundaryArn: 'arn:aws:iam::aws:policy/x' }),
    ],
    [
      `'roleName' ("${'a'.repeat(65)}") must be 1 to 64 letters`,
      () => synthesise({ identity: AwsIdentity.podIdentityRole('prod'), podNamespace: 'n', roleName: 'a'.repeat(65) }),
    ],
    [
      '\'permissionsBoundaryArn\' ("boundary") must be the ARN of a policy',
      () =>
        synthesise({
          identity: AwsIdentity.podIdentityRole('prod'),
          podNamespace: 'n',
          permissionsBoundaryArn: 'boundary',
        }),
    ],
    [
      "'deletionProtection' (true) must come with `logGroup: true`",
      () => synthesise({ identity: AwsIdentity.existing(), deletionProtection: true }),
    ],
    [
      '\'firehose.deliveryStreamArn\' ("archive") must be the ARN of a stream of Amazon Data Firehose',
      () =>
        synthesise({
          identity: AwsIdentity.existing(),
          logGroup: true,
          firehose: { deliveryStreamArn: 'archive', roleArn: ROLE },
        }),
    ],
    [
      "'logGroup' (true) must come with a sink of CloudWatch Logs",
      () =>
        synthesise({
          identity: AwsIdentity.existing(),
          logGroup: true,
          sink: Sink.openSearch({ url: 'https://a', signing: 'es' as never, region: 'eu-central-1' }),
        }),
    ],
    [
      "'logGroup' (true) must come with a log group that the shipper does not create: give the sink `createLogGroup: false`",
      () => synthesise({ identity: AwsIdentity.existing(), logGroup: true, sink: Sink.cloudWatch(group) }),
    ],
    [
      "'logGroup' (true) must not come with a `roleArn` of the sink",
      () =>
        synthesise({
          identity: AwsIdentity.existing(),
          logGroup: true,
          sink: Sink.cloudWatch({ ...group, createLogGroup: false, roleArn: ROLE }),
        }),
    ],
    [
      '\'groupClass\' ("INFREQUENT_ACCESS") must be STANDARD',
      () =>
        synthesise({
          identity: AwsIdentity.existing(),
          logGroup: true,
          sink: Sink.cloudWatch({ ...group, createLogGroup: false, groupClass: LogGroupClass.INFREQUENT_ACCESS }),
        }),
    ],
  ])('%s', (message, act) => {
    expect(act).toThrow(message);
  });
});
