/** The role, such as one of another account, that a sink of AWS assumes. */
import { EXTERNAL_ID, type NameRule, ROLE_ARN, stsHost } from '../../catalog/values/service-names.js';
import type { Data } from '../description.js';
import type { Plugin } from '../plugin.js';

/** Names of the same settings in each tool. Absent ones do not exist there. */
export interface RoleKeys {
  readonly role: string;
  readonly externalId?: string;
  readonly stsEndpoint?: string;
}

/** @param name of the sink, such as `sink.cloudWatch` */
export function assumedRole(plugin: Plugin, sink: Data, name: string, keys: RoleKeys): void {
  const roleArn = ruled(plugin, keys.role, `${name}.roleArn`, ROLE_ARN, TRUST);
  if (roleArn !== undefined) sink.roleArn = roleArn;
  if (keys.stsEndpoint !== undefined) stsEndpoint(plugin, keys.stsEndpoint, String(sink.region));
  if (keys.externalId === undefined) return;
  if (roleArn === undefined) {
    plugin.left(keys.externalId, 'an external ID belongs to a role, and the input has none that is usable');
    return;
  }
  const externalId = ruled(plugin, keys.externalId, `${name}.externalId`, EXTERNAL_ID);
  if (externalId !== undefined) sink.externalId = externalId;
}

const TRUST = ': its trust policy must name the role of the pod (docs/guides/credentials.md#a-role-of-another-account)';

function ruled(plugin: Plugin, key: string, property: string, rule: NameRule, more = ''): string | undefined {
  const value = plugin.text(key, `${property}${more}`);
  if (value === undefined || rule.holds(value)) return value;
  plugin.verdicts.left(plugin.entry(key)!, `${property} must ${rule.rule}: ${rule.remedy}`);
  return undefined;
}

function stsEndpoint(plugin: Plugin, key: string, region: string): void {
  const entry = plugin.entry(key);
  if (entry === undefined) return;
  const host = stsHost(region);
  if (entry.value.replace(/^https:\/\/|\/$/g, '') === host) plugin.verdicts.needless(entry, REGIONAL);
  else plugin.verdicts.left(entry, `${REGIONAL}: let ${host} resolve to a VPC endpoint by its private DNS name`);
}

const REGIONAL = 'a role is assumed at the endpoint of the region of the sink';

/** Of a session, in each tool. */
export const ROLE_WHY = {
  session: 'the session has the name of the pod',
  duration: 'credentials of the role last an hour, and the shipper renews them five minutes before they expire',
  policy: 'a session has all rights of its role: limit the permissions of the role instead',
  off: 'no role is assumed here',
} as const;
