/** Where a sink connects to, and how AWS names things there. */

import type { SinkEgress } from '../sink-config.js';
import { hasToken } from '../token.js';

/** Start of a region's code, its partition, the domain of its services. */
const PARTITIONS: readonly (readonly [string, string, string])[] = [
  ['cn-', 'aws-cn', 'amazonaws.com.cn'],
  ['us-gov-', 'aws-us-gov', 'amazonaws.com'],
  ['eusc-', 'aws-eusc', 'amazonaws.eu'],
  ['us-isob-', 'aws-iso-b', 'sc2s.sgov.gov'],
  ['us-iso-', 'aws-iso', 'c2s.ic.gov'],
  ['', 'aws', 'amazonaws.com'],
];

function partitionOf(region: string) {
  return PARTITIONS.find(([prefix]) => region.startsWith(prefix))!;
}

/** Domain of the public endpoints of a region. */
export function domainOf(region: string): string {
  return partitionOf(region)[2];
}

/** ARN of something at AWS. The region may be a token of AWS CDK, which is taken to be in the partition `aws`. */
export function arn(service: string, region: string, account: string, resource: string): string {
  return `arn:${partitionOf(region)[1]}:${service}:${region}:${account}:${resource}`;
}

/** A URL with a token has no parts yet: it is taken for a host that listens for https. */
export function egressTo(url: string): SinkEgress {
  if (hasToken(url)) return { host: url.replace(/^https?:\/\//, ''), port: 443 };
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
}
