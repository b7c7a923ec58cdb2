/** Requests to one service over kept-alive connections. Knows nothing of retries, but one: a connection that idled away. */

import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { codeOf, failureOf, NoAnswerError } from '../../errors.js';
import { hintText, networkHint } from '../hints.js';
import { withMaxAge } from './connection-age.js';
import { Network } from './network.js';
import { proxyHeaders } from './proxy-agent.js';
import type { TlsIdentity } from './tls-identity.js';

export interface HttpRequest {
  readonly method: string;
  /** Follows the path of the base URL. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** For errors: `bulk request`. */
  readonly operation: string;
  /** A request that may have been carried out is not repeated, even when its connection had been idle. */
  readonly isOnce?: true;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The request was sent before, and that time no answer came. */
  readonly isRepeated?: true;
  /** Whether the system has all bytes of the request, so that its body is read no more. */
  readonly isTaken?: boolean;
}

export interface HttpClientOptions {
  readonly url: URL;
  /** Asked at each request; a connection made with another identity is not used again. */
  readonly tls?: () => TlsIdentity;
  /** @default without a proxy */
  readonly network?: Network;
  readonly onRequest: (code: string, seconds: number) => void;
  /** @default 5 minutes */
  readonly connectionMaxMs?: number;
}

/** An answer larger than this is none of a log service. */
const RESPONSE_MAX_BYTES = 16 * 1024 * 1024;
/** Code of the error that ends it. */
export const ANSWER_TOO_LARGE = 'answer_too_large';
/** Written at a time: a way that takes 9 KB/s makes progress within the patience of an attempt. Each one costs the same CPU time, of any size. */
export const PIECE_BYTES = 256 * 1024;
/** Bytes of an error answer. The shipper does not wait for more. */
const ERROR_MAX_BYTES = 64 * 1024;
const RETRY_AFTER_MAX_MS = 5 * 60_000;

type Decoder = (body: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;
const gunzipped: Decoder = promisify<Buffer, object, Buffer>(gunzip);
const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: gunzipped,
  'x-gzip': gunzipped,
  deflate: promisify<Buffer, object, Buffer>(inflate),
  br: promisify<Buffer, object, Buffer>(brotliDecompress),
};

