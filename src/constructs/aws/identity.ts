/** How the pods of a service account come to a role of IAM, one of several ways, behind static factories. */
import { type NameRule, ROLE_ARN } from '../../catalog/values/service-names.js';
import { must, mustBeNamed } from '../props/must.js';
import { hasToken } from '../props/token.js';

const CLUSTER: NameRule = {
  holds: (value) => /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(value),
  rule: 'be 1 to 100 letters, digits, - and _, starting with a letter or digit',
  remedy: 'give the name of the EKS cluster, not its ARN',
};
const PROVIDER_ARN = /^arn:(aws[a-z-]*):iam::(\d{12}):oidc-provider\/(.+)$/;

/** A way, as plain data. */
export interface AwsIdentityConfig {
  /** Service account that others have made. */
  readonly existing?: string;
  /** EKS cluster whose agent of Pod Identity hands out the credentials. */
  readonly clusterName?: string;
  /** Role that others have made. */
  readonly roleArn?: string;
  /** Who may assume the role that is made: the statement of its trust policy. */
  readonly trust?: (namespace: string, serviceAccount: string) => object;
  /** ARN of the role that is made, where the service account has to name it. */
  readonly createdRoleArn?: (roleName: string) => string;
}

/** How the pods of a service account come to the rights of a role of IAM. */
export class AwsIdentity {
  /**
   * IAM roles for service accounts, with a role that exists and trusts the cluster's OIDC provider.
   *
   * @throws if it is no ARN of a role
   */
  public static irsa(roleArn: string): AwsIdentity {
    mustBeNamed('roleArn', roleArn, ROLE_ARN);
    return new AwsIdentity({ roleArn });
  }

  /**
   * IAM roles for service accounts, with a role that the ACK controller for IAM makes. It trusts this one service account.
   *
   * @param oidcProviderArn ARN of the cluster's OIDC provider in IAM: `arn:aws:iam::ACCOUNT:oidc-provider/HOST/id/ID`
   * @throws if it is no such ARN, or a token of AWS CDK: its parts have to be known
   */
  public static irsaRole(oidcProviderArn: string): AwsIdentity {
    const [, partition, account, issuer] = PROVIDER_ARN.exec(oidcProviderArn) ?? [];
    must(
      issuer !== undefined && !hasToken(oidcProviderArn),
      'oidcProviderArn',
      oidcProviderArn,
      'be the ARN of an OIDC provider: write it as arn:aws:iam::ACCOUNT:oidc-provider/HOST/id/ID',
    );
    return new AwsIdentity({
      trust: (namespace, serviceAccount) => ({
        Effect: 'Allow',
        Principal: { Federated: oidcProviderArn },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: {
            [`${issuer}:aud`]: 'sts.amazonaws.com',
            [`${issuer}:sub`]: `system:serviceaccount:${namespace}:${serviceAccount}`,
          },
        },
      }),
      createdRoleArn: (roleName) => `arn:${partition}:iam::${account}:role/${roleName}`,
    });
  }

  /**
   * EKS Pod Identity, with a role that exists and trusts `pods.eks.amazonaws.com`. The ACK controller for EKS makes the
   * association.
   *
   * @throws if the cluster's name or the ARN cannot be one
   */
  public static podIdentity(clusterName: string, roleArn: string): AwsIdentity {
    mustBeNamed('clusterName', clusterName, CLUSTER);
    mustBeNamed('roleArn', roleArn, ROLE_ARN);
    return new AwsIdentity({ clusterName, roleArn });
  }

  /**
   * EKS Pod Identity, with a role that the ACK controller for IAM makes. The ACK controller for EKS makes the association.
   *
   * @throws if the cluster's name cannot be one
   */
  public static podIdentityRole(clusterName: string): AwsIdentity {
    mustBeNamed('clusterName', clusterName, CLUSTER);
    const trust = {
      Effect: 'Allow',
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
    };
    return new AwsIdentity({ clusterName, trust: () => trust });
  }

  /**
   * A service account that others have made, with its rights: by Terraform, eksctl or AWS CDK; or the role of the nodes.
   *
   * @param serviceAccountName its name; by default that of every namespace's own, `default`
   */
  public static existing(serviceAccountName = 'default'): AwsIdentity {
    return new AwsIdentity({ existing: serviceAccountName });
  }

  private constructor(private readonly config: AwsIdentityConfig) {}

  /** @internal */
  public _bind(): AwsIdentityConfig {
    return this.config;
  }
}
