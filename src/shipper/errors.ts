/** One class per reaction: a ConfigError ends the start, a ProtocolError a connection, a NoAnswerError an attempt. */
import type { Failure } from './parts.js';

/** The settings cannot work: exit code 78. Each problem names the value, the rule and the remedy. */
export class ConfigError extends Error {
  constructor(
    readonly problems: readonly string[],
    options?: ErrorOptions,
  ) {
    super(problems.join('\n'), options);
    this.name = 'ConfigError';
  }
}

/** A peer broke the frame format: its connection is closed and counted under `reason`, a code from a small set. */
export class ProtocolError extends Error {
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
    this.name = 'ProtocolError';
  }
}

/** A service gave no usable answer: the whole batch is retried. */
export class NoAnswerError extends Error implements Failure {
  readonly code: string;
  readonly detail: string;
  /** Least time to wait before the next attempt. */
  readonly retryAfterMs: number | undefined;
  /** The whole request had left: the service may have carried it out. */
  readonly isSent: boolean;
  constructor(
    failure: Failure & { readonly retryAfterMs?: number; readonly isSent?: boolean },
    options?: ErrorOptions,
  ) {
    super(failure.detail, options);
    this.name = 'NoAnswerError';
    this.code = failure.code;
    this.detail = failure.detail;
    this.retryAfterMs = failure.retryAfterMs;
    this.isSent = failure.isSent ?? false;
  }
}

/**
 * The failure in any thrown value. Depends on the shape, not the class: a sink may come from a bundle of its own, or
 * from a user.
 */
export function failureOf(error: unknown): Failure {
  const { detail } = (error ?? {}) as { readonly detail?: unknown };
  if (isDefect(error))
    return { code: codeOf(error), detail: `${messageOf(error)} (an error in the sink's code${placeOf(error)})` };
  return { code: codeOf(error), detail: typeof detail === 'string' ? detail : messageOf(error) };
}

/** Errors that the language itself throws. The one of `fetch`, for a network, has a cause. */
const OF_THE_LANGUAGE: ReadonlySet<string> = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError']);

/** Whether only a change of the code repairs it. Another attempt ends in the same way, unless other records are the reason. */
export function isDefect(error: unknown): boolean {
  const { name, cause } = (error ?? {}) as { readonly name?: unknown; readonly cause?: unknown };
  return typeof name === 'string' && OF_THE_LANGUAGE.has(name) && cause === undefined;
}

/** The innermost function and line. */
function placeOf(error: unknown): string {
  const { stack } = error as { readonly stack?: unknown };
  const line = String(stack)
    .split('\n')
    .find((each) => /^\s+at /.test(each));
  return line === undefined ? '' : `, ${line.trim()}`;
}

/** The code of a system error, such as `ECONNREFUSED`, or else the error's name. */
export function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}

/** Whether a call to the system failed. */
export const isSystemError = (error: unknown): boolean =>
  (error as { readonly errno?: unknown } | undefined)?.errno !== undefined;

export function messageOf(error: unknown): string {
  const { message, errors } = (error ?? {}) as { readonly message?: unknown; readonly errors?: unknown };
  // A failed connection to a name with several addresses throws this.
  if (message === '' && Array.isArray(errors)) return errors.map(messageOf).join('; ');
  return typeof message === 'string' ? message : String(error);
}
