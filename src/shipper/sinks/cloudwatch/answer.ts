/** The meaning of an answer of CloudWatch Logs. Errors differ by name: their status is nearly always 400. */

import { CONFIGURATION_RETRY_MS } from '../../delivery/backoff.js';
import { answerWords, CREDENTIALS, credentialsText, errorName, SERVER_ERRORS, THROTTLING } from '../aws/error-names.js';
import { type Hint, hintText, pageHint, pageInstead } from '../hints.js';
import type { HttpResponse } from '../http/client.js';
import { jsonObject } from '../http/json-answer.js';
import { EVENT_OVERHEAD_BYTES } from './events.js';

export type Answer =
  | {
      readonly kind: 'accepted';
      readonly rejected: readonly RejectedRange[];
      /** The events are stored, but not who wrote them. */
      readonly entityError?: string;
    }
  /** The log stream, or its group, is not there. */
  | { readonly kind: 'missing'; readonly detail: string }
  /** Something in it is refused: halve it until the event is alone, then find out whether it is the event. */
  | { readonly kind: 'refused'; readonly reason: string; readonly code: string; readonly detail: string }
  /** The request is longer than a proxy on the way takes: halve it, in the end its only event. */
  | { readonly kind: 'too_large'; readonly detail: string }
  /** An event is longer than the service takes, which is now known. */
  | { readonly kind: 'event_too_large'; readonly messageMaxBytes: number; readonly detail: string }
  | {
      readonly kind: 'retry';
      readonly code: string;
      readonly detail: string;
      readonly afterMs?: number;
      /** The credentials are refused. */
      readonly renewCredentials?: true;
      /** The answer does not say whether the events are stored. */
      readonly isLost?: true;
    };

/** Events `from` up to, not including, `to` are permanently refused. */
export interface RejectedRange {
  readonly from: number;
  readonly to: number;
  readonly reason: 'expired' | 'too_old' | 'too_new';
}

/** Of the service's own words in the log. */
const MESSAGE_MAX = 500;
export const THROTTLED_RETRY_MS = 1000;

/** `count` events were sent. */
export function classifyAnswer(response: HttpResponse, count: number): Answer {
  const { status, headers, body } = response;
  const answer: AnswerBody | undefined = jsonObject(body);
  const type = headers['x-amzn-errortype'];
  if (status === 200 && type === undefined && answer !== undefined && isOfPutLogEvents(answer)) {
    return accepted(answer, count);
  }
  const name = errorName(type, answer);
  const page = name === undefined ? pageInstead(response) : undefined;
  if (status === 200 && name === undefined)
    return badAnswer(page === undefined ? NOT_CLOUDWATCH : pageText(status, page));
  const isLost = status === 200 || status === 408 || status >= 500 || SERVER_ERRORS.has(name ?? '');
  const lost = isLost ? ({ isLost } as const) : {};
  const message = [answer?.message, answer?.Message].find((words) => typeof words === 'string') ?? '';
  const id = headers['x-amzn-requestid'];
  const hint = hintFor(status, name ?? '', message);
  const words =
    page === undefined
      ? `${answerWords(status, name, message.slice(0, MESSAGE_MAX))}${hint === undefined ? '' : hintText(hint)}`
      : pageText(status, page);
  const detail = `${words}${id === undefined ? '' : ` [request ${id}]`}`;
  if (status === 200) return { kind: 'retry', code: name ?? 'bad_answer', detail, ...lost };
  if (name === 'ResourceNotFoundException') return { kind: 'missing', detail };
  if (name === 'DataAlreadyAcceptedException') return { kind: 'accepted', rejected: [] };
  if (name === 'InvalidParameterException' || name === 'SerializationException') {
    const limit = /exceeds limit of (\d+)/.exec(message)?.[1];
    if (message.includes('Log event too large') && limit !== undefined) {
      return { kind: 'event_too_large', messageMaxBytes: Number(limit) - EVENT_OVERHEAD_BYTES, detail };
    }
    return { kind: 'refused', reason: 'invalid_parameter', code: name, detail };
  }
  if (status === 413) return { kind: 'too_large', detail };
  if (status === 429 || (name !== undefined && THROTTLING.has(name))) {
    return { kind: 'retry', code: name ?? '429', detail, afterMs: THROTTLED_RETRY_MS };
  }
  if (name !== undefined && CREDENTIALS.has(name)) {
    return { kind: 'retry', code: name, detail, afterMs: CONFIGURATION_RETRY_MS, renewCredentials: true };
  }
  if (name === 'AccessDeniedException') return { kind: 'retry', code: name, detail, afterMs: CONFIGURATION_RETRY_MS };
  return { kind: 'retry', code: name ?? String(status), detail, ...lost };
}

const NOT_CLOUDWATCH = `the answer is not that of CloudWatch Logs${hintText({ text: 'is the endpoint right?', symptom: 'no-such-service' })}`;

const pageText = (status: number, page: string) =>
  `answered ${status} with ${page}${hintText(pageHint(status, 'AWS_ENDPOINT_URL_CLOUDWATCH_LOGS'))}`;

