/**
 * CloudWatch Logs over HTTP. PutLogEvents, the hot path, is a request of our own with an AWS signature; the official
 * client, which costs more memory than all the rest, loads only when a group or stream has to be made.
 */
import { AwsSigner } from '../aws/signer.js';
import { HttpClient, type HttpResponse } from '../http/client.js';
import { compress } from '../http/compress.js';
import type { Network } from '../http/network.js';
import type { LogGroupOptions } from './group.js';

export interface CloudWatchApiOptions {
  readonly region: string;
  readonly endpoint: URL;
  readonly network: Network;
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
  /** Makes the stream, and where that is allowed its group. Throws a NoAnswerError saying why not. */
  createStream(logStream: string, signal: AbortSignal): Promise<void>;
  /** Asks for new credentials at the next request. */
  renewCredentials(): void;
  close(): void;
}

const HEADERS = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Logs_20140328.PutLogEvents' };
const OPERATION = 'PutLogEvents';
/** The field of an answer that names the refused events, or an unreadable request. */
const ERROR_BYTES = 1000;

export function createCloudWatchApi(options: CloudWatchApiOptions): CloudWatchApi {
  const { region, endpoint: url, network, group, onRequest, onNotice } = options;
  const tls = () => (network.awsCa === undefined ? {} : { ca: network.awsCa });
  const http = new HttpClient({ url, tls, network, onRequest });
  const signer = new AwsSigner(region, 'logs', network);
  let isCompressing = options.gzip;

  const put = async (sent: Buffer, signal: AbortSignal, onProgress?: () => void): Promise<HttpResponse> => {
    const body = isCompressing ? await compress(sent) : sent;
    const encoding = isCompressing ? { 'content-encoding': 'gzip' } : {};
    const request = { method: 'POST', url, path: '', headers: { ...HEADERS, ...encoding }, body, operation: OPERATION };
    const send = async () => http.request({ ...request, headers: await signer.sign(request) }, signal, onProgress);
    const response = await send();
    return signer.followClock(response) ? send() : response;
  };

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
