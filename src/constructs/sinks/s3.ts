/** Properties of the sink that archives in Amazon S3, and its permissions. */
import { CLOUDWATCH_SETTINGS } from '../../catalog/sinks/cloudwatch.js';
import { S3_SETTINGS } from '../../catalog/sinks/s3.js';
import { awsPartition, s3Host } from '../../catalog/values/service-names.js';
import { bind } from './bind.js';
import { asRole } from './connection/assumed-role.js';
import { egressTo } from './connection/endpoint.js';
import type { SinkConfig } from './sink-config.js';

/** Compression of objects in Amazon S3. */
export enum S3Compression {
  /** `gzip`. */
  GZIP = 'gzip',
  /** `zstd`. */
  ZSTD = 'zstd',
}

/**
 * Storage class of objects in Amazon S3.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
 */
export enum S3StorageClass {
  /** `STANDARD`. */
  STANDARD = 'STANDARD',
  /** `STANDARD_IA`. */
  STANDARD_IA = 'STANDARD_IA',
  /** `ONEZONE_IA`. */
  ONEZONE_IA = 'ONEZONE_IA',
  /** `INTELLIGENT_TIERING`. */
  INTELLIGENT_TIERING = 'INTELLIGENT_TIERING',
  /** `GLACIER_IR`. */
  GLACIER_IR = 'GLACIER_IR',
  /** `GLACIER`. */
  GLACIER = 'GLACIER',
  /** `DEEP_ARCHIVE`. */
  DEEP_ARCHIVE = 'DEEP_ARCHIVE',
}

/** Properties of the Amazon S3 sink. */
export interface S3SinkProps {
  /**
   * Name of a bucket: 3 to 63 small letters, digits, hyphens and dots. It must exist.
   *
   * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
   */
  readonly bucket: string;

  /** AWS region of the bucket, such as `eu-central-1`. */
  readonly region: string;

  /**
   * Beginning of the keys of objects. `{yyyy}`, `{MM}`, `{dd}` and `{HH}` are replaced by the UTC time of the first record of an
   * object; `{namespace}`, `{pod}`, `{uid}`, `{node}` and `{container}` by their values, as are `{label:NAME}`, `{annotation:NAME}` and
   * `{field:NAME}`. With `{container}`, each container has objects of its own.
   *
   * @default '{yyyy}/{MM}/{dd}/{namespace}/{pod}/'
   */
  readonly prefix?: string;

  /**
   * Compression of objects.
   *
   * @default S3Compression.GZIP
   */
  readonly compression?: S3Compression;

  /**
   * Size of an object before compression, in bytes, about: 65536 to 67108864. The shipper needs about three times as much memory.
   *
   * @default 8388608
   */
  readonly objectBytes?: number;

  /**
   * Longest time that a record waits for its object to fill, in seconds: 1 to 3600.
   *
   * @default 60
   */
  readonly objectSeconds?: number;

  /**
   * Storage class of objects.
   *
   * @default - `STANDARD`
   */
  readonly storageClass?: S3StorageClass;

  /**
   * ARN of the KMS key that encrypts objects.
   *
   * @default - the bucket's own encryption
   */
  readonly kmsKeyArn?: string;

  /**
   * AWS account that the bucket must belong to: 12 digits. S3 refuses requests if it does not.
   *
   * @default - any
   */
  readonly bucketOwner?: string;

  /**
   * ARN of a role, such as one of another account, whose rights the shipper has at S3. The shipper assumes it with its own
   * credentials: `Sink.assumedRoles` has the permissions of the role, and `Sink.iam` those of the shipper.
   *
   * @default - the shipper's own credentials
   */
  readonly roleArn?: string;

  /**
   * External ID that the trust policy of that role demands: 2 to 1224 letters, digits and `_ + = , . @ : / -`. It is no secret.
   * Needs `roleArn`.
   *
   * @default - none
   */
  readonly externalId?: string;

  /**
   * Endpoint to use instead of the region's public one, such as a VPC endpoint or an emulator in a test.
   *
   * @default - the endpoint of the region
   */
  readonly endpoint?: string;
}

export function s3(props: S3SinkProps): SinkConfig {
  const { bucket, region, prefix = S3_SETTINGS.s3Prefix.default, kmsKeyArn, endpoint } = props;
  const of = S3_SETTINGS;
  const bound = bind('s3', [
    { property: 'region', setting: CLOUDWATCH_SETTINGS.awsRegion, value: region },
    { property: 'bucket', setting: of.s3Bucket, value: bucket },
    { property: 'prefix', setting: of.s3Prefix, value: props.prefix },
    { property: 'compression', setting: of.s3Compression, value: props.compression },
    { property: 'objectBytes', setting: of.s3ObjectBytes, value: props.objectBytes },
    { property: 'objectSeconds', setting: of.s3ObjectSeconds, value: props.objectSeconds },
    { property: 'storageClass', setting: of.s3StorageClass, value: props.storageClass },
    { property: 'kmsKeyArn', setting: of.s3KmsKeyArn, value: kmsKeyArn },
    { property: 'bucketOwner', setting: of.s3BucketOwner, value: props.bucketOwner },
    { property: 'roleArn', setting: of.s3RoleArn, value: props.roleArn },
    { property: 'externalId', setting: of.s3ExternalId, value: props.externalId },
    { property: 'endpoint', setting: of.s3Endpoint, value: endpoint },
  ]);
  const iam = [
    { actions: ['s3:PutObject'], resources: [`arn:${awsPartition(region).name}:s3:::${bucket}/${prefix}*`] },
    ...(kmsKeyArn === undefined ? [] : [{ actions: ['kms:GenerateDataKey'], resources: [kmsKeyArn] }]),
  ];
  const host = bucket.includes('.') ? s3Host(region) : `${bucket}.${s3Host(region)}`;
  return { ...bound, ...asRole(props, iam, [egressTo(endpoint ?? `https://${host}`)]) };
}
