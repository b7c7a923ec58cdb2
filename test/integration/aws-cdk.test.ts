/**
 * The AWS CDK app of examples/aws-cdk, by the commands of its page and from the packed archive: what its template makes
 * CloudFormation give the cluster.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureSchemas } from '../../scripts/kubernetes-schemas.js';
import { ensureLocked } from '../../scripts/locked-packages.js';
import type { KubernetesObject } from '../../src/constructs/injection/workload.js';
import { describeWith } from '../support/capability.js';
import { NEWEST_VERSION, schemaErrors } from '../support/kubernetes-schemas.js';
import { runPage, stepsOf } from '../support/page.js';
import { root, run, temporaryDirectory } from '../support/run.js';
import { container } from '../support/workloads.js';

const example = join(root, 'examples', 'aws-cdk');

interface Resource {
  readonly Type: string;
  readonly Properties: { readonly Manifest?: object; readonly PolicyDocument?: { readonly Statement: object[] } };
}

/** How a template refers to what is not known yet. */
interface Reference {
  readonly Ref?: string;
  readonly 'Fn::GetAtt'?: readonly string[];
  readonly 'Fn::Join'?: readonly [separator: string, parts: readonly unknown[]];
}

/** A value as CloudFormation sees it once what it refers to exists: each reference becomes its own name in angle brackets. */
function filledIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(filledIn);
  if (value === null || typeof value !== 'object') return value;
  const { Ref: name, 'Fn::GetAtt': attribute, 'Fn::Join': join, ...fields } = value as Reference & object;
  if (name !== undefined) return `<${name}>`;
  if (attribute !== undefined) return `<${attribute.join('.')}>`;
  if (join !== undefined) return join[1].map(filledIn).join(join[0]);
  return Object.fromEntries(Object.entries(fields).map(([key, item]) => [key, filledIn(item)]));
}

describeWith(['AWS CDK app', 'kubernetes schemas'], 'an app of the AWS CDK', () => {
  let app: string;
  let resources: [name: string, resource: Resource][];

  const ofType = (type: string) => resources.filter(([, { Type }]) => Type === type);
  /** The name of the one resource of a type that starts with `prefix`. */
  const nameOf = (type: string, prefix: string) => ofType(type).find(([name]) => name.startsWith(prefix))?.[0];

  /** The Kubernetes objects that the template hands to the cluster. */
  function manifests(): KubernetesObject[] {
    return ofType('Custom::AWSCDK-EKS-KubernetesResource').flatMap(([, { Properties }]) =>
      JSON.parse(filledIn(Properties.Manifest) as string),
    );
  }

  beforeAll(async () => {
    await ensureSchemas();
    app = temporaryDirectory();
    cpSync(ensureLocked('aws-cdk-app'), app, { recursive: true, verbatimSymlinks: true });
    cpSync(example, app, { recursive: true });
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', app], { cwd: root });
    const archive = readdirSync(app).find((file) => file.endsWith('.tgz')) ?? '';
    const target = join(app, 'node_modules', 'cdk8s-logtap');
    mkdirSync(target);
    await run('tar', ['-xzf', join(app, archive), '--strip-components=1', '-C', target]);
    // No network: the command asks for news and reports its use otherwise.
    const env = { CDK_NOTICES: 'false', CDK_DISABLE_CLI_TELEMETRY: 'true' };
    await runPage(stepsOf('examples/aws-cdk/README.md'), { cwd: app, env });
    const template = JSON.parse(readFileSync(join(app, 'cdk.out', 'Shop.template.json'), 'utf8'));
    resources = Object.entries<Resource>(template.Resources);
  });

  test('the Deployment is tapped, and names the log group, the region and the service account of the stack', () => {
    const objects = manifests();
    const deployment = objects.find(({ kind }) => kind === 'Deployment')!;
    const account = objects.find(({ kind }) => kind === 'ServiceAccount')!;
    const settings = container(deployment, 'logtap').env;
    expect(settings).toContainEqual({
      name: 'LOGTAP_CLOUDWATCH_LOG_GROUP',
      value: `<${nameOf('AWS::Logs::LogGroup', 'Logs')}>`,
    });
    expect(settings).toContainEqual({ name: 'AWS_REGION', value: '<AWS::Region>' });
    expect(account.metadata?.name).toBeDefined();
    expect(deployment).toMatchObject({ spec: { template: { spec: { serviceAccountName: account.metadata?.name } } } });
  });

  test('the log group has indexes and protection, and its errors are a metric', () => {
    const [[, group] = []] = ofType('AWS::Logs::LogGroup');
    expect(group?.Properties).toMatchObject({
      DeletionProtectionEnabled: true,
      FieldIndexPolicies: [{ Fields: ['severity', 'traceId'] }],
      DataProtectionPolicy: { Statement: expect.any(Array) },
    });
    const [[, filter] = []] = ofType('AWS::Logs::MetricFilter');
    expect(filter?.Properties).toMatchObject({
      FilterPattern: '{ ($.severity = "ERROR") || ($.logtap.severity = "ERROR") }',
      MetricTransformations: [{ MetricName: 'ErrorsPerMinute', MetricNamespace: 'Shop', MetricValue: '1' }],
    });
  });

  test('Kubernetes accepts what it hands over', () => {
    const objects = manifests();
    expect(objects.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['ServiceAccount', 'Deployment']));
    expect(objects.flatMap((object) => schemaErrors(object, NEWEST_VERSION))).toEqual([]);
  });

  test('the role of the service account may write to this log group, and nothing else', () => {
    const policy = nameOf('AWS::IAM::Policy', 'ClusterShipper');
    const statements = resources.find(([name]) => name === policy)?.[1].Properties.PolicyDocument?.Statement;
    expect(filledIn(statements)).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: `arn:aws:logs:<AWS::Region>:<AWS::AccountId>:log-group:<${nameOf('AWS::Logs::LogGroup', 'Logs')}>:*`,
      },
    ]);
  });

  test('its packages are those that it has been run with, and this package', () => {
    const packagesOf = (path: string) => {
      const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, path), 'utf8'));
      return { ...dependencies, ...devDependencies };
    };
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(packagesOf('examples/aws-cdk/package.json')).toEqual({
      ...packagesOf('scripts/aws-cdk-app/package.json'),
      'cdk8s-logtap': version,
    });
  });
});
