/**
 * Elasticsearch 8 and 9 as they document their answers: they cannot be had from a package registry. It judges requests by
 * the rules of theirs that differ from OpenSearch, and keeps documents by their ids.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Referee {
  readonly url: string;
  /** Methods and paths that were asked, without queries. */
  readonly asked: string[];
  /** Templates by their names. */
  readonly templates: Map<string, Template>;
  /** Sources by index and id, `INDEX/ID`. */
  readonly documents: Map<string, Record<string, unknown>>;
  /** Whether data streams keep what they refuse, as they may from 9.1 on: sources by index and id. */
  failureStore: Map<string, Record<string, unknown>> | undefined;
  /** How many of the next actions are refused as too many. */
  refuseNext(actions: number): void;
  stop(): Promise<void>;
}

interface Template {
  readonly index_patterns: readonly string[];
  readonly data_stream?: object;
  readonly template: {
    readonly mappings: { readonly properties: Readonly<Record<string, { readonly type: string }>> };
  };
}

interface Action {
  readonly _index: string;
  readonly _id: string;
}

/** Types of fields that a mapping of ours may name there. `flattened` is their name of a similar type. */
const FIELD_TYPES = ['date_nanos', 'flattened', 'keyword', 'long', 'text'];
const MANY =
  'rejected execution of coordinating operation [coordinating_and_primary_bytes=0, replica_bytes=0, all_bytes=0]';
/** The last time of the type date_nanos. */
const NANOSECONDS_MAX_MS = Date.UTC(2262, 3, 11);

export async function startElasticsearch(version: '8.19.0' | '9.2.0'): Promise<Referee> {
  const asked: string[] = [];
  const templates = new Map<string, Template>();
  const documents = new Map<string, Record<string, unknown>>();
  const failures: Pick<Referee, 'failureStore'> = { failureStore: undefined };
  let refused = 0;

  const isDataStream = (index: string) =>
    [...templates.values()].some((each) => each.data_stream !== undefined && each.index_patterns.includes(index));

  const putTemplate = (name: string, template: Template): [status: number, answer: unknown] => {
    const { properties } = template.template.mappings;
    const unknown = Object.entries(properties).find(([, { type }]) => !FIELD_TYPES.includes(type));
    if (unknown === undefined) {
      templates.set(name, template);
      return [200, { acknowledged: true }];
    }
    const type = 'mapper_parsing_exception';
    const words = `The mapper type [${unknown[1].type}] declared on field [${unknown[0]}] does not exist. It might have been created within a future version or requires a plugin to be installed. Check the documentation.`;
    const about = {
      type: 'illegal_argument_exception',
      reason: `composable template [${name}] template after composition is invalid`,
    };
    const cause = { type, reason: `Failed to parse mapping: ${words}`, caused_by: { type, reason: words } };
    const composed = { type: about.type, reason: `invalid composite mappings for [${name}]`, caused_by: cause };
    return [400, { error: { root_cause: [about], ...about, caused_by: composed }, status: 400 }];
  };

  const act = (operation: string, { _index, _id }: Action, source: Record<string, unknown>) => {
    const item = (status: number, rest: object) => ({ [operation]: { _index, _id, status, ...rest } });
    const fail = (status: number, type: string, reason: string) =>
      item(status, { error: { type, reason, index: _index, shard: '0', index_uuid: 'u' } });
    if (refused > 0) {
      refused -= 1;
      return fail(429, 'es_rejected_execution_exception', MANY);
    }
    if (isDataStream(_index) && operation !== 'create')
      return fail(
        400,
        'illegal_argument_exception',
        'only write ops with an op_type of create are allowed in data streams',
      );
    if (operation === 'index') return fail(409, 'version_conflict_engine_exception', `[${_id}]: version conflict`);
    const key = `${_index}/${_id}`;
    if (documents.has(key)) {
      const reason = `[${_id}]: version conflict, document already exists (current version [1])`;
      return fail(409, 'version_conflict_engine_exception', reason);
    }
    if (Date.parse(String(source['@timestamp'])) > NANOSECONDS_MAX_MS) {
      if (isDataStream(_index) && failures.failureStore !== undefined) {
        failures.failureStore.set(key, source);
        return item(201, { _version: 1, result: 'created', failure_store: 'used' });
      }
      const reason = "[1:15] failed to parse field [@timestamp] of type [date_nanos] in document with id 'x'";
      return fail(400, 'document_parsing_exception', reason);
    }
    documents.set(key, source);
    const shards = { total: 2, successful: 1, failed: 0 };
    return item(201, { _version: 1, result: 'created', _shards: shards, _seq_no: 0, _primary_term: 1 });
  };

  const bulk = (body: string): [status: number, answer: unknown] => {
    const lines = body.split('\n').slice(0, -1);
    const items = Array.from({ length: lines.length / 2 }, (_, i) => {
      const [[operation, action]] = Object.entries(JSON.parse(lines[2 * i]!) as Record<string, Action>) as [
        [string, Action],
      ];
      return act(operation, action, JSON.parse(lines[2 * i + 1]!));
    });
    const errors = items.some((item) => Object.values(item).some(({ status }) => status >= 300));
    return [200, { errors, took: 3, items }];
  };

  const get = (body: string): [status: number, answer: unknown] => {
    const { docs } = JSON.parse(body) as { docs: readonly Action[] };
    const found = docs.map(({ _index, _id }) => {
      const source = documents.get(`${_index}/${_id}`);
      return { _index, _id, found: source !== undefined, ...(source && { _source: source }) };
    });
    return [200, { docs: found }];
  };

  const answer = (method: string, path: string, body: string): [status: number, answer: unknown] => {
    const [, name = ''] = /^\/_index_template\/(.+)$/.exec(path) ?? [];
    if (method === 'GET' && path === '/')
      return [200, { version: { number: version }, tagline: 'You Know, for Search' }];
    if (method === 'PUT' && name !== '') return putTemplate(name, JSON.parse(body) as Template);
    if (method === 'GET' && name !== '') {
      const template = templates.get(name);
      if (template !== undefined) return [200, { index_templates: [{ name, index_template: template }] }];
      const error = { type: 'resource_not_found_exception', reason: `index template matching [${name}] not found` };
      return [404, { error: { root_cause: [error], ...error }, status: 404 }];
    }
    if (method === 'POST' && path === '/_bulk') return bulk(body);
    if (method === 'POST' && path === '/_mget') return get(body);
    return [400, { error: `no handler found for uri [${path}] and method [${method}]` }];
  };

  const listener = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname: path, searchParams } = new URL(request.url ?? '', 'http://referee');
    const method = request.method ?? '';
    asked.push(`${method} ${path}`);
    const [status, json] = answer(method, path, Buffer.concat(chunks).toString());
    response.writeHead(status, { 'X-elastic-product': 'Elasticsearch', 'content-type': 'application/json' });
    // As little of filter_path as matters here.
    const isFiltered = searchParams.get('filter_path')?.includes('failure_store') === false;
    response.end(JSON.stringify(json, (name, value) => (isFiltered && name === 'failure_store' ? undefined : value)));
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(failures, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    templates,
    documents,
    refuseNext: (actions: number) => {
      refused = actions;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
