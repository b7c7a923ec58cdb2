/** A role of IAM and its policy, as objects that the ACK controller for IAM makes. */
import { Names } from 'cdk8s';
import { Construct } from 'constructs';
import { Policy, Role } from '../../../imports/iam.services.k8s.aws.js';
import type { NameRule } from '../../catalog/values/service-names.js';
import { mustBeNamed } from '../props/must.js';
import type { SinkIamStatement } from '../sinks/sink-config.js';

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const ROLE_NAME: NameRule = {
  holds: (value) => /^[\w+=,.@-]{1,64}$/.test(value),
  rule: 'be 1 to 64 letters, digits and _ + = , . @ -',
  remedy: 'rename the role',
};
const POLICY_ARN: NameRule = {
  holds: (value) => /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/[\w+=,.@/-]+$/.test(value),
  rule: 'be the ARN of a policy',
  remedy: 'write it as arn:aws:iam::ACCOUNT:policy/NAME',
};

/** @see LogTapAwsProps */
export interface ShipperRoleProps {
  readonly namespace: string;
  readonly roleName: string | undefined;
  readonly permissionsBoundaryArn: string | undefined;
  /** The permissions of the role. */
  readonly iam: readonly SinkIamStatement[];
  /** Who may assume it: a statement. */
  readonly trust: object;
}

/** The version of the language of policies, not a date of ours. */
const document = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });

/** @throws if a name breaks a rule of IAM */
export class ShipperRole extends Construct {
  /** Name in IAM. */
  public readonly roleName: string;
  /** Name of the object, for references. */
  public readonly name: string;

  public constructor(scope: Construct, id: string, props: ShipperRoleProps) {
    super(scope, id);
    const { namespace, roleName = Names.toDnsLabel(scope), permissionsBoundaryArn, iam, trust } = props;
    mustBeNamed('roleName', roleName, ROLE_NAME);
    if (permissionsBoundaryArn !== undefined) mustBeNamed('permissionsBoundaryArn', permissionsBoundaryArn, POLICY_ARN);
    const metadata = { namespace };
    const policy = new Policy(this, 'Policy', {
      metadata,
      spec: {
        name: roleName,
        description: 'What the shipper of logs may do.',
        policyDocument: document(
          ...iam.map(({ actions, resources }) => ({ Effect: 'Allow', Action: actions, Resource: resources })),
        ),
      },
    });
    const role = new Role(this, 'Role', {
      metadata,
      spec: {
        name: roleName,
        description: 'The shipper of logs.',
        assumeRolePolicyDocument: document(trust),
        policyRefs: [{ from: { name: policy.name } }],
        ...(permissionsBoundaryArn !== undefined && { permissionsBoundary: permissionsBoundaryArn }),
      },
    });
    this.roleName = roleName;
    this.name = role.name;
  }
}
