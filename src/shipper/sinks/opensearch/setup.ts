/**
 * Creates, on request, the objects that records need in OpenSearch: the index template, and the policy that deletes old indices.
 * Objects that an operator made or changed stay as they are.
 */
import { Client, type ClientOptions, errors } from '@opensearch-project/opensearch';
import { AwsSigv4Signer } from '@opensearch-project/opensearch/aws-v3';
import { codeOf, messageOf, NoAnswerError } from '../../errors.js';
import { AwsCredentials } from '../aws/credentials.js';
import { roleToAssume } from '../aws/role.js';
import type { Network } from '../http/network.js';
import type { Identity } from './connection.js';
import { mappingsOf, SCHEMAS } from './schema.js';
import type { OpenSearchSettings } from './settings.js';

export interface SetUpOptions {
  readonly settings: OpenSearchSettings;
  readonly identity: Identity;
  readonly network: Network;
  readonly onNotice: (message: string) => void;
}

/** Of our template: one that is older, and ours, is replaced. */
const TEMPLATE_VERSION = 2;
const MANAGED_BY = 'cdk8s-logtap';
/**
 * Above the templates that products bring for `logs-*` and their like, which have at most 100. The longer pattern wins:
 * two that overlap, `app-*` and `app-web-*`, may not have the same priority.
 */
const priorityOf = ({ pattern }: Target): number => 200 + pattern.length;
const ATTEMPT_MS = 30_000;

interface Target {
  /** Of the template and of the policy. */
  readonly name: string;
  /** Every index, or the data stream, that records go to. */
  readonly pattern: string;
  readonly isDataStream: boolean;
}

export function targetOf({ opensearchDataStream, opensearchIndex }: OpenSearchSettings): Target {
  const pattern = (opensearchDataStream ?? opensearchIndex).replace(/\{[^{}]*\}/g, '*');
  const name = pattern.replaceAll('*', '').replace(/^[-_.]+|[-_.]+$/g, '') || 'logs';
  return { name: `${name}-logtap`, pattern, isDataStream: opensearchDataStream !== undefined };
}

export function templateOf(target: Target, schema: OpenSearchSettings['opensearchSchema'], withData = true) {
  return {
    index_patterns: [target.pattern],
    ...(target.isDataStream ? { data_stream: {} } : {}),
    priority: priorityOf(target),
    version: TEMPLATE_VERSION,
    _meta: { managed_by: MANAGED_BY, schema, ...(!withData && { data: false }) },
    template: { mappings: mappingsOf(SCHEMAS[schema], withData) },
  };
}

export function policyOf(target: Target, retentionDays: number) {
  const { pattern, isDataStream } = target;
  const age = isDataStream ? 'min_rollover_age' : 'min_index_age';
  return {
    policy: {
      description: `Made by ${MANAGED_BY}: deletes logs after ${retentionDays} days.`,
      default_state: 'written',
      states: [
        {
          name: 'written',
          actions: isDataStream ? [{ rollover: { min_index_age: '1d', min_primary_shard_size: '30gb' } }] : [],
          transitions: [{ state_name: 'deleted', conditions: { [age]: `${retentionDays}d` } }],
        },
        { name: 'deleted', actions: [{ delete: {} }], transitions: [] },
      ],
      ism_template: [{ index_patterns: [pattern], priority: priorityOf(target) }],
    },
  };
}

/**
 * Returns whether the mapping of new indices is known to be ours. Throws a NoAnswerError when it could not be done, and
 * has to be tried again.
 */
export async function setUpOpenSearch(options: SetUpOptions, signal: AbortSignal): Promise<boolean> {
  const target = targetOf(options.settings);
  const client = new Client(clientOptions(options));
  const ask = (operation: string, method: string, path: string, body?: object) =>
    request(client, { operation: `${operation} at ${describeNodes(options.settings)}`, method, path, body }, signal);
  try {
    // First the policy: it is bound to an index when the index is made.
    const { opensearchRetentionDays } = options.settings;
    if (opensearchRetentionDays !== undefined) {
      const policy = policyOf(target, opensearchRetentionDays);
      const path = `/_plugins/_ism/policies/${target.name}`;
      const { status, reason, isElastic } = await ask(`policy ${target.name}`, 'PUT', path, policy);
      // 409: it is there, and may have been changed since.
      if (status >= 300 && status !== 409) {
        const noIsm = isElastic ? 'Elasticsearch has no ISM (make a policy of its ILM)' : 'no ISM here';
        const why = /no handler found/.test(reason) ? noIsm : `${status} ${reason}`;
        options.onNotice(`no policy was made, and old indices are never deleted: ${why}`);
      }
    }
    return await setUpTemplate(target, options, ask);
  } finally {
    await client.close();
  }
}

