/**
 * CloudWatch Logs over HTTP. PutLogEvents, the hot path, and GetLogEvents are requests of our own with an AWS signature;
 * the official client, which costs more memory than all the rest, loads only when a group or stream has to be made.
 */
import type { RoleToAssume } from '../aws/role.js';
import { AwsSigner } from '../aws/signer.js';
import { HttpClient, type HttpResponse } from '../http/client.js';
import { compress } from '../http/compress.js';
import type { Network } from '../http/network.js';
import type { LogGroupOptions } from './group.js';

export interface CloudWatchApiOptions {
  readonly region: string;
  readonly endpoint: URL;
  readonly network: Network;
  readonly role: RoleToAssume | undefined;
  readonly group: LogGroupOptions;
  /** Compresses requests, until an answer names the encoding as its problem. */
  readonly gzip: boolean;
  readonly onRequest: (code: string, seconds: number) => void;
  readonly onNotice: (message: string) => void;
}

export interface CloudWatchApi {
  /** For messages: group, stream and service. */
  target(logStream: string): string;
  /** Whether `createStream` makes a missing group too. */
  readonly createsGroup: boolean;
  /** Where the credentials came from. */
  readonly credentialSource: string;
  /** Any whole answer. Throws a NoAnswerError when none came. */
  putLogEvents(body: Buffer, signal: AbortSignal, onProgress?: () => void): Promise<HttpResponse>;
  /** A page of a log stream, or any other whole answer. Throws a NoAnswerError when none came. */
  getLogEvents(page: LogPage, signal: AbortSignal): Promise<HttpResponse>;
  /** Makes the stream, and where that is allowed its group. Throws a NoAnswerError saying why not. */
  createStream(logStream: string, signal: AbortSignal): Promise<void>;
  /** Asks for new credentials at the next request. */
  renewCredentials(): void;
  close(): void;
}

/** Of one log stream: from the first time up to, not including, the second, newest first. Without a token the first page. */
export interface LogPage {
  readonly logStreamName: string;
  /** Milliseconds since 1970. */
  readonly startTime: number;
  readonly endTime: number;
  readonly nextToken?: string;
}

const CONTENT_TYPE = 'application/x-amz-json-1.1';
/** The service's bound on the events of a page, which is also its default. */
const PAGE_EVENTS = 10_000;
/** The field of an answer that names the refused events, or an unreadable request. */
const ERROR_BYTES = 1000;

export function createCloudWatchApi(options: CloudWatchApiOptions): CloudWatchApi {
  const { region, endpoint: url, network, role, group, onRequest, onNotice } = options;
  const tls = () => (network.awsCa === undefined ? {} : { ca: network.awsCa });
  const http = new HttpClient({ url, tls, network, onRequest });
  const signer = new AwsSigner('logs', { region, network, role });
  let isCompressing = options.gzip;

  const call = async (
    operation: 'PutLogEvents' | 'GetLogEvents',
    body: Buffer,
    encoding: Readonly<Record<string, string>>,
    signal: AbortSignal,
    onProgress?: () => void,
  ): Promise<HttpResponse> => {
    const headers = { 'content-type': CONTENT_TYPE, 'x-amz-target': `Logs_20140328.${operation}`, ...encoding };
    // A repeated PutLogEvents stores its events twice.
    const request = { method: 'POST', url, path: '', headers, body, operation, isOnce: true } as const;
    const send = async () => http.request({ ...request, headers: await signer.sign(request) }, signal, onProgress);
    const response = await send();
    if (!signer.followClock(response)) return response;
    const again = await send();
    return { ...again, isTaken: response.isTaken === true && again.isTaken === true };
  };
  const put = async (sent: Buffer, signal: AbortSignal, onProgress?: () => void): Promise<HttpResponse> =>
    isCompressing
      ? call('PutLogEvents', await compress(sent), { 'content-encoding': 'gzip' }, signal, onProgress)
      : call('PutLogEvents', sent, {}, signal, onProgress);

  return {
    target: (logStream) => `${group.logGroup}/${logStream} at ${http.target}`,
    createsGroup: group.createGroup,
    get credentialSource() {
      return signer.source;
    },
    async putLogEvents(body, signal, onProgress) {
      const response = await put(body, signal, onProgress);
      if (!isCompressing || !isAboutEncoding(response)) return response;
      isCompressing = false;
      onNotice(`${http.target} takes no gzip: LOGTAP_CLOUDWATCH_GZIP is ignored from now on`);
      return put(body, signal, onProgress);
    },
    getLogEvents(page, signal) {
      const fields = { logGroupName: group.logGroup, ...page, startFromHead: false, limit: PAGE_EVENTS };
      return call('GetLogEvents', Buffer.from(JSON.stringify(fields)), {}, signal);
    },
    async createStream(logStream, signal) {
      const { createLogStream } = await import('./group.js');
      const handler = network.awsHandler;
      await createLogStream({ ...group, logStream, region, url, handler, ...signer.identity, onNotice }, signal);
    },
    renewCredentials: () => signer.renewCredentials(),
    close: () => http.close(),
  };
}

/** An endpoint that does not inflate reads garbage: were it taken at its word, every record would be permanently refused. */
function isAboutEncoding({ status, headers, body }: HttpResponse): boolean {
  if (status === 415) return true;
  const words = `${headers['x-amzn-errortype']} ${body.toString('latin1', 0, ERROR_BYTES)}`;
  return status === 400 && /encoding|gzip|SerializationException|JSON/i.test(words);
}
