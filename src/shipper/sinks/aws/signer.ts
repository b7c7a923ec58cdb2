/** Signs requests to AWS: credentials from where the SDK finds them, a clock that follows the service's. */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { codeOf, messageOf, NoAnswerError } from '../../errors.js';
import { type Hint, hintText } from '../hints.js';
import type { HttpResponse } from '../http/client.js';
import { AwsCredentials, type AwsCredentialsOptions } from './credentials.js';

export interface UnsignedRequest {
  readonly method: string;
  /** Base URL of the service. */
  readonly url: URL;
  /** Follows the path of the base URL. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** For errors: `bulk request`. */
  readonly operation: string;
}

/** A signature is refused when clocks are more than five minutes apart. */
const SKEW_MS = 4 * 60_000;
/** Where an answer names its error. */
const ERROR_BYTES = 1000;

const NO_CREDENTIALS: Hint = {
  text: "is there a role for the pod's service account, or AWS_ACCESS_KEY_ID?",
  symptom: 'there-are-no-credentials',
};

export class AwsSigner {
  readonly #region: string;
  readonly #service: string;
  readonly #credentials: AwsCredentials;
  /** Added to this machine's clock. */
  #clockOffsetMs = 0;

  constructor(service: string, options: Omit<AwsCredentialsOptions, 'now'>) {
    this.#region = options.region;
    this.#service = service;
    this.#credentials = new AwsCredentials({ ...options, now: () => Date.now() + this.#clockOffsetMs });
  }

  /** The headers to send, those given among them. Throws a NoAnswerError where there are no credentials. */
  async sign({
    method,
    url,
    path,
    query = {},
    headers,
    body,
    operation,
  }: UnsignedRequest): Promise<Record<string, string>> {
    try {
      const credentials = await this.#credentials.provider();
      // The path of a key is escaped once, and signed as it is: S3 alone does not escape it again.
      const signer = new SignatureV4({
        credentials,
        region: this.#region,
        service: this.#service,
        sha256: Sha256,
        uriEscapePath: this.#service !== 's3',
      });
      const signed = await signer.sign(
        {
          method,
          protocol: url.protocol,
          hostname: url.hostname,
          path: `${url.pathname.replace(/\/$/, '')}${path}` || '/',
          query: { ...query },
          headers: { ...headers, host: url.host },
          body,
        },
        { signingDate: new Date(Date.now() + this.#clockOffsetMs) },
      );
      return signed.headers;
    } catch (error) {
      if (error instanceof NoAnswerError) {
        const { code, detail, retryAfterMs } = error;
        const words = `credentials for ${operation}: ${detail}`;
        throw new NoAnswerError(
          { code, detail: words, ...(retryAfterMs !== undefined && { retryAfterMs }) },
          { cause: error },
        );
      }
      const detail = `credentials for ${operation}: ${messageOf(error)}${hintText(NO_CREDENTIALS)}`;
      throw new NoAnswerError({ code: codeOf(error), detail }, { cause: error });
    }
  }

  /**
   * Whether the answer says that the signature's time is wrong and the clock was set by it: then the same request is
   * worth another signature. Records keep their times.
   */
  followClock({ status, headers, body }: HttpResponse): boolean {
    const serverMs = Date.parse(headers.date ?? '');
    if (status < 400 || Number.isNaN(serverMs)) return false;
    if (Math.abs(serverMs - Date.now() - this.#clockOffsetMs) < SKEW_MS) return false;
    if (!/Signature|Expired|Skew/i.test(body.toString('latin1', 0, ERROR_BYTES))) return false;
    this.#clockOffsetMs = serverMs - Date.now();
    return true;
  }

  /** Where the last credentials came from, for errors. */
  get source(): string {
    return this.#credentials.source;
  }

  /** Signed with the same credentials and clock, for the official client. */
  get identity() {
    return { credentials: this.#credentials.provider, systemClockOffset: this.#clockOffsetMs };
  }

  /** Asks for new credentials at the next request. */
  renewCredentials(): void {
    this.#credentials.renew();
  }
}

/** SHA-256 and its HMAC in the shape that the signer wants. */
class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const key = ArrayBuffer.isView(secret) || typeof secret === 'string' ? secret : new Uint8Array(secret ?? []);
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', key as NodeJS.ArrayBufferView);
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}
