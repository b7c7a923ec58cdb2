/**
 * Answers to PutObject. Errors are XML with a name in `Code`.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
import { CONFIGURATION_RETRY_MS } from '../../delivery/backoff.js';
import type { Failure } from '../../parts.js';
import { answerWords, credentialsText } from '../aws/error-names.js';
import { type Hint, hintText, pageHint, pageInstead } from '../hints.js';
import type { HttpResponse } from '../http/client.js';

/** `stored`: now, or earlier under the same key. */
export type Answer = 'stored' | Refusal;

export interface Refusal {
  readonly failure: Failure;
  readonly afterMs?: number;
}

const MESSAGE_MAX = 300;
const THROTTLED_RETRY_MS = 1000;
const CREDENTIALS = new Set([
  ...['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'ExpiredToken', 'InvalidToken', 'InvalidSecurity'],
  ...['RequestTimeTooSkewed', 'MissingSecurityHeader', 'TokenRefreshRequired'],
]);
/** Answers that pass by themselves, with any status. */
const PASSING = new Set(['SlowDown', 'ServiceUnavailable', 'InternalError', 'RequestTimeout', 'OperationAborted']);

export function classifyAnswer(response: HttpResponse): Answer {
  const { status, headers, body } = response;
  const name = element(response, 'Code');
  // S3 sends no body. Many web servers give their pages an ETag, too.
  if (status === 200 && headers.etag !== undefined && body.length === 0) return 'stored';
  // With If-None-Match: the key is there. It is made of the ids of all records of the object.
  if (status === 412 && name === 'PreconditionFailed') return 'stored';
  const failure = { code: name ?? (status === 200 ? 'bad_answer' : String(status)), detail: detailOf(response, name) };
  if (name === 'SlowDown' || status === 429) return { failure, afterMs: THROTTLED_RETRY_MS };
  if (status === 501) return { failure, afterMs: CONFIGURATION_RETRY_MS };
  // Another request for the key is under way.
  if (status >= 500 || status === 408 || status === 409 || PASSING.has(name ?? '')) return { failure };
  return { failure, afterMs: CONFIGURATION_RETRY_MS };
}

/** The region of the bucket, where an answer names it. */
function regionIn(response: HttpResponse): string | undefined {
  const named = response.headers['x-amz-bucket-region'] ?? element(response, 'Region');
  return typeof named === 'string' && /^[a-z0-9-]{1,40}$/.test(named) ? named : undefined;
}

/** For the log. */
export function detailOf(response: HttpResponse, name = element(response, 'Code')): string {
  const { status, headers } = response;
  // A redirect of S3 itself names the bucket's region.
  const isOther = status >= 300 && status < 400 && regionIn(response) !== undefined;
  const page = name === undefined && !isOther ? pageInstead(response) : undefined;
  if (page !== undefined) return `answered ${status} with ${page}${hintText(pageHint(status, 'AWS_ENDPOINT_URL_S3'))}`;
  const message = element(response, 'Message') ?? '';
  const hint = hintFor(response, name ?? '', message);
  const id = headers['x-amz-request-id'];
  const words = `${answerWords(status, name, message.slice(0, MESSAGE_MAX))}${hint === undefined ? '' : hintText(hint)}`;
  return `${words}${id === undefined ? '' : ` [request ${id}]`}`;
}

function hintFor(response: HttpResponse, name: string, message: string): Hint | undefined {
  const { status } = response;
  const region = regionIn(response);
  const isElsewhere = (status >= 300 && status < 400) || name === 'AuthorizationHeaderMalformed';
  if (isElsewhere && region !== undefined)
    return { text: `the bucket is in the region ${region}: set AWS_REGION=${region}`, symptom: 'no-such-service' };
  if (name === 'SlowDown' || status === 429)
    return { text: 'S3 takes fewer requests below this prefix at the moment', symptom: 'the-service-is-throttled' };
  if (CREDENTIALS.has(name)) return { text: credentialsText(name, message), symptom: 'the-credentials-are-refused' };
  if (/^KMS/.test(name)) return { text: 'is the KMS key enabled?', symptom: 'every-record-is-refused' };
  if (name === 'AccessDenied' || status === 403)
    return {
      text: 'allow s3:PutObject below the prefix, and kms:GenerateDataKey for its key; is LOGTAP_S3_BUCKET_OWNER right?',
      symptom: 'the-service-forbids-it',
    };
  if (name === 'NoSuchBucket' || status === 404)
    return { text: 'make the bucket, or correct LOGTAP_S3_BUCKET', symptom: 'no-such-service' };
  if (status === 501)
    return {
      text: 'the store does not know If-None-Match, which keeps an object from being stored twice: it cannot be used',
      symptom: 'no-such-service',
    };
  if (status === 200 || status < 400)
    return { text: 'the answer is not that of S3: is the endpoint right?', symptom: 'no-such-service' };
  return status >= 500
    ? { text: 'the service reports a failure of its own: it is retried', symptom: 'the-service-fails' }
    : undefined;
}

/** Of an error in XML. A name that is none would be a new metric. */
function element({ headers, body }: HttpResponse, name: 'Code' | 'Message' | 'Region'): string | undefined {
  if (body.length === 0 || /^text\/html\b/i.test(headers['content-type'] ?? '')) return undefined;
  const text = body.toString('utf8', 0, 4000);
  if (!text.includes('<Error>')) return undefined;
  const [, found] = new RegExp(`<${name}>([^<]*)</${name}>`).exec(text) ?? [];
  return name === 'Code' && found !== undefined && !/^[A-Za-z.]{1,64}$/.test(found) ? 'unknown_error' : found;
}
