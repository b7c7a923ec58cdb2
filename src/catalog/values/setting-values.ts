/** Parsers of setting values. Each throws an Error whose message states the rule and the remedy. */
import { isAbsolute } from 'node:path';
import { SOCKET_PATH_MAX_BYTES } from '../../contract.js';
import { closest } from '../closest.js';
import { noProxyOf } from './no-proxy.js';
import type { PeerAddress } from './peer-address.js';
import { withoutPlaceholders } from './placeholders.js';
import { LOG_GROUP_TAG, LOG_GROUP_TAGS_MAX, type NameRule, OPENSEARCH_INDEX, RETENTION_DAYS } from './service-names.js';

export const text = (value: string): string => value;

export function integer(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < min || number > max) {
      throw new Error(`must be a whole number from ${min} to ${max}, without a unit. Correct it.`);
    }
    return number;
  };
}

export function boolean(value: string): boolean {
  if (value !== 'true' && value !== 'false') throw new Error('must be true or false. Correct it.');
  return value === 'true';
}

export function absolutePath(value: string): string {
  if (!isAbsolute(value)) throw new Error(`must be an absolute path. Write /… in front of it.`);
  return value;
}

export function socketPath(value: string): string {
  const bytes = Buffer.byteLength(absolutePath(value));
  if (bytes > SOCKET_PATH_MAX_BYTES) {
    throw new Error(
      `has ${bytes} bytes, but a unix socket's path has at most ${SOCKET_PATH_MAX_BYTES} (unix(7)). Choose a shorter path.`,
    );
  }
  return value;
}

/** `host:port`, `tcp://host:port` or `tls://host:port`; an IPv6 address in brackets. */
export function peer(value: string): PeerAddress {
  const [, scheme = 'tcp', v6, name, port] =
    /^(?:(tcp|tls):\/\/)?(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/@[\]]+)):(\d{1,5})$/.exec(value) ?? [];
  const host = v6 ?? name;
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new Error('must be host:port or tls://host:port, with a port from 1 to 65535. Correct it.');
  }
  return { host, port: Number(port), isTls: scheme === 'tls' };
}

export function port(value: string): number | 'off' {
  if (value === 'off') return value;
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1 || number > 65_535) {
    throw new Error('must be a port from 1 to 65535, or off. Correct it.');
  }
  return number;
}

export function url(value: string): URL {
  let parsed: URL;
  try {
    parsed = new URL(value);
  } catch {
    throw new Error('must be a URL. Write it with its scheme, such as https://host:9200.');
  }
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    throw new Error('must start with http:// or https://. Put the scheme in front of the host.');
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new Error('must not contain credentials, which would appear in logs. Move them to their own settings.');
  }
  if (parsed.search !== '' || parsed.hash !== '') throw new Error('must end with its path. Remove what follows.');
  return parsed;
}

/** As other programs read it: without a scheme it is http. Of all URLs, only a proxy may contain a user and a password. */
export function proxy(value: string): URL {
  let parsed: URL | undefined;
  try {
    parsed = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
    decodeURIComponent(`${parsed.username}${parsed.password}`);
  } catch {
    parsed = undefined;
  }
  const isKnown = parsed?.protocol === 'http:' || parsed?.protocol === 'https:';
  if (parsed === undefined || !isKnown || parsed.hostname === '' || parsed.pathname !== '/') {
    throw new Error(
      'must be http://host:port or https://host:port: the shipper supports no other proxies. Correct it.',
    );
  }
  return parsed;
}

export const noProxy = noProxyOf;

/** One or more, separated by commas. */
export function urls(value: string): readonly URL[] {
  const parsed = value.split(',').map((each) => url(each.trim()));
  if (new Set(parsed.map(({ protocol }) => protocol)).size > 1) {
    throw new Error('must not mix http:// and https://. Use one of them for all nodes.');
  }
  return parsed;
}

