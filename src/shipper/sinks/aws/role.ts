/** The role of a sink, as its settings have it. */
import { hostname } from 'node:os';

/** A role, such as one of another account, that is assumed with the shipper's own credentials. */
export interface RoleToAssume {
  readonly arn: string;
  readonly externalId: string | undefined;
  /** Who assumes it, in the records of its account. */
  readonly sessionName: string;
}

/** @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
const SESSION_NAME_MAX = 64;
const SESSION_PREFIX = 'logtap-';

/** Undefined without an ARN. */
export function roleToAssume(
  arn: string | undefined,
  externalId: string | undefined,
  { podName = hostname() }: { readonly podName: string | undefined },
): RoleToAssume | undefined {
  if (arn === undefined) return undefined;
  // The end of a pod's name tells it from the others of its workload.
  const end = podName.replace(/[^\w+=,.@-]/g, '-').slice(SESSION_PREFIX.length - SESSION_NAME_MAX);
  return { arn, externalId, sessionName: `${SESSION_PREFIX}${end}` };
}
