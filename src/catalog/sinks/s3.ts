/** Settings of the sink `s3`: an archive of compressed objects in a bucket. */
import { setting } from '../setting.js';
import { AWS_ACCOUNT, KMS_KEY_ARN, S3_BUCKET, S3_PREFIX, S3_STORAGE_CLASSES } from '../values/service-names.js';
import * as value from '../values/setting-values.js';
import { externalIdSetting, roleArnSetting, roleRules } from './assumed-role.js';
import { CLOUDWATCH_SETTINGS } from './cloudwatch.js';
import type { SinkEntry } from './sink.js';

const S3_ROLE_ARN = roleArnSetting('LOGTAP_S3_ROLE_ARN', 'S3');

export const S3_SETTINGS = {
  s3Bucket: setting({
    name: 'LOGTAP_S3_BUCKET',
    help: 'Bucket. It must exist. Records wait in `LOGTAP_SPOOL_DIR`, which this sink needs.',
    parse: value.named(S3_BUCKET),
  }),
  s3Prefix: setting({
    name: 'LOGTAP_S3_PREFIX',
    default: '{yyyy}/{MM}/{dd}/{namespace}/{pod}/',
    help: 'Beginning of the keys of objects. `{yyyy}`, `{MM}`, `{dd}` and `{HH}` are replaced by the UTC time of the first record of an object, `{namespace}`, `{pod}`, `{uid}` and `{node}` by the values of the pod, `{container}` by that of the records, with objects of their own for each container. `{label:NAME}`, `{annotation:NAME}` and `{field:NAME}` are replaced, at start, by a label or an annotation of the pod, or by one of `LOGTAP_STATIC_FIELDS`.',
    parse: value.named(S3_PREFIX),
  }),
  s3Compression: setting({
    name: 'LOGTAP_S3_COMPRESSION',
    default: 'gzip',
    help: 'Compression of objects: `gzip`, or `zstd`, for which Node 22.15 or later is needed, as in the image.',
    parse: value.oneOf(['gzip', 'zstd']),
  }),
  s3ObjectBytes: setting({
    name: 'LOGTAP_S3_OBJECT_BYTES',
    default: String(8 * 1024 * 1024),
    help: 'Size of an object before compression, about: the shipper writes an object once it has records for it, or after `LOGTAP_S3_OBJECT_SECONDS`. It needs about three times as much memory.',
    parse: value.integer(64 * 1024, 64 * 1024 * 1024),
  }),
  s3ObjectSeconds: setting({
    name: 'LOGTAP_S3_OBJECT_SECONDS',
    default: '60',
    help: 'Longest time that a record waits for its object to fill. The shipper waits no longer while it stops, or when the buffer is half full.',
    parse: value.integer(1, 3600),
  }),
  s3StorageClass: setting({
    name: 'LOGTAP_S3_STORAGE_CLASS',
    defaultMeaning: '`STANDARD`',
    help: 'Storage class of objects.',
    parse: value.oneOf(S3_STORAGE_CLASSES),
  }),
  s3KmsKeyArn: setting({
    name: 'LOGTAP_S3_KMS_KEY_ARN',
    defaultMeaning: "the bucket's own encryption",
    help: 'KMS key that encrypts objects. Needs the permission `kms:GenerateDataKey`.',
    parse: value.named(KMS_KEY_ARN),
  }),
  s3BucketOwner: setting({
    name: 'LOGTAP_S3_BUCKET_OWNER',
    defaultMeaning: 'any',
    help: 'AWS account that the bucket must belong to: 12 digits. S3 refuses requests if it does not.',
    parse: value.named({ ...AWS_ACCOUNT, holds: (text) => /^\d{12}$/.test(text) }),
  }),
  s3RoleArn: S3_ROLE_ARN,
  s3ExternalId: externalIdSetting('LOGTAP_S3_EXTERNAL_ID', S3_ROLE_ARN),
  s3Endpoint: setting({
    name: 'AWS_ENDPOINT_URL_S3',
    aliases: ['AWS_ENDPOINT_URL'],
    defaultMeaning: 'the endpoint of the region',
    help: 'Another endpoint, such as a VPC endpoint or an emulator. The bucket follows in the path.',
    parse: value.url,
  }),
} as const;

export const S3 = {
  title: 'Amazon S3',
  settings: S3_SETTINGS,
  needed: [
    [S3_SETTINGS.s3Bucket, 'my-archive'],
    [CLOUDWATCH_SETTINGS.awsRegion, 'eu-central-1'],
  ],
  rules: roleRules(S3_SETTINGS.s3RoleArn, S3_SETTINGS.s3ExternalId),
} as const satisfies SinkEntry;
