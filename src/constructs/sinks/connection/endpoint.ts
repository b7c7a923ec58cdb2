/** Endpoints of sinks, and AWS ARNs. */
import { awsPartition } from '../../../catalog/values/service-names.js';
import { hasToken } from '../../props/token.js';
import type { SinkEgress } from '../sink-config.js';

/** ARN of an AWS resource. A region that is an AWS CDK token counts as part of the partition `aws`. */
export function arn(service: string, region: string, account: string, resource: string): string {
  return `arn:${awsPartition(region).name}:${service}:${region}:${account}:${resource}`;
}

/** A URL with a token has no parts yet, so it counts as a host that listens for https. */
export function egressTo(url: string): SinkEgress {
  if (hasToken(url)) return { host: url.replace(/^https?:\/\//, ''), port: 443 };
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
}
