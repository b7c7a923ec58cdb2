/** Faults of services, with the words in which an operator is to learn of each: cause, place and remedy. */
import type { Symptom } from '../../src/catalog/runbook.js';
import type { RequestFault, Service, SinkName } from './fault-service.js';
import type { Exchange } from './opensearch-front.js';

/** What an operator has to learn from one message. */
export interface Told {
  readonly cause: RegExp;
  readonly place: RegExp;
  readonly remedy: RegExp;
  readonly symptom: Symptom;
}

export const answer =
  (status: number, body: string, headers: Readonly<Record<string, string>> = {}): RequestFault =>
  ({ response }: Exchange) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  };
const HTML = { 'content-type': 'text/html; charset=utf-8' };
const LOGIN = '<!doctype html><html><head><title>Sign in to\n Example</title></head></html>';
const awsError = (status: number, type: string, message: string) =>
  answer(status, JSON.stringify({ __type: type, message }));

export interface Row extends Told {
  readonly name: string;
  readonly sink: SinkName;
  readonly settings?: Readonly<Record<string, string>>;
  /** Happens to the service before the shipper starts. */
  readonly happen?: (service: Service) => unknown;
  readonly fault?: RequestFault;
}

const TODAY = new Date().toISOString().slice(0, 10).replaceAll('-', '.');
/** The day may change while a test runs: then the place has the next one. */
const DATED = { LOGTAP_OPENSEARCH_INDEX: 'dated-{yyyy.MM.dd}' };
const AT_INDEX = /bulk request to http:\/\/127\.0\.0\.1:\d+\/faults-\d+ /;
const AT_GROUP = /\/test\/faults\/a\/b at http:\/\/127\.0\.0\.1:\d+: /;

