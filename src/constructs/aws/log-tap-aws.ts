/** The AWS resources of a tapped workload, as objects of its cluster: service account, role, policy, log groups. */
import { Chart } from 'cdk8s';
import { type IServiceAccount, ServiceAccount } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { PodIdentityAssociation } from '../../../imports/eks.services.k8s.aws.js';
import { must } from '../props/must.js';
import type { ContainerOptions } from '../records/container-options.js';
import { checkedContainers, type PodSinks, podSinks } from '../sinks/by-container.js';
import type { Sink } from '../sinks/sink.js';
import type { SinkIamStatement, SinkLogGroup } from '../sinks/sink-config.js';
import type { FirehoseSubscription } from './firehose.js';
import type { AwsIdentity } from './identity.js';
import { createLogGroups } from './log-group.js';
import { ShipperRole } from './shipper-role.js';

/** Whose rights, and how they come to the pods. */
export interface LogTapAwsProps {
  /** Where the shipper sends. Its rights are those of the role. */
  readonly sink: Sink;

  /**
   * Options by container, as the tap has them. The role also has the rights of their sinks, and `logGroup` makes their groups.
   *
   * @default - no container has a sink of its own
   */
  readonly perContainer?: { readonly [container: string]: ContainerOptions };

  /** How the pods come to the role. */
  readonly identity: AwsIdentity;

  /**
   * Namespace of the pods, and of all that is made.
   *
   * @default - that of the chart; one of them has to be there where a role is made or associated
   */
  readonly podNamespace?: string;

  /**
   * Name of the service account that is made.
   *
   * @default - a name of the construct's path
   */
  readonly serviceAccountName?: string;

  /**
   * Name in IAM of the role and the policy that are made.
   *
   * @default - a name of the construct's path; clusters that share an AWS account and an app need names of their own
   */
  readonly roleName?: string;

  /**
   * ARN of the permissions boundary of the role.
   *
   * @default - no boundary
   */
  readonly permissionsBoundaryArn?: string;

  /**
   * Whether the ACK controller for CloudWatch Logs makes the log group of each sink, with its retention, key and tags. It stays,
   * with its logs, when its object is deleted. Needs `createLogGroup: false` in the sinks.
   *
   * @default false
   */
  readonly logGroup?: boolean;

  /**
   * Whether AWS refuses to delete the log groups until this is `false`. Needs `logGroup`, and a controller whose definition of
   * a LogGroup has the field.
   *
   * @default false
   */
  readonly deletionProtection?: boolean;

  /**
   * A copy of the events of each log group for a stream of Amazon Data Firehose, such as an archive. Needs `logGroup`.
   *
   * @default - no copy
   */
  readonly firehose?: FirehoseSubscription;
}

/**
 * The AWS side of a tapped workload. Its objects are those of the AWS controllers for Kubernetes (ACK), and only where
 * they are asked for: a role that exists needs no controller.
 */
export class LogTapAws extends Construct {
  /** The service account that the workload has to run with. */
  public readonly serviceAccount: IServiceAccount;

  /** @throws if a name breaks a rule of AWS, or if something is asked for that has no use */
  public constructor(scope: Construct, id: string, props: LogTapAwsProps) {
    super(scope, id);
    const known = { namespace: props.podNamespace ?? this.node.scopes.find(Chart.isChart)?.namespace };
    const sinks = podSinks(props.sink, checkedContainers(props.perContainer), known);
    checkUse(props, sinks);
    const { existing, clusterName, roleArn, trust, createdRoleArn } = props.identity._bind();
    const { deletionProtection, firehose, podNamespace } = props;
    if (props.logGroup === true) {
      createLogGroups(this, sinks.logGroups, { namespace: podNamespace, known, deletionProtection, firehose });
    }
    if (existing !== undefined) {
      this.serviceAccount = ServiceAccount.fromServiceAccountName(this, 'ServiceAccount', existing);
      return;
    }
    const { podNamespace: namespace, serviceAccountName } = props;
    const account = new ServiceAccount(this, 'ServiceAccount', {
      metadata: {
        ...(namespace !== undefined && { namespace }),
        ...(serviceAccountName !== undefined && { name: serviceAccountName }),
      },
    });
    // Its optional property is undefined, for which this compiler's settings have no pardon.
    this.serviceAccount = account as IServiceAccount;
    const role = trust && this.createRole(props, sinks.sink.iam, trust(this.namespaceOf(props), account.name));
    if (clusterName !== undefined) {
      new PodIdentityAssociation(this, 'PodIdentity', {
        metadata: { namespace: this.namespaceOf(props) },
        spec: {
          clusterName,
          namespace: this.namespaceOf(props),
          serviceAccount: account.name,
          ...(role !== undefined && { roleRef: { from: { name: role.name } } }),
          ...(roleArn !== undefined && { roleArn }),
        },
      });
      return;
    }
    const arn = role === undefined ? roleArn : createdRoleArn?.(role.roleName);
    if (arn !== undefined) account.metadata.addAnnotation('eks.amazonaws.com/role-arn', arn);
  }

