/** What another implementation of AWS's signature makes of a request. */
import type { IncomingHttpHeaders } from 'node:http';
import { AWS_ENV } from './sinks-read-back.js';

export interface SignedRequest {
  readonly method: string;
  /** As it was sent, with its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Whether the request is signed for the service and the region with the keys of AWS_ENV. */
export function isSigned(service: string, region: string, { method, path, headers, body }: SignedRequest): boolean {
  const { sign } = require('aws4') as {
    sign: (request: object, keys: object) => { headers: Record<string, string> };
  };
  const given = headers.authorization ?? '';
  if (!given.includes(`/${region}/${service}/aws4_request`)) return false;
  const names = /SignedHeaders=([^,]+)/.exec(given)?.[1]?.split(';') ?? [];
  const signed = Object.fromEntries(names.map((name) => [name, headers[name]]));
  // The length is signed by some clients and not by others.
  const extraHeadersToIgnore = { 'content-length': !names.includes('content-length') };
  const keys = { accessKeyId: AWS_ENV.AWS_ACCESS_KEY_ID, secretAccessKey: AWS_ENV.AWS_SECRET_ACCESS_KEY };
  const again = sign(
    { method, path, service, region, headers: signed, extraHeadersToIgnore, ...(body.length > 0 && { body }) },
    keys,
  );
  return again.headers.Authorization === given;
}
