/** The services' rules for names and numbers. Constructs check them early, and the shipper checks them at start. */

import { withoutPlaceholders } from './placeholders.js';

/** `rule` reads after "must", `remedy` as a command. */
export interface NameRule {
  readonly holds: (value: string) => boolean;
  readonly rule: string;
  readonly remedy: string;
}

/** @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html */
export const LOG_GROUP: NameRule = {
  holds: (value) => /^[A-Za-z0-9._/#-]{1,512}$/.test(withoutPlaceholders(value)) && !value.startsWith('aws/'),
  rule: 'be 1 to 512 of the characters A-Z a-z 0-9 . - _ / # and not start with aws/, with nothing in braces but {namespace} {label:NAME} {annotation:NAME} {field:NAME}',
  remedy: 'rename the log group',
};

/** Fields allowed in braces in a log stream name: the first four describe the pod, the last two each record. */
const LOG_STREAM_FIELDS = ['namespace', 'pod', 'uid', 'node', 'container', 'stream'] as const;
export type LogStreamField = (typeof LOG_STREAM_FIELDS)[number];
export const LOG_STREAM_FIELD = new RegExp(`\\{(${LOG_STREAM_FIELDS.join('|')})\\}`, 'g');

/** @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html */
export const LOG_STREAM: NameRule = {
  holds: (value) => {
    const literal = withoutPlaceholders(value);
    return /^[^:*]{1,512}$/.test(literal) && /^[^{}]*$/.test(literal.replace(LOG_STREAM_FIELD, ''));
  },
  rule: `be 1 to 512 characters without ':' and '*', with nothing in braces but ${LOG_STREAM_FIELDS.map((name) => `{${name}}`).join(' ')} {label:NAME} {annotation:NAME} {field:NAME}`,
  remedy: 'rename the log stream',
};

/**
 * Retention periods of a log group, in days.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
 */
export const RETENTION_DAYS: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html */
export const LOG_GROUP_CLASSES = ['STANDARD', 'INFREQUENT_ACCESS', 'DELIVERY', 'ESSENTIALS'] as const;

/** @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html */
export const KMS_KEY_ARN: NameRule = {
  holds: (value) => /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/.test(value),
  rule: 'be the ARN of a KMS key',
  remedy: 'write it as arn:aws:kms:REGION:ACCOUNT:key/ID, no alias',
};

/** @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
export const ROLE_ARN: NameRule = {
  holds: (value) => value.length <= 2048 && /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(value),
  rule: 'be the ARN of a role',
  remedy: 'write it as arn:aws:iam::ACCOUNT:role/NAME',
};

/** @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
export const EXTERNAL_ID: NameRule = {
  holds: (value) => /^[\w+=,.@:/-]{2,1224}$/.test(value),
  rule: 'be 2 to 1224 letters, digits and _ + = , . @ : / -',
  remedy: 'copy it from the trust policy of the role',
};

/** A tag as `key=value`, so that keys have no `=`. In the list that the shipper reads, commas end a tag. */
export const LOG_GROUP_TAG: NameRule = {
  holds: (value) => /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/+\-@]{1,128}=[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(value),
  rule: 'be key=value of letters, digits, spaces and _ . : / = + - @ only, the key without = and not starting with aws:',
  remedy: 'rename the tag',
};

/** @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html */
export const LOG_GROUP_TAGS_MAX = 50;

/** @see https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html */
export const DELIVERY_STREAM: NameRule = {
  holds: (value) => /^[\w.-]{1,64}$/.test(withoutPlaceholders(value)),
  rule: 'be 1 to 64 of the characters A-Z a-z 0-9 . _ -, with nothing in braces but {namespace} {label:NAME} {annotation:NAME} {field:NAME}',
  remedy: 'give the name of the stream, not its ARN',
};

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export const S3_BUCKET: NameRule = {
  holds: (value) => /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(value),
  rule: 'be 3 to 63 small letters, digits, hyphens and single dots, with a letter or digit at both ends',
  remedy: 'give the name of the bucket, not its ARN or URL',
};

/** Allowed in braces in the prefix of S3 keys: the time of the first record of an object, the pod, the container of its records. */
export const S3_PREFIX_FIELD = /\{(yyyy|MM|dd|HH|namespace|pod|uid|node|container)\}/g;

/**
 * Only characters that need no escape anywhere. A key has 1024 bytes at most.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
 */
export const S3_PREFIX: NameRule = {
  holds: (value) => /^(?!\/)[\w!.*'()/=-]{0,512}$/.test(withoutPlaceholders(value).replace(S3_PREFIX_FIELD, 'x')),
  rule: "be up to 512 of the characters A-Z a-z 0-9 ! - _ . * ' ( ) / = and not start with /, with nothing in braces but {yyyy} {MM} {dd} {HH} {namespace} {pod} {uid} {node} {container} {label:NAME} {annotation:NAME} {field:NAME}",
  remedy: 'correct the prefix',
};

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export const S3_STORAGE_CLASSES = [
  'STANDARD',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
] as const;

/** `*`: in ARNs, any. */
export const AWS_ACCOUNT: NameRule = {
  holds: (value) => /^\d{12}$/.test(value) || value === '*',
  rule: 'be the 12 digits of an AWS account',
  remedy: 'write it as a string, with leading zeros',
};

/** Only the shape, because AWS opens regions faster than lists are updated. */
export const AWS_REGION: NameRule = {
  holds: (value) => /^[a-z]{2,5}(-[a-z]+){1,3}-\d{1,2}$/.test(value),
  rule: 'be the code of an AWS region',
  remedy: 'use one such as eu-central-1',
};

/** An AWS partition: its name in ARNs, and its service domains. */
export interface AwsPartition {
  readonly name: string;
  readonly domain: string;
  /** Domain of dual-stack (IPv4 and IPv6) endpoints. */
  readonly dualstackDomain: string;
}

type Partition = readonly [prefix: string, name: string, domain: string, dualstackDomain: string];

/** By prefix of the region code. The last entry matches all other regions. */
const AWS_PARTITIONS: readonly Partition[] = [
  ['cn-', 'aws-cn', 'amazonaws.com.cn', 'api.amazonwebservices.com.cn'],
  ['us-gov-', 'aws-us-gov', 'amazonaws.com', 'api.aws'],
  ['eusc-', 'aws-eusc', 'amazonaws.eu', 'api.amazonwebservices.eu'],
  ['us-iso-', 'aws-iso', 'c2s.ic.gov', 'api.aws.ic.gov'],
  ['us-isob-', 'aws-iso-b', 'sc2s.sgov.gov', 'api.aws.scloud'],
  ['eu-isoe-', 'aws-iso-e', 'cloud.adc-e.uk', 'api.cloud-aws.adc-e.uk'],
  ['us-isof-', 'aws-iso-f', 'csp.hci.ic.gov', 'api.aws.hci.ic.gov'],
  ['', 'aws', 'amazonaws.com', 'api.aws'],
];

export function awsPartition(region: string): AwsPartition {
  const [, name, domain, dualstackDomain] = AWS_PARTITIONS.find(([prefix]) => region.startsWith(prefix))!;
  return { name, domain, dualstackDomain };
}

/** Host of CloudWatch Logs in a region. */
export function cloudWatchLogsHost(region: string, { isFips = false, isDualstack = false } = {}): string {
  const { name, domain, dualstackDomain } = awsPartition(region);
  // The ordinary endpoints of GovCloud are validated.
  const service = isFips && (isDualstack || name !== 'aws-us-gov') ? 'logs-fips' : 'logs';
  return `${service}.${region}.${isDualstack ? dualstackDomain : domain}`;
}

/**
 * Host of Amazon Data Firehose in a region.
 *
 * @see https://docs.aws.amazon.com/general/latest/gr/fh.html
 */
export function firehoseHost(region: string, { isFips = false, isDualstack = false } = {}): string {
  const { domain, dualstackDomain } = awsPartition(region);
  return `firehose${isFips ? '-fips' : ''}.${region}.${isDualstack ? dualstackDomain : domain}`;
}

/**
 * Host of Amazon S3 in a region.
 *
 * @see https://docs.aws.amazon.com/general/latest/gr/s3.html
 */
export function s3Host(region: string, { isFips = false, isDualstack = false } = {}): string {
  return `s3${isFips ? '-fips' : ''}${isDualstack ? '.dualstack' : ''}.${region}.${awsPartition(region).domain}`;
}

/** Host of the service that gives the credentials of roles, in a region. */
export function stsHost(region: string): string {
  return `sts.${region}.${awsPartition(region).domain}`;
}

/** Date patterns in braces, such as `{yyyy.MM.dd}`. */
const DATE_PATTERN = /\{(?:yyyy|MM|dd|HH|[-._])+\}/g;

/** @see https://docs.opensearch.org/latest/api-reference/index-apis/create-index/ */
export const OPENSEARCH_INDEX: NameRule = {
  holds: (value) => {
    const literal = withoutPlaceholders(value).replace(DATE_PATTERN, (date) =>
      date.slice(1, -1).replace(/[yMdH]/g, '0'),
    );
    return (
      /^[^-_+A-Z\\/*?"<>|,#:{}\s][^A-Z\\/*?"<>|,#:{}\s]*$/.test(literal) &&
      literal !== '.' &&
      literal !== '..' &&
      Buffer.byteLength(literal) <= 255
    );
  },
  rule: 'be lower case, at most 255 bytes, without \\ / * ? " < > | , # : and spaces, not start with - _ +, and have only yyyy MM dd HH and - . _, or namespace, label:NAME, annotation:NAME, field:NAME in braces',
  remedy: 'rename the index',
};