async function setUpTemplate(
  target: Target,
  { settings, onNotice }: SetUpOptions,
  ask: (operation: string, method: string, path: string, body?: object) => Promise<Answer>,
): Promise<boolean> {
  const operation = `index template ${target.name}`;
  const path = `/_index_template/${target.name}`;
  const found = await ask(operation, 'GET', path);
  /** Lines come first, but for a data stream: without its template an ordinary index would be made in its place. */
  const goOn = (answer: Answer, why: string) => {
    if (target.isDataStream || answer.status === 401) throw failure(operation, answer);
    onNotice(`${failure(operation, answer).detail}. ${why}: JSON messages are stored as text only`);
    return false;
  };
  if (found.status !== 404 && found.status >= 300) return goOn(found, 'It is not known, and records go on without it');
  const template = found.status === 404 ? undefined : presentTemplate(found.body);
  if (template !== undefined && template._meta?.managed_by !== MANAGED_BY) {
    onNotice(`the ${operation} is not of ${MANAGED_BY} and stays as it is: JSON messages are stored as text only`);
    return false;
  }
  const { opensearchSchema: schema } = settings;
  const isCurrent = template?.version === TEMPLATE_VERSION && template._meta?.schema === schema;
  if (isCurrent && template._meta?.data !== false) return true;
  const made = await ask(operation, 'PUT', path, templateOf(target, schema));
  if (made.status < 300) return true;
  if (!/flat_object/.test(made.reason)) return goOn(made, 'Records go on without it');
  const noFlatObject = made.isElastic ? ELASTIC_FLAT_OBJECT : NO_FLAT_OBJECT;
  const plain = isCurrent
    ? { ...made, status: 200 }
    : await ask(operation, 'PUT', path, templateOf(target, schema, false));
  if (plain.status >= 300) return goOn(plain, `${noFlatObject}. Records go on without a template`);
  onNotice(`${operation}: ${noFlatObject}: JSON messages are stored as text only`);
  return false;
}

const NO_FLAT_OBJECT =
  'the cluster knows no flat_object, which OpenSearch has from 2.7 on (update it, or unset LOGTAP_OPENSEARCH_SETUP)';
const ELASTIC_FLAT_OBJECT =
  'this is Elasticsearch, which knows no flat_object (to search in JSON, parse it by an ingest pipeline into a field of type flattened)';

interface PresentTemplate {
  readonly version?: number;
  readonly _meta?: { readonly managed_by?: string; readonly schema?: string; readonly data?: boolean };
}

function presentTemplate(body: unknown): PresentTemplate | undefined {
  const { index_templates = [] } = body as { index_templates?: readonly { index_template: PresentTemplate }[] };
  return index_templates[0]?.index_template;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** The problem, in the service's words. */
  readonly reason: string;
  /** Whether Elasticsearch says that it is the one who answers. */
  readonly isElastic: boolean;
}

/** Any whole answer. Throws a NoAnswerError when none came, or one that says that another attempt is worth it. */
async function request(
  client: Client,
  { operation, method, path, body }: { operation: string; method: string; path: string; body?: object | undefined },
  signal: AbortSignal,
): Promise<Answer> {
  const sent = client.transport.request({ method, path, ...(body === undefined ? {} : { body }) });
  // The client does not know signals.
  const abort = () => sent.abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    const { statusCode, body: answer, headers } = await sent;
    return { status: statusCode ?? 0, body: answer, reason: '', isElastic: isElastic(headers) };
  } catch (error) {
    if (!(error instanceof errors.ResponseError)) {
      throw new NoAnswerError({ code: codeOf(error), detail: `${operation}: ${messageOf(error)}` }, { cause: error });
    }
    const { statusCode = 0, body: answered, headers } = error;
    const answer = { status: statusCode, body: answered, reason: reasonOf(answered), isElastic: isElastic(headers) };
    if (answer.status >= 500 || answer.status === 429 || answer.status === 408) throw failure(operation, answer);
    return answer;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

const isElastic = (headers: Readonly<Record<string, unknown>> | null | undefined): boolean =>
  headers?.['x-elastic-product'] === 'Elasticsearch';

/** An error as OpenSearch answers it; what is wrong with a template is in the cause of its cause. */
interface EngineError {
  readonly type?: string;
  readonly reason?: string;
  readonly caused_by?: EngineError;
}

function reasonOf(body: unknown): string {
  if (typeof body === 'string') return body.slice(0, 200);
  const { error } = (body ?? {}) as { error?: string | EngineError };
  if (typeof error === 'string') return error.slice(0, 300);
  const words = `${error?.type ?? ''}: ${error?.reason ?? ''}`.slice(0, 300);
  const cause = deepestCause(error);
  return cause === undefined ? words : `${words}: ${cause.slice(0, 300)}`;
}

function deepestCause(error: EngineError | undefined): string | undefined {
  let cause = error?.caused_by;
  while (cause?.caused_by !== undefined) cause = cause.caused_by;
  return cause?.reason;
}

function failure(operation: string, { status, reason }: Answer): NoAnswerError {
  const hint =
    status === 401 || status === 403
      ? " (LOGTAP_OPENSEARCH_SETUP needs the cluster right 'cluster_manage_index_templates'; or let an operator make the template, and unset it)"
      : '';
  return new NoAnswerError({ code: String(status), detail: `${operation} answered ${status} ${reason}${hint}` });
}

function describeNodes({ opensearchUrls }: OpenSearchSettings): string {
  return opensearchUrls.map(({ origin }) => origin).join(',');
}

/** Of the official client, as the settings say. */
export function clientOptions({ settings, identity, network }: SetUpOptions): ClientOptions {
  const { opensearchUrls, opensearchSigv4, awsRegion } = settings;
  const { credentials } = identity;
  return {
    nodes: opensearchUrls.map(({ href }) => href),
    // Each node once. The caller decides about retries.
    maxRetries: opensearchUrls.length - 1,
    requestTimeout: ATTEMPT_MS,
    ssl: identity.tls,
    agent: ({ url }: { readonly url: URL }) =>
      url.protocol === 'https:' ? network.httpsAgent(identity.tls) : network.httpAgent(),
    ...(credentials === undefined ? {} : { auth: credentials }),
    ...(opensearchSigv4 === undefined
      ? {}
      : AwsSigv4Signer({
          region: awsRegion!,
          service: opensearchSigv4,
          getCredentials: new AwsCredentials({
            ...{ region: awsRegion!, network },
            role: roleToAssume(settings.opensearchRoleArn, settings.opensearchExternalId, settings),
          }).provider,
        })),
  };
}
