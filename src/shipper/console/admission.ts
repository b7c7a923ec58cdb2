/**
 * Whom the console and the live tail answer: a client on this machine, which is what a port-forward is inside the pod, that
 * asked for it by a name of this machine. A page of another site that lets its own name resolve to 127.0.0.1 asks by that
 * name.
 */
import type { IncomingMessage } from 'node:http';

/** Not all of 127.0.0.0/8: a service mesh connects from 127.0.0.6 for clients outside the pod. */
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
const LOCAL_NAME = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;
/** A proxy that adds one of them speaks for a client elsewhere. */
const FORWARDING = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const;

export interface Asking {
  readonly address: string | undefined;
  readonly headers: IncomingMessage['headers'];
}

/** Why a request is refused, and the remedy; `undefined` when it is not. */
export function refusalOf({ address, headers }: Asking): string | undefined {
  const remedy = 'Ask through kubectl port-forward, by http://localhost';
  if (address === undefined || !LOOPBACK.has(address)) return `only clients on this machine see log text. ${remedy}`;
  if (FORWARDING.some((name) => headers[name] !== undefined)) return `a proxy has forwarded this request. ${remedy}`;
  if (headers.host === undefined || !LOCAL_NAME.test(headers.host)) {
    return `the request names another host than localhost, 127.0.0.1 or [::1]. ${remedy}`;
  }
  // A link from another site is a navigation, which shows that site nothing; its scripts and frames get nothing.
  const site = headers['sec-fetch-site'];
  const isForeign = site === 'cross-site' || site === 'same-site';
  if (isForeign && headers['sec-fetch-mode'] !== 'navigate') return `another site has sent this request. ${remedy}`;
  return undefined;
}
