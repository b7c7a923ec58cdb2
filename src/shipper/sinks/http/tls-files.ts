/** The identity of a TLS connection as files have it. They are read again when they change. */
import { ReloadedFile } from '../reloaded-file.js';
import type { Network } from './network.js';
import type { TlsIdentity } from './tls-identity.js';

/** Paths; absent ones are not sent, and for `ca` mean the authorities that Node or AWS's own setting names. */
export interface TlsPaths {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

export class TlsFiles {
  readonly #ca: ReloadedFile | undefined;
  readonly #cert: ReloadedFile | undefined;
  readonly #key: ReloadedFile | undefined;
  readonly #aws: Network | undefined;

  /**
   * Throws a ConfigError when a file cannot be read.
   *
   * @param prefix of the settings that name the files, such as `LOGTAP_OTLP`
   * @param aws where the service is one of AWS
   */
  constructor(prefix: string, { ca, cert, key }: TlsPaths, aws?: Network) {
    const file = (setting: string, path: string | undefined) =>
      path === undefined ? undefined : new ReloadedFile(`${prefix}_${setting}`, path);
    this.#ca = file('CA_FILE', ca);
    this.#cert = file('CERT_FILE', cert);
    this.#key = file('KEY_FILE', key);
    this.#aws = aws;
  }

  /** That of now. */
  get identity(): TlsIdentity {
    const ca = this.#ca?.content ?? this.#aws?.awsCa;
    return {
      ...(ca === undefined ? {} : { ca }),
      ...(this.#cert === undefined ? {} : { cert: this.#cert.content }),
      ...(this.#key === undefined ? {} : { key: this.#key.content }),
    };
  }
}
