/**
 * CloudWatch Logs over HTTP. PutLogEvents, the hot path, is a request of our own with an AWS signature; the official
 * client, which costs more memory than all the rest, loads only when a group or stream has to be made.
 */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { SignatureV4 } from '@smithy/signature-v4';
import { codeOf, messageOf, NoAnswerError } from '../errors.js';
import { HttpClient, type HttpResponse } from './http-client.js';

export interface CloudWatchApiOptions {
  readonly region: string;
  /** Instead of the region's. */
  readonly endpoint: URL | undefined;
  readonly logGroup: string;
  readonly logStream: string;
  readonly createGroup: boolean;
  readonly onRequest: (code: string, seconds: number) => void;
}

export interface CloudWatchApi {
  readonly target: string;
  /** Any whole answer. Throws a NoAnswerError when none came. */
  putLogEvents(body: Buffer, signal: AbortSignal): Promise<HttpResponse>;
  /** Makes the stream, and where that is allowed its group. Throws a NoAnswerError saying why not. */
  createStream(signal: AbortSignal): Promise<void>;
  /** Asks for new credentials at the next request. */
  renewCredentials(): void;
  close(): void;
}

/** The domain of a partition, by the beginning of its regions' codes. */
const DOMAINS: readonly (readonly [string, string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-iso-', 'c2s.ic.gov'],
];
/** A signature is refused when clocks are more than five minutes apart. */
const SKEW_MS = 4 * 60_000;

export function endpointOf(region: string): URL {
  const domain = DOMAINS.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'amazonaws.com';
  return new URL(`https://logs.${region}.${domain}`);
}

export function createCloudWatchApi(options: CloudWatchApiOptions): CloudWatchApi {
  const { region, logGroup, logStream, createGroup, onRequest } = options;
  const url = options.endpoint ?? endpointOf(region);
  const http = new HttpClient({ url, onRequest });
  const chain = () => fromNodeProviderChain({ clientConfig: { region } });
  let credentials = chain();
  /** Added to this machine's clock. */
  let clockOffsetMs = 0;

  const sign = async (body: Buffer): Promise<Record<string, string>> => {
    try {
      const signer = new SignatureV4({ credentials, region, service: 'logs', sha256: Sha256 });
      const { headers } = await signer.sign(
        {
          method: 'POST',
          protocol: url.protocol,
          hostname: url.hostname,
          path: url.pathname.replace(/\/$/, '') || '/',
          headers: {
            host: url.host,
            'content-type': 'application/x-amz-json-1.1',
            'x-amz-target': 'Logs_20140328.PutLogEvents',
          },
          body,
        },
        { signingDate: new Date(Date.now() + clockOffsetMs) },
      );
      return headers;
    } catch (error) {
      const detail = `credentials for PutLogEvents: ${messageOf(error)} (is there a role for the pod's service account, or AWS_ACCESS_KEY_ID?)`;
      throw new NoAnswerError({ code: codeOf(error), detail }, { cause: error });
    }
  };

  const put = async (body: Buffer, signal: AbortSignal) =>
    http.request({ method: 'POST', path: '', headers: await sign(body), body, operation: 'PutLogEvents' }, signal);

  return {
    target: `${logGroup}/${logStream} at ${http.target}`,
    async putLogEvents(body, signal) {
      const response = await put(body, signal);
      const serverMs = Date.parse(response.headers.date ?? '');
      if (response.status < 400 || Math.abs(serverMs - Date.now() - clockOffsetMs) < SKEW_MS) return response;
      if (!/Signature|Expired|Skew/.test(response.body.toString('latin1', 0, 1000)) || Number.isNaN(serverMs)) {
        return response;
      }
      // Only the signature follows the service's clock: the records keep their times.
      clockOffsetMs = serverMs - Date.now();
      return put(body, signal);
    },
    async createStream(signal) {
      const { CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand } = await import(
        '@aws-sdk/client-cloudwatch-logs'
      );
      const client = new CloudWatchLogsClient({
        region,
        endpoint: url.href,
        credentials,
        maxAttempts: 1,
        systemClockOffset: clockOffsetMs,
      });
      const names = { logGroupName: logGroup, logStreamName: logStream };
      /** The name of the error, or `undefined`. */
      const attempt = async (operation: string, send: () => Promise<unknown>): Promise<string | undefined> => {
        try {
          await send();
          return undefined;
        } catch (error) {
          const name = error instanceof Error ? error.name : 'unknown';
          if (name === 'ResourceAlreadyExistsException') return undefined;
          if (name === 'ResourceNotFoundException') return name;
          const detail = `${operation} ${logGroup} at ${http.target}: ${name}: ${messageOf(error)}`;
          throw new NoAnswerError({ code: name, detail }, { cause: error });
        }
      };
      const createStream = () =>
        attempt('CreateLogStream', () => client.send(new CreateLogStreamCommand(names), { abortSignal: signal }));
      try {
        if ((await createStream()) === undefined) return;
        if (!createGroup) {
          const detail = `the log group ${logGroup} does not exist at ${http.target}: make it, or set LOGTAP_CLOUDWATCH_CREATE_GROUP=true`;
          throw new NoAnswerError({ code: 'ResourceNotFoundException', detail });
        }
        await attempt('CreateLogGroup', () =>
          client.send(new CreateLogGroupCommand({ logGroupName: logGroup }), { abortSignal: signal }),
        );
        if ((await createStream()) !== undefined) {
          const detail = `the log group ${logGroup} was made but is not there yet`;
          throw new NoAnswerError({ code: 'ResourceNotFoundException', detail });
        }
      } finally {
        client.destroy();
      }
    },
    renewCredentials() {
      credentials = chain();
    },
    close: () => http.close(),
  };
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