/** None for an answer that the sink acts on by itself. */
function hintFor(status: number, name: string, message: string): Hint | undefined {
  if (status === 429 || THROTTLING.has(name))
    return {
      text: 'the quota of the account is reached: it is retried; raise the quota, or send less',
      symptom: 'the-service-is-throttled',
    };
  if (CREDENTIALS.has(name)) return { text: credentialsText(name, message), symptom: 'the-credentials-are-refused' };
  if (name === 'AccessDeniedException') return { text: 'allow logs:PutLogEvents', symptom: 'the-service-forbids-it' };
  if (name === '' && (status === 401 || status === 403))
    return { text: 'this is no answer of AWS: does a proxy or firewall forbid it?', symptom: 'the-service-forbids-it' };
  if (name === '' && (status === 404 || status === 405))
    return { text: 'this is no answer of AWS: is the endpoint right?', symptom: 'no-such-service' };
  if (status >= 500 || SERVER_ERRORS.has(name))
    return { text: 'the service reports a failure of its own: it is retried', symptom: 'the-service-fails' };
  return undefined;
}

function badAnswer(detail: string): Answer {
  return { kind: 'retry', code: 'bad_answer', detail, isLost: true };
}

/** Fields of a success. */
const SUCCESS: readonly string[] = ['nextSequenceToken', 'rejectedLogEventsInfo', 'rejectedEntityInfo'];
/** Fields of an error, of AWS or of a proxy before it. */
const FAILURE: readonly string[] = [
  '__type',
  'message',
  'Message',
  'code',
  'Code',
  'error',
  'errors',
  'Error',
  'Errors',
];

/** A success says nothing, or something that it can say; and what may come to that in a later version, but no error. */
function isOfPutLogEvents(answer: object): boolean {
  const names = Object.keys(answer);
  if (names.some((name) => FAILURE.includes(name))) return false;
  return names.length === 0 || names.some((name) => SUCCESS.includes(name));
}

function accepted({ rejectedLogEventsInfo, rejectedEntityInfo }: AnswerBody, count: number): Answer {
  const rejected = rejectedRanges(rejectedLogEventsInfo ?? {}, count);
  if (rejected === undefined) return badAnswer('the events that it names as rejected cannot be');
  if (rejectedEntityInfo === undefined || rejectedEntityInfo === null) return { kind: 'accepted', rejected };
  const { errorType } = rejectedEntityInfo as { readonly errorType?: unknown };
  return { kind: 'accepted', rejected, entityError: typeof errorType === 'string' ? errorType : 'unknown' };
}

/**
 * Ends are exclusive, the start is inclusive; 0 is an index like any other. Undefined where no `count` events can have been
 * rejected so: an index that is none of them, an event that is too old and too new.
 */
function rejectedRanges(info: unknown, count: number): readonly RejectedRange[] | undefined {
  if (typeof info !== 'object' || info === null || Array.isArray(info)) return undefined;
  const { expiredLogEventEndIndex, tooOldLogEventEndIndex, tooNewLogEventStartIndex } = info as RejectedInfo;
  const expired = expiredLogEventEndIndex ?? 0;
  const old = tooOldLogEventEndIndex ?? 0;
  const tooNew = tooNewLogEventStartIndex ?? count;
  const isIndex = (index: unknown): index is number => Number.isInteger(index) && (index as number) >= 0;
  if (!isIndex(expired) || !isIndex(old) || !isIndex(tooNew)) return undefined;
  const tooOld = Math.max(expired, old);
  if (tooOld > tooNew || tooNew > count) return undefined;
  const ranges: readonly RejectedRange[] = [
    { from: 0, to: expired, reason: 'expired' },
    { from: expired, to: tooOld, reason: 'too_old' },
    { from: tooNew, to: count, reason: 'too_new' },
  ];
  return ranges.filter(({ from, to }) => from < to);
}

interface RejectedInfo {
  readonly tooOldLogEventEndIndex?: unknown;
  readonly tooNewLogEventStartIndex?: unknown;
  readonly expiredLogEventEndIndex?: unknown;
}

interface AnswerBody {
  readonly __type?: unknown;
  readonly message?: unknown;
  readonly Message?: unknown;
  readonly rejectedLogEventsInfo?: unknown;
  readonly rejectedEntityInfo?: unknown;
}

/** Refusals of an event, unless one that is right is refused, too. */
export const ABOUT_THE_EVENT: ReadonlySet<Answer['kind']> = new Set(['refused', 'too_large', 'event_too_large']);

/** Messages are not shortened below this size: a refusal of one that is so small has another reason. */
const MESSAGE_MIN_BYTES = 1024;

/**
 * Whether it is the event that is refused. Where the service refuses an event that is right, too, it is about the
 * request: a key, an entity, a name. Then dropping records one by one would not help, and an operator has to fix it.
 */
export function judge(refusal: Answer, probe: Answer): Answer {
  if (probe.kind === 'accepted' || !('detail' in refusal)) return refusal;
  if (probe.kind === 'retry') return probe;
  const detail = `${refusal.detail} (with any event: is the KMS key enabled, are the names right?)`;
  const code = 'code' in refusal ? refusal.code : refusal.kind === 'too_large' ? '413' : 'InvalidParameterException';
  return { kind: 'retry', code, detail, afterMs: CONFIGURATION_RETRY_MS };
}

/** 0 where half of it is not worth another request. */
export function halfOf(bytes: number): number {
  return bytes < 2 * MESSAGE_MIN_BYTES ? 0 : Math.floor(bytes / 2);
}
