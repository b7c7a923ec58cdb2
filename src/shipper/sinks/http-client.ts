/** Requests to one service over kept-alive connections. Knows nothing of retries, but one: a connection that idled away. */
import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { codeOf, failureOf, NoAnswerError } from '../errors.js';

export interface HttpRequest {
  readonly method: string;
  /** With query; follows the path of the base URL. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** For errors: `bulk request`. */
  readonly operation: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpClientOptions {
  readonly url: URL;
  /** Certificates of trusted authorities, in PEM. */
  readonly ca?: Buffer;
  readonly onRequest: (code: string, seconds: number) => void;
}

/** An answer larger than this is none of a log service. */
const RESPONSE_MAX_BYTES = 64 * 1024 * 1024;

const HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: is the service up, and the port right?',
  ENOTFOUND: 'the host name has no address: is it spelt right?',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'no route to the host: is there a network policy or firewall?',
  ETIMEDOUT: 'no answer to the connection attempt: is there a network policy or firewall?',
  EPROTO: 'this is no TLS: should the URL start with http:// ?',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is not signed by an authority that is trusted here',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate is not signed by an authority that is trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate is not signed by an authority that is trusted here',
  CERT_HAS_EXPIRED: "the service's certificate has expired",
};

export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #agent: HttpAgent;
  readonly #path: string;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#agent =
      options.url.protocol === 'https:' ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
    this.#path = options.url.pathname.replace(/\/$/, '');
  }

  /** For logs. */
  get target(): string {
    return `${this.#options.url.origin}${this.#path}`;
  }

  /** Resolves with any whole answer, whatever its status. Throws a NoAnswerError when none came. */
  async request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const started = performance.now();
    try {
      const response = await this.#send(request, signal).catch((error: IdleConnectionError | Error) => {
        // The service closed an idle connection just as it was used again: it has not read the request.
        if (error instanceof IdleConnectionError && !signal.aborted) return this.#send(request, signal);
        throw error;
      });
      this.#options.onRequest(String(response.status), (performance.now() - started) / 1000);
      return response;
    } catch (error) {
      // An abort says why in its reason.
      const { code, detail } = failureOf(signal.aborted ? signal.reason : error);
      this.#options.onRequest(code, (performance.now() - started) / 1000);
      const hint = HINTS[code] === undefined ? '' : ` (${HINTS[code]})`;
      throw new NoAnswerError(
        { code, detail: `${request.operation} to ${this.target}: ${detail}${hint}` },
        { cause: error },
      );
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #send({ method, path, headers, body }: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { url, ca } = this.#options;
    return new Promise((resolve, reject) => {
      const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)({
        agent: this.#agent,
        method,
        hostname: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port,
        path: `${this.#path}${path}` || '/',
        headers: { ...headers, 'content-length': body.length },
        signal,
        ...(ca === undefined ? {} : { ca }),
      });
      request.once('error', (error) => {
        const isIdle = request.reusedSocket && codeOf(error) === 'ECONNRESET';
        reject(isIdle ? new IdleConnectionError(error.message, { cause: error }) : error);
      });
      request.once('response', (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes > RESPONSE_MAX_BYTES)
            response.destroy(new Error(`an answer of more than ${RESPONSE_MAX_BYTES} bytes`));
        });
        response.once('error', reject);
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
        });
      });
      request.end(body);
    });
  }
}

class IdleConnectionError extends Error {
  readonly code = 'ECONNRESET';
}

/** Seconds of a Retry-After header in milliseconds. */
export function retryAfterMs(headers: IncomingHttpHeaders): number | undefined {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}
