/**
 * A referee for AssumeRole: who asks has to sign with the keys that it knows, for its region, within five minutes; the trust policy of a
 * role is one external ID. It shares no code with the shipper.
 *
 * Rules: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AWS_ENV } from './sinks-read-back.js';

const XMLNS = 'https://sts.amazonaws.com/doc/2011-06-15/';
const HOUR_MS = 3_600_000;

export class StsFake {
  /** Of each request that was carried out. */
  readonly calls: Readonly<Record<string, string>>[] = [];
  /** By role: its external ID, '' for none. */
  readonly trust = new Map<string, string>();
  /** Codes of the next answers. */
  readonly faults: (string | 'hang')[] = [];
  /** Lifetime of the credentials that are given next. */
  lifetimeMs = HOUR_MS;
  /** By access key: the secrets that were given. */
  readonly secrets = new Map<string, string>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => this.#answer(request, Buffer.concat(chunks), response));
    });
  }

  static async start(): Promise<StsFake> {
    const fake = new StsFake();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer({ headers }: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const fault = this.faults.shift();
    if (fault === 'hang') return;
    const form = Object.fromEntries(new URLSearchParams(body.toString()));
    const error = fault ?? this.#refusal(headers, body, form);
    response.setHeader('content-type', 'text/xml');
    if (error !== undefined) {
      const message = `${error}: not authorized to perform: sts:AssumeRole on resource: ${form.RoleArn}`;
      response.writeHead(error === 'ServiceUnavailable' ? 503 : 403);
      response.end(
        `<ErrorResponse xmlns="${XMLNS}"><Error><Type>Sender</Type><Code>${error}</Code><Message>${message}</Message></Error></ErrorResponse>`,
      );
      return;
    }
    this.calls.push(form);
    const key = `ASIAROLE${this.calls.length}`;
    this.secrets.set(key, `secret-${this.calls.length}`);
    response.end(
      `<AssumeRoleResponse xmlns="${XMLNS}"><AssumeRoleResult><Credentials><AccessKeyId>${key}</AccessKeyId><SecretAccessKey>${this.secrets.get(key)}</SecretAccessKey><SessionToken>token-${this.calls.length}</SessionToken><Expiration>${new Date(Date.now() + this.lifetimeMs).toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
    );
  }

  #refusal(headers: IncomingMessage['headers'], body: Buffer, form: Readonly<Record<string, string>>) {
    const { RoleArn = '', RoleSessionName = '', ExternalId = '', Action, Version } = form;
    if (headers.authorization !== authorization(headers, body)) return 'SignatureDoesNotMatch';
    if (Action !== 'AssumeRole' || Version !== '2011-06-15') return 'InvalidAction';
    if (!/^[\w+=,.@-]{2,64}$/.test(RoleSessionName)) return 'ValidationError';
    return this.trust.get(RoleArn) === ExternalId ? undefined : 'AccessDenied';
  }
}

/** What another implementation of the signature makes of a request. */
function authorization(headers: IncomingMessage['headers'], body: Buffer): string | undefined {
  const { sign } = require('aws4') as {
    sign: (request: object, keys: object) => { headers: Record<string, string> };
  };
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? [];
  const signed = Object.fromEntries(names.map((name) => [name, headers[name]]));
  const extraHeadersToIgnore = { 'content-length': !names.includes('content-length') };
  const request = { method: 'POST', path: '/', service: 'sts', region: AWS_ENV.AWS_REGION, body, headers: signed };
  return sign(
    { ...request, extraHeadersToIgnore },
    { accessKeyId: AWS_ENV.AWS_ACCESS_KEY_ID, secretAccessKey: AWS_ENV.AWS_SECRET_ACCESS_KEY },
  ).headers.Authorization;
}