const put = (url: string, body: object) =>
  fetch(url, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

export const OPENSEARCH: readonly Row[] = [
  {
    ...{ name: 'refused', sink: 'opensearch', happen: ({ door }) => door.set('refused') },
    ...{
      cause: /ECONNREFUSED/,
      place: /bulk request to http:\/\/127\.0\.0\.1:\d+/,
      remedy: /is the service up, and the port right/,
    },
    symptom: 'the-connection-is-refused',
  },
  {
    ...{ name: 'wrong password', sink: 'opensearch', fault: answer(401, 'Unauthorized') },
    ...{ cause: /answered 401: Unauthorized/, place: AT_INDEX, remedy: /check LOGTAP_OPENSEARCH_USERNAME/ },
    symptom: 'the-service-forbids-it',
  },
  {
    ...{ name: 'a Secret that does not exist yet', sink: 'opensearch' },
    settings: {
      LOGTAP_OPENSEARCH_USERNAME: 'shipper',
      LOGTAP_OPENSEARCH_PASSWORD_FILE: '/etc/logtap/secrets/search/password',
    },
    ...{
      cause: /ENOENT/,
      place: /LOGTAP_OPENSEARCH_PASSWORD_FILE='\/etc\/logtap\/secrets\/search\/password'/,
      remedy: /create the Secret 'search' with the key 'password': .* no restart is needed/,
    },
    symptom: 'a-secret-is-missing',
  },
  {
    ...{
      name: 'a missing right',
      sink: 'opensearch',
      fault: answer(
        403,
        '{"error":{"type":"security_exception","reason":"no permissions for [indices:data/write/bulk]"}}',
      ),
    },
    ...{
      cause: /answered 403 security_exception: no permissions/,
      place: AT_INDEX,
      remedy: /its role needs 'indices:data\/write\/bulk'/,
    },
    symptom: 'the-service-forbids-it',
  },
  {
    ...{
      name: 'expired AWS credentials',
      sink: 'opensearch',
      fault: answer(403, '{"message":"The security token included in the request is expired"}'),
    },
    ...{
      cause: /answered 403: The security token .* is expired/,
      place: AT_INDEX,
      remedy: /are temporary keys renewed/,
    },
    symptom: 'the-credentials-are-refused',
  },
  {
    ...{
      name: 'wrong AWS credentials',
      sink: 'opensearch',
      fault: answer(
        403,
        '{"message":"The request signature we calculated does not match the signature you provided."}',
      ),
    },
    ...{
      cause: /answered 403: The request signature/,
      place: AT_INDEX,
      remedy: /are the AWS credentials and the clock right/,
    },
    symptom: 'the-credentials-are-refused',
  },
  {
    ...{ name: 'not found', sink: 'opensearch', fault: answer(404, 'no such page', { 'content-type': 'text/plain' }) },
    ...{
      cause: /answered 404: no such page/,
      place: AT_INDEX,
      remedy: /is LOGTAP_OPENSEARCH_URL right, with its scheme, port and path/,
    },
    symptom: 'no-such-service',
  },
  {
    ...{ name: 'a login page with status 200', sink: 'opensearch', fault: answer(200, LOGIN, HTML) },
    ...{
      cause: /answered 200 with a web page 'Sign in to Example'/,
      place: AT_INDEX,
      remedy: /is LOGTAP_OPENSEARCH_URL right, and is the service exempt from the proxy \(NO_PROXY\)/,
    },
    symptom: 'a-web-page-answers',
  },
  {
    ...{ name: 'a login page without its type', sink: 'opensearch', fault: answer(403, LOGIN) },
    ...{
      cause: /answered 403 with a web page 'Sign in to Example'/,
      place: AT_INDEX,
      remedy: /a login page, a proxy or a dashboard/,
    },
    symptom: 'a-web-page-answers',
  },
  {
    ...{
      name: 'a redirect to a login page',
      sink: 'opensearch',
      fault: answer(302, '', { location: 'https://login.example/start?token=secret' }),
    },
    ...{
      cause: /answered 302 with a redirect to https:\/\/login\.example\/start \(/,
      place: AT_INDEX,
      remedy: /a login page, a proxy or a dashboard/,
    },
    symptom: 'a-web-page-answers',
  },
  {
    ...{
      name: 'the page of a load balancer',
      sink: 'opensearch',
      fault: answer(503, '<html><title>503 Service Temporarily Unavailable</title></html>', HTML),
    },
    ...{
      cause: /answered 503 with a web page '503 Service Temporarily/,
      place: AT_INDEX,
      remedy: /the load balancer or proxy before the service reports it; it is retried/,
    },
    symptom: 'the-service-fails',
  },
  {
    ...{
      name: 'a failure of the service',
      sink: 'opensearch',
      fault: answer(500, '{"error":{"type":"exception","reason":"disk I/O"}}'),
    },
    ...{ cause: /answered 500 exception: disk I\/O/, place: AT_INDEX, remedy: /it is retried/ },
    symptom: 'the-service-fails',
  },
  {
    ...{
      name: 'throttled',
      sink: 'opensearch',
      fault: answer(429, '{"error":{"type":"rejected_execution_exception","reason":"queue full"}}'),
    },
    ...{
      cause: /answered 429 rejected_execution_exception: queue full/,
      place: AT_INDEX,
      remedy: /add data nodes, or send less/,
    },
    symptom: 'the-service-is-throttled',
  },
  {
    ...{ name: 'a blocked index, whose name has the date', sink: 'opensearch', settings: DATED },
    happen: ({ url }) => put(`${url}/dated-${TODAY}`, { settings: { 'index.blocks.write': true } }),
    ...{
      cause: /cluster_block_exception/,
      place: /\/dated-\d{4}\.\d\d\.\d\d refused/,
      remedy: /is the disk of the cluster full/,
    },
    symptom: 'the-index-is-blocked',
  },
  {
    ...{ name: 'an index that refuses every record', sink: 'opensearch' },
    happen: ({ url, index }) => put(`${url}/${index()}`, { mappings: { dynamic: 'strict', properties: {} } }),
    ...{
      cause: /refuses even a record that is known to be good .*strict_dynamic_mapping_exception/,
      place: /faults-\d+ refuses/,
      remedy: /the mapping .*Nothing is dropped/,
    },
    symptom: 'every-record-is-refused',
  },
];

export const CLOUDWATCH: readonly Row[] = [
  {
    ...{ name: 'refused', sink: 'cloudwatch', happen: ({ door }) => door.set('refused') },
    ...{ cause: /ECONNREFUSED/, place: /PutLogEvents to http:\/\/127\.0\.0\.1:\d+/, remedy: /is the service up/ },
    symptom: 'the-connection-is-refused',
  },
  {
    ...{
      name: 'a missing right',
      sink: 'cloudwatch',
      fault: awsError(400, 'AccessDeniedException', 'User: arn:aws:iam::1:role/x is not authorized'),
    },
    ...{ cause: /400 AccessDeniedException: User: arn:aws:iam/, place: AT_GROUP, remedy: /allow logs:PutLogEvents/ },
    symptom: 'the-service-forbids-it',
  },
  {
    ...{
      name: 'a proxy that forbids it',
      sink: 'cloudwatch',
      fault: answer(403, 'denied', { 'content-type': 'text/plain' }),
    },
    ...{ cause: / 403 /, place: AT_GROUP, remedy: /does a proxy or firewall forbid it/ },
    symptom: 'the-service-forbids-it',
  },
  {
    ...{ name: 'not found', sink: 'cloudwatch', fault: answer(404, 'no', { 'content-type': 'text/plain' }) },
    ...{ cause: / 404 /, place: AT_GROUP, remedy: /is the endpoint right/ },
    symptom: 'no-such-service',
  },
  {
    ...{ name: 'a login page with status 200', sink: 'cloudwatch', fault: answer(200, LOGIN, HTML) },
    ...{ cause: /answered 200 with a web page 'Sign in to Example'/, place: AT_GROUP, remedy: /NO_PROXY/ },
    symptom: 'a-web-page-answers',
  },
  {
    ...{ name: 'a missing group', sink: 'cloudwatch', settings: { LOGTAP_CLOUDWATCH_CREATE_GROUP: 'false' } },
    ...{
      cause: /the log group .* does not exist/,
      place: /\/test\/faults/,
      remedy: /LOGTAP_CLOUDWATCH_CREATE_GROUP=true/,
    },
    symptom: 'no-such-service',
  },
  {
    ...{ name: 'no credentials', sink: 'cloudwatch' },
    settings: {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_SESSION_TOKEN: '',
      AWS_EC2_METADATA_DISABLED: 'true',
      HOME: '/nonexistent',
    },
    ...{
      cause: /credentials for PutLogEvents: /,
      place: /^cloudwatch: /,
      remedy: /is there a role for the pod's service account, or AWS_ACCESS_KEY_ID/,
    },
    symptom: 'there-are-no-credentials',
  },
  {
    ...{
      name: 'expired credentials',
      sink: 'cloudwatch',
      fault: awsError(400, 'ExpiredTokenException', 'The security token included in the request is expired'),
    },
    ...{
      cause: /400 ExpiredTokenException/,
      place: AT_GROUP,
      remedy: /are they renewed\? .*\(credentials of AWS_ACCESS_KEY_ID\)/,
    },
    symptom: 'the-credentials-are-refused',
  },
  {
    ...{
      name: 'unknown keys',
      sink: 'cloudwatch',
      fault: awsError(400, 'UnrecognizedClientException', 'The security token included in the request is invalid.'),
    },
    ...{
      cause: /400 UnrecognizedClientException/,
      place: AT_GROUP,
      remedy: /the keys are wrong, or of another account/,
    },
    symptom: 'the-credentials-are-refused',
  },
  {
    ...{
      name: 'a wrong secret key',
      sink: 'cloudwatch',
      fault: awsError(400, 'InvalidSignatureException', 'The request signature we calculated does not match'),
    },
    ...{ cause: /400 InvalidSignatureException/, place: AT_GROUP, remedy: /the secret key is wrong, or the clock is/ },
    symptom: 'the-credentials-are-refused',
  },
  {
    ...{ name: 'throttled', sink: 'cloudwatch', fault: awsError(400, 'ThrottlingException', 'Rate exceeded') },
    ...{ cause: /400 ThrottlingException: Rate exceeded/, place: AT_GROUP, remedy: /raise the quota, or send less/ },
    symptom: 'the-service-is-throttled',
  },
  {
    ...{ name: 'a failure of the service', sink: 'cloudwatch', fault: awsError(500, 'InternalFailure', 'oops') },
    ...{ cause: /500 InternalFailure: oops/, place: AT_GROUP, remedy: /it is retried/ },
    symptom: 'the-service-fails',
  },
];
