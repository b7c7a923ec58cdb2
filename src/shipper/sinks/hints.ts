/** Remedies in the text of errors, each with the section of the runbook that has the commands. */
import type { IncomingHttpHeaders } from 'node:http';
import { runbook, type Symptom } from '../../catalog/runbook.js';

export interface Hint {
  /** What is wrong, as far as one can tell, or what to do. */
  readonly text: string;
  readonly symptom: Symptom;
}

/** Follows the words of an error. */
export const hintText = ({ text, symptom }: Hint): string => ` (${text}; see ${runbook(symptom)})`;

const NO_TLS: Hint = {
  text: 'this is no TLS: should the URL start with http:// ?',
  symptom: 'the-connection-is-refused',
};
const untrusted = (text: string): Hint => ({ text, symptom: 'the-certificate-is-not-trusted' });
const UNTRUSTED = untrusted('the certificate is not signed by an authority that is trusted here');
const refused = (text: string): Hint => ({ text, symptom: 'the-connection-is-refused' });
const unanswered = (text: string): Hint => ({ text, symptom: 'the-service-does-not-answer' });

const NETWORK: Readonly<Record<string, Hint>> = {
  ECONNREFUSED: refused('nothing listens there: is the service up, and the port right?'),
  ENOTFOUND: refused('the host name has no address: is it spelt right?'),
  EAI_AGAIN: refused('the name server does not answer'),
  EHOSTUNREACH: unanswered('no route to the host: is there a network policy or firewall?'),
  ENETUNREACH: unanswered('no route to the network: is there a network policy or firewall?'),
  ETIMEDOUT: unanswered('no answer to the connection attempt: is there a network policy or firewall?'),
  timeout: unanswered('is the service overloaded, or does a network policy or firewall drop packets?'),
  EPROTO: NO_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
  CERT_HAS_EXPIRED: untrusted("the service's certificate has expired"),
  CERT_NOT_YET_VALID: untrusted("the service's certificate is not valid yet: is the clock of this node right?"),
  ERR_TLS_CERT_ALTNAME_INVALID: untrusted("the service's certificate is for other names than the one in the URL"),
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: untrusted('the service wants to see a certificate of the client'),
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: untrusted('the service does not trust the certificate of the client'),
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: untrusted('the service does not accept the certificate of the client'),
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: untrusted('the certificate of the client has expired'),
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: untrusted('the certificate of the client is revoked'),
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: untrusted('the key does not belong to the certificate of the client'),
  ERR_OSSL_PEM_NO_START_LINE: untrusted('the file of the certificate or the key of the client is not PEM'),
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: untrusted('does the service want to see a certificate of the client?'),
};

/** About a connection that failed. @param isPlain for a service without TLS */
export function networkHint(code: string, isPlain = false): Hint | undefined {
  if (code === 'ECONNRESET' && isPlain) return refused('where this lasts: should the URL start with https:// ?');
  return Object.hasOwn(NETWORK, code) ? NETWORK[code] : undefined;
}

/** An answer over HTTP. */
interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Of a body, to tell a page. */
const PAGE_START_BYTES = 2000;
const TITLE_MAX = 60;

/**
 * What answers in the place of a service: a page of a login, a proxy or a dashboard, or a redirect to one. `undefined` for all other
 * answers. Query strings are left out, because they may have secrets.
 */
export function pageInstead({ status, headers, body }: Answered): string | undefined {
  if (status >= 300 && status < 400 && headers.location !== undefined) {
    return `a redirect to ${shown(headers.location.split(/[?#]/)[0] ?? '', 200)}`;
  }
  const start = body.toString('utf8', 0, PAGE_START_BYTES);
  const isPage =
    /^text\/html\b/i.test(headers['content-type'] ?? '') || /^\s*<(!doctype\s+html|html|head|body)\b/i.test(start);
  if (!isPage) return undefined;
  const [, title] = /<title[^>]*>([^<]+)/i.exec(start) ?? [];
  return `a web page${title === undefined ? '' : ` '${shown(title, TITLE_MAX)}'`}`;
}

const shown = (text: string, max: number) =>
  text
    .replace(/[^\P{C}\n]+/gu, '')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, max);

/** About a page: who shows it? A gateway that reports a failure is a way to the service, a login page is not. */
export function pageHint(status: number, setting: string): Hint {
  if (status >= 500) {
    return {
      text: 'the load balancer or proxy before the service reports it; it is retried',
      symptom: 'the-service-fails',
    };
  }
  return {
    text: `a login page, a proxy or a dashboard answers in the place of the service: is ${setting} right, and is the service exempt from the proxy (NO_PROXY)?`,
    symptom: 'a-web-page-answers',
  };
}
