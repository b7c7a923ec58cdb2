/** The trusted authorities of a TLS connection, and its own certificate. */
export interface TlsIdentity {
  /** Certificates of trusted authorities. */
  readonly ca?: Buffer;
  /** The certificate of a client. */
  readonly cert?: Buffer;
  readonly key?: Buffer;
}