/** Sent by the client itself, or part of what makes a request. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['content-type', 'content-encoding', 'content-length', 'host']);

export function headers(value: string): Readonly<Record<string, string>> {
  return headersOf(value.split(',').map((pair) => pair.trim()));
}

/** Of `name=value` each. Errors name no value: it may be secret. */
export function headersOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  const parsed = pairs.map((pair) => /^([!#$%&'*+.^_`|~\w-]+)=([\t -~]*)$/.exec(pair));
  const wrong = parsed.indexOf(null);
  if (wrong >= 0) throw new Error(`must be headers as name=value of printable ASCII. Correct number ${wrong + 1}.`);
  const named = parsed.map((match) => [match![1]!.toLowerCase(), match![2]!.trim()] as const);
  const own = named.find(([name]) => OWN_HEADERS.has(name));
  if (own !== undefined) throw new Error(`must not set ${own[0]}: the shipper does. Remove it.`);
  return Object.fromEntries(named);
}

export function oneOf<const T extends string>(names: readonly T[]): (value: string) => T {
  return (value) => {
    const found = names.find((name) => name === value);
    if (found === undefined) {
      const nearest = closest(value, names);
      const remedy = nearest === undefined ? 'Correct it.' : `Did you mean '${nearest}'?`;
      throw new Error(`must be one of ${names.join(', ')}. ${remedy}`);
    }
    return found;
  };
}

/** Follows the rules of index names, without a date pattern. */
export function dataStream(value: string): string {
  const name = podName(OPENSEARCH_INDEX)(value);
  if (withoutPlaceholders(name).includes('{')) {
    throw new Error('must have no date: a data stream rolls over by itself. Remove the braces.');
  }
  return name;
}

export function retentionDays(value: string): number {
  const days = Number(value);
  if (!RETENTION_DAYS.includes(days)) {
    throw new Error(
      `must be one of ${RETENTION_DAYS.join(', ')}: CloudWatch Logs supports no other values. Use the nearest one.`,
    );
  }
  return days;
}

export function tags(value: string): Readonly<Record<string, string>> {
  const pairs = value.split(',').map((pair) => pair.trim());
  for (const pair of pairs) named(LOG_GROUP_TAG)(pair);
  if (pairs.length > LOG_GROUP_TAGS_MAX)
    throw new Error(`has ${pairs.length} tags, at most ${LOG_GROUP_TAGS_MAX} are allowed. Remove some.`);
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

/** @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Entity.html */
const KEY_ATTRIBUTE_MAX = 512;

export function entityName(value: string): string {
  refuseOtherFields(value);
  const braces = /[{}]/.test(withoutPlaceholders(value));
  if (braces) {
    throw new Error(
      'must have nothing in braces but {namespace} {label:NAME} {annotation:NAME} {field:NAME}. Correct it.',
    );
  }
  if (value.length > KEY_ATTRIBUTE_MAX || !/^[ -~]+$/.test(value)) {
    throw new Error(`must be 1 to ${KEY_ATTRIBUTE_MAX} printable ASCII characters. Shorten it.`);
  }
  return value;
}

/** Why a name that is one for the whole pod does not have them, and the remedy. */
const OTHER_FIELDS: Readonly<Record<string, string>> = {
  container:
    'because a process would choose names by the container that it reports. Give the container its own sink: perContainer.NAME.sink, or its entry of LOGTAP_CONTAINER_SETTINGS',
  stream: 'because it is one for the whole pod. Leave it out',
  pod: 'because each pod would have its own. Use {namespace} or {label:NAME}',
  uid: 'because each pod would have its own. Use {namespace} or {label:NAME}',
  node: 'because each node would have its own. Use {namespace} or {label:NAME}',
};

function refuseOtherFields(value: string): void {
  const [braces, field] = /\{(container|stream|pod|uid|node)\}/.exec(value) ?? [];
  if (field !== undefined) throw new Error(`must not have ${braces}, ${OTHER_FIELDS[field]}.`);
}

/** A name that a service restricts, and that is one for the whole pod. */
export function podName(rule: NameRule): (value: string) => string {
  return (value) => {
    refuseOtherFields(value);
    return named(rule)(value);
  };
}

/** A name that a service restricts. */
export function named({ holds, rule, remedy }: NameRule): (value: string) => string {
  return (value) => {
    if (!holds(value)) throw new Error(`must ${rule}: ${remedy}.`);
    return value;
  };
}

export function timeZone(value: string): string {
  // The default. Node loads its tables of languages for any other, which takes 5 MB of memory.
  if (value === 'UTC') return value;
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return value;
  } catch {
    throw new Error('must be the name of a time zone, such as UTC or Europe/Berlin. Correct it.');
  }
}

/** Of fields and of names of labels, each: a record has all of them. */
const FIELDS_MAX = 50;

export function staticFields(value: string): Readonly<Record<string, string>> {
  const pairs = value.split(',').map((pair) => pair.trim());
  for (const pair of pairs) {
    if (!/^[A-Za-z0-9][\w./-]{0,62}=.{1,1024}$/s.test(pair)) {
      throw new Error(
        'must be key=value, separated by commas, with keys of at most 63 letters, digits and . _ - / that begin with a letter or digit, and values of 1 to 1024 characters. Correct it.',
      );
    }
  }
  if (pairs.length > FIELDS_MAX)
    throw new Error(`has ${pairs.length} fields, at most ${FIELDS_MAX} are allowed. Remove some.`);
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
export function metadataNames(value: string): readonly string[] {
  const names = value.split(',').map((name) => name.trim());
  for (const name of names) {
    if (!/^(?:[a-z0-9][a-z0-9.-]{0,252}\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/.test(name)) {
      throw new Error(
        'must be names of labels or annotations, such as app or app.kubernetes.io/name, separated by commas. Correct it.',
      );
    }
  }
  if (names.length > FIELDS_MAX)
    throw new Error(`has ${names.length} names, at most ${FIELDS_MAX} are allowed. Remove some.`);
  return names;
}
