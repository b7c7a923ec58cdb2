/** What an answer of CloudWatch Logs means. Errors are told by their name: their status is nearly always 400. */
import { CONFIGURATION_RETRY_MS } from '../backoff.js';
import type { HttpResponse } from './http-client.js';

export type Answer =
  | {
      readonly kind: 'accepted';
      readonly rejected: readonly RejectedRange[];
      /** The events are stored, but not who wrote them. */
      readonly entityError?: string;
    }
  /** The log stream, or its group, is not there. */
  | { readonly kind: 'missing'; readonly detail: string }
  /** Something in it is refused: halve it until the event stands alone, then find out whether it is the event. */
  | { readonly kind: 'refused'; readonly reason: string; readonly code: string; readonly detail: string }
  /** The request is longer than somebody on the way takes: halve it, in the end its only event. */
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
    };

/** Events `from` up to, not including, `to` are refused for good. */
export interface RejectedRange {
  readonly from: number;
  readonly to: number;
  readonly reason: 'expired' | 'too_old' | 'too_new';
}

export const THROTTLED_RETRY_MS = 1000;
const EVENT_OVERHEAD_BYTES = 26;

export const THROTTLING: ReadonlySet<string> = new Set([
  'ThrottlingException',
  'Throttling',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'LimitExceededException',
]);
const CREDENTIALS = new Set([
  'UnrecognizedClientException',
  'ExpiredTokenException',
  'ExpiredToken',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
]);

/** `count` events were sent. */
export function classifyAnswer({ status, headers, body }: HttpResponse, count: number): Answer {
  const answer = parse(body);
  if (status === 200) {
    return answer === undefined
      ? {
          kind: 'retry',
          code: 'bad_answer',
          detail: 'the answer is not that of CloudWatch Logs; is the endpoint right?',
        }
      : accepted(answer, count);
  }
  const name = errorName(headers['x-amzn-errortype'], answer);
  const message = String(answer?.message ?? answer?.Message ?? '');
  const id = headers['x-amzn-requestid'];
  const detail = `${status} ${name ?? ''}: ${message}${id === undefined ? '' : ` [request ${id}]`}`;
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
  if (name === 'AccessDeniedException') {
    return {
      kind: 'retry',
      code: name,
      detail: `${detail} (allow logs:PutLogEvents)`,
      afterMs: CONFIGURATION_RETRY_MS,
    };
  }
  return { kind: 'retry', code: name ?? String(status), detail };
}

function accepted({ rejectedLogEventsInfo = {}, rejectedEntityInfo }: AnswerBody, count: number): Answer {
  const rejected = rejectedRanges(rejectedLogEventsInfo, count);
  const entityError = rejectedEntityInfo && String(rejectedEntityInfo.errorType);
  return { kind: 'accepted', rejected, ...(entityError && { entityError }) };
}

interface RejectedInfo {
  readonly tooOldLogEventEndIndex?: number;
  readonly tooNewLogEventStartIndex?: number;
  readonly expiredLogEventEndIndex?: number;
}

/** Ends are exclusive, the start is inclusive; 0 is an index like any other. */
function rejectedRanges(info: RejectedInfo, count: number): readonly RejectedRange[] {
  const expired = info.expiredLogEventEndIndex ?? 0;
  const tooOld = Math.max(expired, info.tooOldLogEventEndIndex ?? 0);
  const tooNew = Math.max(tooOld, info.tooNewLogEventStartIndex ?? count);
  const ranges: readonly RejectedRange[] = [
    { from: 0, to: Math.min(expired, count), reason: 'expired' },
    { from: expired, to: Math.min(tooOld, count), reason: 'too_old' },
    { from: tooNew, to: count, reason: 'too_new' },
  ];
  return ranges.filter(({ from, to }) => from < to);
}

interface AnswerBody {
  readonly __type?: string;
  readonly message?: string;
  readonly Message?: string;
  readonly rejectedLogEventsInfo?: RejectedInfo;
  readonly rejectedEntityInfo?: { readonly errorType?: string };
}

/** `com.amazonaws.logs#ThrottlingException:http://…` to `ThrottlingException`. */
function errorName(header: string | string[] | undefined, answer: AnswerBody | undefined): string | undefined {
  const name = typeof header === 'string' ? header : answer?.__type;
  return name?.split(':')[0]?.split('#').at(-1);
}

function parse(body: Buffer): AnswerBody | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