export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #agent: HttpAgent;
  /** Where requests to an `http://` service are given to. */
  readonly #proxy: URL | undefined;
  readonly #path: string;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    const { url, network = Network.direct, connectionMaxMs } = options;
    this.#proxy = network.httpProxyFor(url);
    const isTls = (this.#proxy ?? url).protocol === 'https:';
    this.#agent = withMaxAge(isTls ? network.httpsAgent() : new HttpAgent({ keepAlive: true }), connectionMaxMs);
    this.#path = options.url.pathname.replace(/\/$/, '');
  }

  /** For logs. */
  get target(): string {
    return `${this.#options.url.origin}${this.#path}`;
  }

  /** Resolves with any whole answer, of any status. Throws a NoAnswerError when none came. */
  async request(request: HttpRequest, signal: AbortSignal, onProgress = () => {}): Promise<HttpResponse> {
    const started = performance.now();
    const sent = { isWhole: false };
    const send = () => this.#send(request, sent, signal, onProgress);
    try {
      const response = await send().catch((error: IdleConnectionError | Error) => {
        if (error instanceof IdleConnectionError) this.#closeIdle();
        // The service closed an idle connection just as it was used again: most likely it has not read the request.
        if (!(error instanceof IdleConnectionError) || signal.aborted || (request.isOnce && sent.isWhole)) throw error;
        return send().then((again): HttpResponse => ({ ...again, isRepeated: true }));
      });
      this.#options.onRequest(String(response.status), (performance.now() - started) / 1000);
      return response;
    } catch (error) {
      // An abort says why in its reason.
      const { code, detail } = failureOf(signal.aborted ? signal.reason : error);
      this.#options.onRequest(code, (performance.now() - started) / 1000);
      const hint = networkHint(code, this.#options.url.protocol === 'http:');
      const words = `${request.operation} to ${this.target}: ${detail}${hint === undefined ? '' : hintText(hint)}`;
      throw new NoAnswerError({ code, detail: words, isSent: sent.isWhole }, { cause: error });
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  /** The others idled as long as one that was closed: each would cost the next request an attempt. */
  #closeIdle(): void {
    const idle = Object.values(this.#agent.freeSockets).flatMap((sockets) => sockets ?? []);
    for (const socket of idle) socket.destroy();
  }

  #send(
    { method, path, query = {}, headers, body }: HttpRequest,
    sent: { isWhole: boolean },
    signal: AbortSignal,
    onProgress: () => void,
  ): Promise<HttpResponse> {
    const { url, tls } = this.#options;
    const search = Object.entries(query)
      .map(([name, value]) => `${name}=${escapeUri(value)}`)
      .join('&');
    const proxy = this.#proxy;
    const to = proxy ?? url;
    const target = `${`${this.#path}${path}` || '/'}${search === '' ? '' : `?${search}`}`;
    const wasWhole = sent.isWhole;
    return new Promise((resolve, reject) => {
      const isTls = to.protocol === 'https:';
      const request = (isTls ? httpsRequest : httpRequest)({
        agent: this.#agent,
        method,
        hostname: to.hostname.replace(/^\[|\]$/g, ''),
        port: to.port,
        path: proxy === undefined ? target : `${url.origin}${target}`,
        headers: {
          ...headers,
          'content-length': body.length,
          ...(proxy !== undefined && { host: url.host, ...proxyHeaders(proxy) }),
        },
        signal,
        ...(url.protocol === 'https:' ? tls?.() : {}),
      });
      let isAnswered = false;
      let isUntaken = false;
      request.on('error', (error: NodeJS.ErrnoException) => {
        // From the head of an answer on, its own end says what came of it.
        if (isAnswered) return;
        // The system has not taken the bytes of a write that fails, so the service has a part of the request at most.
        isUntaken = error.syscall === 'write' && !request.writableFinished;
        if (isUntaken) sent.isWhole = wasWhole;
        const isIdle = request.reusedSocket && CLOSED_BY_PEER.includes(codeOf(error));
        reject(isIdle ? new IdleConnectionError(error) : error);
      });
      request.once('response', (response) => {
        isAnswered = true;
        receive(response).then((answer) => {
          const isTaken = request.writableFinished;
          // A service that refuses a request may read its body no more, and keep the connection.
          if (answer.status >= 300 && !isTaken) request.destroy();
          resolve({ ...answer, isTaken });
        }, reject);
      });
      // Without a listener the connection is closed, and the request hears nothing.
      request.once('upgrade', ({ statusCode, headers }, socket) => {
        socket.destroy();
        resolve({ status: statusCode!, headers, body: Buffer.alloc(0) });
      });
      const ended = writeBody(request, body, onProgress);
      // Not at `finish`: where the process waits for a CPU, the error of its connection comes first.
      Promise.all([connected(request, isTls), ended]).then(() => {
        sent.isWhole ||= !isUntaken;
      });
    });
  }
}

/**
 * An answer, whole. Of an error's body no more than its beginning is read, and one that breaks off ends there: the status says enough.
 * Any other that breaks off, or is too long, is an error.
 */
function receive(response: IncomingMessage): Promise<HttpResponse> {
  const status = response.statusCode ?? 0;
  const { headers } = response;
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    const end = () => {
      const answer = plainOf(Buffer.concat(chunks), status, headers);
      answer.then((body) => resolve({ status, headers, body }), reject);
    };
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (status >= 400 && bytes > ERROR_MAX_BYTES) {
        end();
        response.destroy();
      } else if (bytes > RESPONSE_MAX_BYTES) {
        const error = new Error(`an answer of more than ${RESPONSE_MAX_BYTES} bytes`);
        response.destroy(Object.assign(error, { code: ANSWER_TOO_LARGE }));
      }
    });
    response.on('error', (error) => (status >= 400 ? end() : reject(error)));
    response.once('end', end);
  });
}

/** A body as it was before it was compressed: a proxy may do so unasked. */
async function plainOf(body: Buffer, status: number, headers: IncomingHttpHeaders): Promise<Buffer> {
  const decode = DECODERS[headers['content-encoding']?.trim().toLowerCase() ?? ''];
  if (decode === undefined || body.length === 0) return body;
  try {
    return await decode(body, { maxOutputLength: RESPONSE_MAX_BYTES });
  } catch (error) {
    // The status of an error says enough.
    if (status >= 400) return Buffer.alloc(0);
    throw error;
  }
}

/** Resolves once the request has a connection that is made. */
function connected(request: ClientRequest, isTls: boolean): Promise<void> {
  return new Promise((resolve) => {
    request.once('socket', (socket) => {
      if (request.reusedSocket) resolve();
      else socket.once(isTls ? 'secureConnect' : 'connect', resolve);
    });
  });
}

/**
 * Piece by piece, so that a slow way is told from one that hangs: each one that the kernel has taken is progress. Resolves when the
 * last one is given to the connection.
 */
function writeBody(request: ClientRequest, body: Buffer, onProgress: () => void): Promise<void> {
  return new Promise((resolve) => {
    let at = 0;
    const more = () => {
      if (at > 0) onProgress();
      const piece = body.subarray(at, at + PIECE_BYTES);
      at += piece.length;
      if (at < body.length) {
        request.write(piece, (error) => error || more());
        return;
      }
      request.end(piece);
      resolve();
    };
    more();
  });
}

/** As RFC 3986 and AWS's signatures have it. */
function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** EPIPE: it is told after the end of the peer's own bytes. */
const CLOSED_BY_PEER: readonly string[] = ['ECONNRESET', 'EPIPE'];

class IdleConnectionError extends Error {
  readonly code: string;
  constructor(cause: Error) {
    super(cause.message, { cause });
    this.code = codeOf(cause);
  }
}

/** A Retry-After header, in seconds or as a date, in milliseconds; at most five minutes. */
export function retryAfterMs(headers: IncomingHttpHeaders, now = Date.now()): number | undefined {
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), RETRY_AFTER_MAX_MS) : undefined;
}
