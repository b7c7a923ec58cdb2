/** What a service answers instead of its records: the error with its remedy, and whether reading again may help. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errors } from '@opensearch-project/opensearch';
import { codeOf, messageOf } from '../../shipper/errors.js';
import { hintText, networkHint, pageHint, pageInstead } from '../../shipper/sinks/hints.js';
import { NO_OPENSEARCH, WRONG_USER } from '../../shipper/sinks/opensearch/words.js';

export class UnreadableError extends Error {
  constructor(
    message: string,
    /** Whether the service answers with an error of the moment. */
    readonly isTransient: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'UnreadableError';
  }
}

/** Reads in a row that fail without having come further. */
const ATTEMPTS = 6;
const FIRST_WAIT_MS = 500;

/** Repeats `read` while the service is busy or fails. `progress` says how far it has come, and so that it does. */
export async function untilRead<T>(
  read: () => Promise<T>,
  { onNotice, progress = () => 0 }: { readonly onNotice: (message: string) => void; readonly progress?: () => number },
): Promise<T> {
  let failures = 0;
  for (let before = progress(); ; before = progress()) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof UnreadableError && error.isTransient)) throw error;
      failures = progress() === before ? failures + 1 : 1;
      if (failures === ATTEMPTS) throw error;
      const ms = FIRST_WAIT_MS * 2 ** (failures - 1);
      onNotice(`${error.message}. The audit goes on in ${ms / 1000} s`);
      await sleep(ms);
    }
  }
}

/** An error of OpenSearch's client. @param isBegun whether the service has answered before: then any failure is one of the moment */
export function unreadable(error: unknown, operation: string, isBegun: boolean): UnreadableError {
  if (!(error instanceof errors.ResponseError)) {
    // OpenSSL adds its own place in further lines.
    const [words = ''] = messageOf(error).split('\n');
    const hint = networkHint(networkCode(words, codeOf(error)));
    return new UnreadableError(`${operation}: ${words}${hint === undefined ? '' : hintText(hint)}`, isBegun, {
      cause: error,
    });
  }
  const { statusCode = 0, body, headers } = error;
  const text = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? ''));
  const page = pageInstead({ status: statusCode, headers: headers ?? {}, body: text });
  const isTransient = statusCode === 408 || statusCode === 429 || statusCode >= 500 || isLostView(body);
  const words =
    page === undefined
      ? `${reasonOf(body)}${hintFor(statusCode, body)}`
      : ` with ${page}${hintText(pageHint(statusCode, 'LOGTAP_OPENSEARCH_URL'))}`;
  return new UnreadableError(`${operation} answered ${statusCode}${words}`, isTransient, { cause: error });
}

/** The client keeps the words of an error and drops its code. */
const CODES: readonly (readonly [words: RegExp, code: string])[] = [
  [/timed out/i, 'timeout'],
  [/certificate has expired/, 'CERT_HAS_EXPIRED'],
  [/does not match certificate/, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  [/certificate/, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
];

const networkCode = (words: string, name: string): string =>
  /\b(E[A-Z_]{4,})\b/.exec(words)?.[1] ?? CODES.find(([each]) => each.test(words))?.[1] ?? name;

/** An answer that is none of a search. */
export const unknownAnswer = (operation: string, body: unknown): UnreadableError => {
  const text = Buffer.from(typeof body === 'string' ? body : '');
  const page = pageInstead({ status: 200, headers: {}, body: text });
  return new UnreadableError(
    page === undefined
      ? `${operation}: the answer is not that of a search${hintText(NO_OPENSEARCH)}`
      : `${operation} answered 200 with ${page}${hintText(pageHint(200, 'LOGTAP_OPENSEARCH_URL'))}`,
    false,
  );
};

interface EngineError {
  readonly type?: string;
  readonly reason?: string;
  readonly root_cause?: readonly EngineError[];
}

const REASON_MAX = 300;

function causeOf(body: unknown): EngineError {
  const error = (body as { error?: EngineError | string } | undefined)?.error;
  if (typeof error === 'string') return { reason: error };
  return error?.root_cause?.[0] ?? error ?? {};
}

function reasonOf(body: unknown): string {
  const { type, reason } = causeOf(body);
  const words = [type, reason].filter((each) => each !== undefined).join(': ');
  const text = words === '' && typeof body === 'string' ? body : words;
  return text === '' ? '' : ` ${text.slice(0, REASON_MAX)}`;
}

/** The node that kept the view has ended, or the view was not used for minutes. */
const isLostView = (body: unknown) => causeOf(body).type === 'search_context_missing_exception';

function hintFor(status: number, body: unknown): string {
  const { type = '' } = causeOf(body);
  if (status === 401) return hintText(WRONG_USER);
  if (type === 'cluster_block_exception')
    return hintText({
      text: 'clear the block of the index, such as index.blocks.read',
      symptom: 'the-index-is-blocked',
    });
  if (status === 403)
    return hintText({
      text: "the user lacks a right: its role needs 'read' on the indices, and 'indices:data/read/scroll*' on the cluster",
      symptom: 'the-service-forbids-it',
    });
  if (status === 404 || status === 405 || (status >= 300 && status < 400)) return hintText(NO_OPENSEARCH);
  return '';
}
