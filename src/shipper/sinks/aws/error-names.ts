/** Errors of AWS services that speak JSON: they differ by name, as their status is nearly always 400. */
import type { HttpResponse } from '../http/client.js';
import { jsonObject } from '../http/json-answer.js';

export const THROTTLING: ReadonlySet<string> = new Set([
  'ThrottlingException',
  'Throttling',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'LimitExceededException',
]);
/** Their status may be 400. */
export const SERVER_ERRORS: ReadonlySet<string> = new Set([
  'ServiceUnavailableException',
  'ServiceUnavailable',
  'InternalFailure',
  'InternalServerError',
]);
export const CREDENTIALS: ReadonlySet<string> = new Set([
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

/** For a hint. */
export function credentialsText(name: string, message: string): string {
  if (/expired/i.test(name) || /token .*expired/i.test(message)) {
    return 'the temporary keys have ended: are they renewed? Use a role of the service account';
  }
  if (/signature/i.test(name)) return 'the secret key is wrong, or the clock is';
  if (/^Missing/.test(name)) return 'the request came without a signature: does a proxy remove it?';
  return 'the keys are wrong, or of another account or partition';
}

/** Of an answer, for the log: `503`, or `400 ThrottlingException: Rate exceeded`. */
export function answerWords(status: number, name: string | undefined, message: string): string {
  const code = name === undefined ? `${status}` : `${status} ${name}`;
  return message === '' ? code : `${code}: ${message}`;
}

/** The error of an answer of any operation; `undefined` where it names none. */
export function errorNameOf({ headers, body }: HttpResponse): string | undefined {
  return errorName(headers['x-amzn-errortype'], jsonObject(body));
}

/** `com.amazonaws.logs#ThrottlingException:http://…` to `ThrottlingException`. A name that is none would be a new metric. */
export function errorName(
  header: string | string[] | undefined,
  answer: { readonly __type?: unknown } | undefined,
): string | undefined {
  const name = typeof header === 'string' ? header : answer?.__type;
  if (typeof name !== 'string') return undefined;
  const short = name.split(':')[0]?.split('#').at(-1) ?? '';
  return /^[A-Za-z]{1,64}$/.test(short) ? short : 'unknown_error';
}
