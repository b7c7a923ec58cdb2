/** A role, such as one of another account, that the shipper assumes: who needs which permissions then. */
import { stsHost } from '../../../catalog/values/service-names.js';
import { hasToken } from '../../props/token.js';
import type { SinkConfig, SinkEgress, SinkIamStatement } from '../sink-config.js';
import { egressTo } from './endpoint.js';

export interface RoleProps {
  readonly roleArn?: string;
  readonly externalId?: string;
  readonly region?: string;
}

/**
 * The shipper's own role needs nothing but the right to assume the other one. EKS Pod Identity tags its sessions, and the tags go on
 * to each role that they assume, for which AWS demands `sts:TagSession`.
 */
export function asRole(
  { roleArn, externalId, region }: RoleProps,
  iam: SinkIamStatement[],
  egress: SinkEgress[],
): Pick<SinkConfig, 'iam' | 'egress' | 'assumedRoles'> {
  if (roleArn === undefined) return { iam, egress };
  return {
    iam: [{ actions: ['sts:AssumeRole', 'sts:TagSession'], resources: [roleArn] }],
    assumedRoles: [{ roleArn, ...(externalId !== undefined && { externalId }), iam }],
    egress: [...egress, ...(region === undefined ? [] : [egressTo(`https://${stsHost(region)}`)])],
  };
}

/** The account of a role; undefined where it is not known yet. */
export function accountOf(roleArn: string | undefined): string | undefined {
  return roleArn === undefined || hasToken(roleArn) ? undefined : roleArn.split(':')[4];
}
