/** Whom a TLS connection trusts, and what it shows. */
export interface TlsIdentity {
  /** Certificates of trusted authorities. */
  readonly ca?: Buffer;
  /** What a client shows. */
  readonly cert?: Buffer;
  readonly key?: Buffer;
}
