/**
 * Answers of an OTLP endpoint. The ones to records, field numbers in brackets:
 *
 *     2xx            ExportLogsServiceResponse: partial_success [1] { rejected_log_records [1], error_message [2] }, or empty
 *     400            google.rpc.Status: code [1], message [2]
 *
 * As Protocol Buffers, or as JSON from those who answer so.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
import type { Symptom } from '../../../catalog/runbook.js';
import { type Hint, hintText, pageHint, pageInstead } from '../hints.js';
import type { HttpResponse } from '../http/client.js';
import { jsonObject } from '../http/json-answer.js';
import { readMessage } from './wire.js';

export interface Taken {
  /** The answer does not say which of the records. */
  readonly rejected: number;
  readonly message: string;
}

/** Of a service's own words in our log. */
const MESSAGE_MAX = 200;
const ALL_TAKEN: Taken = { rejected: 0, message: '' };

/** Undefined where it is no answer to so many records. */
export function takenOf(response: HttpResponse, records: number): Taken | undefined {
  const { headers, body } = response;
  // An empty page is one of a proxy or a web server.
  if (body.length === 0) return pageInstead(response) === undefined ? ALL_TAKEN : undefined;
  const taken = isJson(headers['content-type']) ? ofJson(body) : ofMessage(body);
  return taken !== undefined && taken.rejected <= records ? taken : undefined;
}

function ofMessage(body: Buffer): Taken | undefined {
  const partial = readMessage(body)?.get(1);
  if (!(partial instanceof Uint8Array)) return undefined;
  const fields = readMessage(partial);
  const rejected = fields?.get(1) ?? 0;
  const message = fields?.get(2) ?? '';
  if (fields === undefined || typeof rejected !== 'number' || typeof message === 'number') return undefined;
  return { rejected, message: Buffer.from(message as Uint8Array).toString() };
}

function ofJson(body: Buffer): Taken | undefined {
  const answer = jsonObject(body);
  if (answer === undefined) return undefined;
  const partial = answer.partialSuccess ?? {};
  if (typeof partial !== 'object') return undefined;
  const { rejectedLogRecords = 0, errorMessage = '' } = partial as Readonly<Record<string, unknown>>;
  // 64 bits are a string in JSON.
  const rejected = Number(rejectedLogRecords);
  if (!Number.isSafeInteger(rejected) || rejected < 0) return undefined;
  return { rejected, message: String(errorMessage) };
}

/** The words of an error; undefined where the endpoint itself has not said it: a proxy must not cost a single record. */
export function errorIn({ headers, body }: HttpResponse): string | undefined {
  if (isJson(headers['content-type'])) {
    const { message } = jsonObject(body) ?? {};
    return typeof message === 'string' ? message : undefined;
  }
  if (!/^application\/x-protobuf\b/i.test(headers['content-type'] ?? '')) return undefined;
  const fields = readMessage(body);
  if (fields === undefined) return undefined;
  const message = fields.get(2);
  return message instanceof Uint8Array ? Buffer.from(message).toString() : '';
}

const isJson = (type: string | undefined): boolean => /^application\/json\b/i.test(type ?? '');

export const shortened = (text: string): string => text.slice(0, MESSAGE_MAX);

/** For the log: a status, or an answer that is none of the protocol. */
export function describe(response: HttpResponse): string {
  const { status } = response;
  const page = pageInstead(response);
  if (page !== undefined) return `answered ${status} with ${page}${hintText(pageHint(status, 'LOGTAP_OTLP_URL'))}`;
  if (status < 300) return `answered ${status}, but not as OTLP does${hintText(NO_OTLP)}`;
  const hint = hintFor(status);
  // The words for a 400 may quote a record.
  const words = status === 400 ? '' : (errorIn(response) ?? '');
  return `answered ${status}${words === '' ? '' : `: ${shortened(words)}`}${hint === undefined ? '' : hintText(hint)}`;
}

const NO_OTLP: Hint = {
  text: 'this is no OTLP endpoint for logs: is LOGTAP_OTLP_URL right, with its port and path, such as /v1/logs?',
  symptom: 'no-such-service',
};

function hintFor(status: number): Hint | undefined {
  const about = (symptom: Symptom, text: string): Hint => ({ text, symptom });
  if (status === 401 || status === 403)
    return about('the-service-forbids-it', 'check LOGTAP_OTLP_HEADERS_FILE, or the role and LOGTAP_OTLP_SIGV4');
  if (status === 404 || status === 405 || status === 415 || (status >= 300 && status < 400)) return NO_OTLP;
  if (status === 400)
    return about('every-record-is-refused', 'the endpoint refuses requests as they are: is a header missing?');
  if (status === 429) return about('the-service-is-throttled', 'it takes no more at the moment: it is retried');
  return status >= 500
    ? about('the-service-fails', 'the service reports a failure of its own: it is retried')
    : undefined;
}
