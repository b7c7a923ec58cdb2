/**
 * Answers to PutRecordBatch. A request is taken as a whole or in parts: a 200 has the fate of each record, in their order.
 *
 * @see https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
 */
import { CONFIGURATION_RETRY_MS } from '../../delivery/backoff.js';
import type { Failure } from '../../parts.js';
import { answerWords, CREDENTIALS, credentialsText, errorName, SERVER_ERRORS, THROTTLING } from '../aws/error-names.js';
import { type Hint, hintText, pageHint, pageInstead } from '../hints.js';
import type { HttpResponse } from '../http/client.js';
import { jsonObject } from '../http/json-answer.js';

export type Answer =
  /** `failed` of the records, by their place in the request, are not stored. */
  | { readonly kind: 'taken'; readonly failed: readonly FailedRecord[] }
  /** Something in it is refused: halve it until the record is alone. */
  | { readonly kind: 'refused'; readonly failure: Failure; readonly words: string }
  | { readonly kind: 'too_large'; readonly failure: Failure }
  | {
      readonly kind: 'retry';
      readonly failure: Failure;
      readonly afterMs?: number;
      readonly renewCredentials?: true;
      /** The answer does not say whether the records are stored. */
      readonly isLost?: true;
    };

export interface FailedRecord {
  readonly index: number;
  readonly code: string;
}

/** Of the service's own words in the log. */
const MESSAGE_MAX = 500;
export const THROTTLED_RETRY_MS = 1000;
/** Names for a request that breaks a rule: of its records, or of the stream's configuration. */
const REFUSALS: ReadonlySet<string> = new Set([
  'InvalidArgumentException',
  'ValidationException',
  'SerializationException',
]);

/** `count` records were sent. */
export function classifyAnswer(response: HttpResponse, count: number): Answer {
  const { status, headers, body } = response;
  const answer = jsonObject(body);
  const name = errorName(headers['x-amzn-errortype'], answer);
  if (status === 200 && name === undefined) {
    const failed = answer === undefined ? undefined : failedIn(answer, count);
    return failed === undefined ? badAnswer(response) : { kind: 'taken', failed };
  }
  const message = [answer?.message, answer?.Message].find((words) => typeof words === 'string') ?? '';
  const failure = { code: name ?? String(status), detail: detailOf(response, name, message as string) };
  const isLost = status === 200 || status === 408 || status >= 500 || SERVER_ERRORS.has(name ?? '');
  if (isLost) return { kind: 'retry', failure, isLost };
  if (status === 413) return { kind: 'too_large', failure };
  if (name !== undefined && REFUSALS.has(name)) return { kind: 'refused', failure, words: message as string };
  if (status === 429 || THROTTLING.has(name ?? '')) return { kind: 'retry', failure, afterMs: THROTTLED_RETRY_MS };
  const renew = CREDENTIALS.has(name ?? '') ? ({ renewCredentials: true } as const) : {};
  return { kind: 'retry', failure, afterMs: CONFIGURATION_RETRY_MS, ...renew };
}

/** Undefined where it is no answer to so many records. */
function failedIn(answer: Readonly<Record<string, unknown>>, count: number): readonly FailedRecord[] | undefined {
  const { FailedPutCount: failures, RequestResponses: entries } = answer;
  if (!Array.isArray(entries) || entries.length !== count) return undefined;
  const failed: FailedRecord[] = [];
  for (const [index, entry] of (entries as readonly unknown[]).entries()) {
    const { RecordId: id, ErrorCode: code } = (entry ?? {}) as { readonly RecordId?: unknown; ErrorCode?: unknown };
    // A name that is none would be a new metric.
    if (typeof code === 'string' && code !== '') failed.push({ index, code: errorName(code, undefined)! });
    else if (typeof id !== 'string' || id === '') return undefined;
  }
  return failures === failed.length ? failed : undefined;
}

const NO_FIREHOSE: Hint = {
  text: 'the answer is not that of Firehose: is the endpoint right?',
  symptom: 'no-such-service',
};

function badAnswer(response: HttpResponse): Answer {
  const page = pageInstead(response);
  const words =
    page === undefined ? `answered 200, but not as Firehose does${hintText(NO_FIREHOSE)}` : pageText(200, page);
  const failure = { code: 'bad_answer', detail: words };
  return { kind: 'retry', failure, afterMs: CONFIGURATION_RETRY_MS, isLost: true };
}

const pageText = (status: number, page: string) =>
  `answered ${status} with ${page}${hintText(pageHint(status, 'AWS_ENDPOINT_URL_FIREHOSE'))}`;

/** For the log. */
function detailOf(response: HttpResponse, name: string | undefined, message: string): string {
  const { status, headers } = response;
  const page = name === undefined ? pageInstead(response) : undefined;
  const hint = hintFor(status, name ?? '', message);
  const words =
    page === undefined
      ? `${answerWords(status, name, message.slice(0, MESSAGE_MAX))}${hint === undefined ? '' : hintText(hint)}`
      : pageText(status, page);
  const id = headers['x-amzn-requestid'];
  return `${words}${id === undefined ? '' : ` [request ${id}]`}`;
}

function hintFor(status: number, name: string, message: string): Hint | undefined {
  if (status === 429 || THROTTLING.has(name))
    return { text: 'the quota of the stream is reached: raise it, or send less', symptom: 'the-service-is-throttled' };
  if (CREDENTIALS.has(name)) return { text: credentialsText(name, message), symptom: 'the-credentials-are-refused' };
  if (name === 'AccessDeniedException')
    return { text: 'allow firehose:PutRecordBatch', symptom: 'the-service-forbids-it' };
  if (name === 'ResourceNotFoundException')
    return {
      text: 'make the stream, or correct LOGTAP_FIREHOSE_STREAM, AWS_REGION or the account of the credentials',
      symptom: 'no-such-service',
    };
  if (/^InvalidKMSResource|^KMS/.test(name))
    return {
      text: 'is the key of the stream enabled, and may the stream use it?',
      symptom: 'every-record-is-refused',
    };
  if (REFUSALS.has(name) || name === 'InvalidSourceException')
    return { text: 'is the source of the stream DirectPut?', symptom: 'every-record-is-refused' };
  if (name === '' && (status === 401 || status === 403))
    return { text: 'this is no answer of AWS: does a proxy or firewall forbid it?', symptom: 'the-service-forbids-it' };
  if (name === '' && status < 500) return NO_FIREHOSE;
  if (status >= 500 || SERVER_ERRORS.has(name))
    return { text: 'the service reports a failure of its own: it is retried', symptom: 'the-service-fails' };
  return undefined;
}
