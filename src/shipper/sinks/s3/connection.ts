/** Requests to one bucket, signed with the shipper's credentials or those of a role. */
import { createHash } from 'node:crypto';
import type { S3_SETTINGS } from '../../../catalog/sinks/s3.js';
import { s3Host } from '../../../catalog/values/service-names.js';
import { roleToAssume } from '../aws/role.js';
import { Signing } from '../aws/signing.js';
import { HttpClient, type HttpResponse } from '../http/client.js';
import { Network } from '../http/network.js';
import type { SettingsOf, SinkContext } from '../sink-context.js';

export type S3Settings = SettingsOf<keyof typeof S3_SETTINGS, 's3Bucket' | 'awsRegion'>;

export class S3Connection {
  readonly #url: URL;
  readonly #http: HttpClient;
  readonly #signing: Signing;
  /** Of every object. */
  readonly #headers: Readonly<Record<string, string>>;
  readonly #owner: Readonly<Record<string, string>>;

  /** Throws a ConfigError when a file that a setting names cannot be read. */
  constructor({ settings, secrets, onRequest }: SinkContext<S3Settings>) {
    const { s3StorageClass, s3KmsKeyArn, s3BucketOwner, awsRegion: region } = settings;
    const network = new Network(settings, secrets);
    const tls = () => (network.awsCa === undefined ? {} : { ca: network.awsCa });
    this.#url = urlOf(settings);
    this.#http = new HttpClient({ url: this.#url, tls, network, onRequest });
    this.#signing = new Signing(
      's3',
      region,
      network,
      roleToAssume(settings.s3RoleArn, settings.s3ExternalId, settings),
    );
    this.#owner = s3BucketOwner === undefined ? {} : { 'x-amz-expected-bucket-owner': s3BucketOwner };
    this.#headers = {
      ...this.#owner,
      'if-none-match': '*',
      ...(s3StorageClass !== undefined && { 'x-amz-storage-class': s3StorageClass }),
      ...(s3KmsKeyArn !== undefined && {
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': s3KmsKeyArn,
      }),
    };
  }

  /** For logs. */
  get target(): string {
    return this.#http.target;
  }

  /** Writes the object unless its key is there. Any whole answer. Throws a NoAnswerError when none came. */
  put(key: string, type: string, body: Buffer, signal: AbortSignal, onProgress?: () => void): Promise<HttpResponse> {
    const checksum = createHash('sha256').update(body).digest('base64');
    const headers = { ...this.#headers, 'content-type': type, 'x-amz-checksum-sha256': checksum };
    const path = `/${key.split('/').map(escaped).join('/')}`;
    const request = { method: 'PUT', url: this.#url, path, headers, body, operation: 'PutObject' };
    return this.#signing.send(this.#http, request, signal, onProgress);
  }

  headBucket(signal: AbortSignal): Promise<HttpResponse> {
    const body = Buffer.alloc(0);
    const request = { method: 'HEAD', url: this.#url, path: '', headers: this.#owner, body, operation: 'HeadBucket' };
    return this.#signing.send(this.#http, request, signal);
  }

  close(): void {
    this.#http.close();
  }
}

/** The bucket is part of the host, but where the certificate of S3 would not hold for it, or the host is not S3's. */
function urlOf({
  s3Bucket: bucket,
  s3Endpoint,
  awsRegion,
  awsUseFips: isFips,
  awsUseDualstack: isDualstack,
}: S3Settings) {
  if (s3Endpoint !== undefined) return new URL(`${s3Endpoint.href.replace(/\/$/, '')}/${bucket}`);
  const host = s3Host(awsRegion, { isFips, isDualstack });
  return new URL(bucket.includes('.') ? `https://${host}/${bucket}` : `https://${bucket}.${host}`);
}

/** As RFC 3986 and AWS's signatures have it. */
const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