  private namespaceOf({ podNamespace: namespace = Chart.of(this).namespace }: LogTapAwsProps): string {
    must(
      namespace !== undefined,
      'podNamespace',
      namespace,
      'be given, as the role is for pods of one namespace: here, or as the namespace of the chart',
    );
    return namespace;
  }

  private createRole(props: LogTapAwsProps, iam: SinkIamStatement[], trust: object): ShipperRole {
    const { roleName, permissionsBoundaryArn } = props;
    const namespace = this.namespaceOf(props);
    return new ShipperRole(this, 'Role', { namespace, roleName, permissionsBoundaryArn, iam, trust });
  }
}

/** Properties of LogGroupTemplate that the controller's LogGroup has no fields for. */
const OF_TEMPLATE = ['fieldIndexes', 'transformer', 'masked', 'metrics'] as const;

/** Throws where something is asked for that nothing would come of. */
function checkUse(props: LogTapAwsProps, sinks: PodSinks): void {
  for (const name of OF_TEMPLATE) {
    const value: unknown = (props as { readonly [property: string]: any })[name];
    const rule = 'not come here, as the LogGroup of the ACK controller has no such field: give it to LogGroupTemplate';
    must(value === undefined, name, value, rule);
  }
  checkParts(props, sinks);
}

function checkParts(props: LogTapAwsProps, { sink, logGroups }: PodSinks): void {
  const { identity, serviceAccountName, roleName, permissionsBoundaryArn, logGroup, deletionProtection, firehose } =
    props;
  const { existing, trust } = identity._bind();
  const { name, iam } = sink;
  must(iam.length > 0, 'sink', name, 'be one that needs rights in AWS: leave LogTapAws out');
  must(
    serviceAccountName === undefined || existing === undefined,
    'serviceAccountName',
    serviceAccountName,
    'not come with an existing service account, which has its name: leave it out',
  );
  const ofRole = { roleName, permissionsBoundaryArn };
  for (const [property, value] of Object.entries(ofRole)) {
    must(
      value === undefined || trust !== undefined,
      property,
      value,
      'come with a role that is made: use AwsIdentity.irsaRole() or podIdentityRole()',
    );
  }
  const ofGroup = { deletionProtection, firehose };
  for (const [property, value] of Object.entries(ofGroup)) {
    must(
      value === undefined || logGroup === true,
      property,
      value,
      'come with `logGroup: true`, as only the controller sets it: set that too, or leave it out',
    );
  }
  if (logGroup !== true) return;
  must(logGroups.length > 0, 'logGroup', logGroup, 'come with a sink of CloudWatch Logs: leave it out');
  for (const { container, group } of logGroups) checkGroup(group, container);
}

function checkGroup({ roleArn, createdByShipper, groupClass }: SinkLogGroup, container: string | undefined): void {
  const of = container === undefined ? 'the sink' : `the sink of container '${container}'`;
  must(
    roleArn === undefined,
    'logGroup',
    true,
    `not come with a \`roleArn\` of ${of}, in whose account the controller makes nothing: leave it out`,
  );
  must(
    !createdByShipper,
    'logGroup',
    true,
    `come with a log group that the shipper does not create: give ${of} \`createLogGroup: false\``,
  );
  must(
    groupClass === undefined || groupClass === 'STANDARD',
    'groupClass',
    groupClass,
    'be STANDARD, the only class that the controller makes: leave `logGroup` out and let the shipper create the group',
  );
}
