import type { SecretKey } from '../sink-config.js';

/** Connection to a service over HTTPS: role and region of signed requests, certificates, compression. */
export interface HttpsSinkProps {
  /**
   * AWS region of the service, such as `eu-central-1`.
   *
   * @default - none
   */
  readonly region?: string;

  /**
   * ARN of a role, such as one of another account, whose rights the shipper has at the service. The shipper assumes it with its
   * own credentials: `Sink.assumedRoles` has the permissions of the role, and `Sink.iam` those of the shipper. Needs signed requests.
   *
   * @default - the shipper's own credentials
   */
  readonly roleArn?: string;

  /**
   * External ID that the trust policy of that role demands: 2 to 1224 letters, digits and `_ + = , . @ : / -`. It is no secret.
   * Needs `roleArn`.
   *
   * @default - none
   * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
   */
  readonly externalId?: string;

  /**
   * ARN of the service's resource, such as a domain, a log group or a pipeline, for the statements of `Sink.iam`. Needs signed requests.
   *
   * @default - all of the region
   */
  readonly resourceArn?: string;

  /**
   * Secret with the certificate, in PEM, that the shipper presents to the service. Needs `clientKeySecret`.
   *
   * @default - no client certificate
   */
  readonly clientCertificateSecret?: SecretKey;

  /**
   * Secret with the key, in PEM, of that certificate.
   *
   * @default - no client certificate
   */
  readonly clientKeySecret?: SecretKey;

  /**
   * Secret with the certificates, in PEM, of the authorities to trust. Mounted only into the shipper.
   *
   * @default - those that Node trusts
   */
  readonly caSecret?: SecretKey;

  /**
   * Whether the shipper compresses requests. Reduces traffic and costs CPU time.
   *
   * @default false
   */
  readonly gzip?: boolean;
}
