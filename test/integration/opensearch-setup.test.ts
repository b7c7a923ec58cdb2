/** What the sink makes in a real node when it is told to: templates, data streams; and that no message can widen a mapping. */
import type { ServerResponse } from 'node:http';
import { createConnection } from 'node:net';
import { freePort } from '../../scripts/free-port.js';
import type { OpenSearchServer } from '../../scripts/opensearch.js';
import { startOpenSearch } from '../../scripts/opensearch.js';
import { OPENSEARCH_SCHEMAS } from '../../src/catalog/sinks/opensearch.js';
import { batchOf, stdoutOrigin } from '../support/batches.js';
import { describeWith } from '../support/capability.js';
import { ask, documentsOf, never, openSinkAt, sendAll, tell } from '../support/opensearch-engine.js';
import { type Exchange, startFront } from '../support/opensearch-front.js';
import { AWS_ENV } from '../support/sinks-read-back.js';
import { drain, startShipper } from '../support/tapped.js';

const SEQ = { otel: 'attributes.log.record.seq', ecs: 'event.sequence', flat: 'seq' };
const BODY = { otel: 'body', ecs: 'message', flat: 'message' };
const timeMs = Date.UTC(2026, 10, 23, 12);

describeWith(['opensearch'], 'set-up of OpenSearch', () => {
  let search: OpenSearchServer;
  let url: string;
  beforeAll(async () => {
    search = await startOpenSearch();
    url = search.url;
  });
  afterAll(() => search?.stop());

  const fieldsOf = async (index: string) => {
    const [{ mappings }] = Object.values(await tell(url, 'GET', `/${index}/_mapping`)) as [{ mappings: unknown }];
    return JSON.stringify(mappings);
  };

  test.each(OPENSEARCH_SCHEMAS)(
    'rules 74, 75: %s: with any messages, all are stored and the mapping stays',
    async (schema) => {
      const index = `schema-${schema}`;
      const settings = {
        LOGTAP_OPENSEARCH_SETUP: 'true',
        LOGTAP_OPENSEARCH_INDEX: `${index}-{yyyy.MM.dd}`,
        LOGTAP_OPENSEARCH_SCHEMA: schema,
        POD_NAME: 'web-0',
        POD_NAMESPACE: 'shop',
        NODE_NAME: 'n1',
      };
      const sink = openSinkAt(url, settings);
      expect(await sink.send(batchOf([{ message: 'plain', timeMs }]), never)).toEqual({ retry: [], rejected: [] });
      const before = await fieldsOf(`${index}-2026.11.23`);
      const messages = [
        '{"level":"error","user":{"id":7}}',
        '{"level":{"nested":true},"user":"a string now"}',
        '{"level":[1,"two",null,{"three":3}],"user":null}',
        '{"__proto__":{"a":1},"constructor":1}',
        '{"twice":1,"twice":2}',
        '{"":1," ":2,".":3,"a..b":4,"a.b":5,"*":6}',
        '{"big":123456789012345678901234567890,"minus":-0,"huge":1e400}',
        `${'{"a":'.repeat(150)}1${'}'.repeat(150)}`,
        `${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`,
        `{"deep":${'['.repeat(900)}${']'.repeat(900)}}`,
        '{"lone":"\\ud800"}',
        `{"long":"${'x'.repeat(31_900)}"}`,
        `{"longer":"${'x'.repeat(40_000)}"}`,
        `{${Array.from({ length: 3000 }, (_, i) => `"k${i}":${i}`).join(',')}}`,
        '{}',
        '{"null":null}',
        '{"@timestamp":"never","_id":"mine","data":{"data":1}}',
        '{broken',
        'ordinary text',
      ].map((message, i) => ({ message, seq: i + 1, timeMs: timeMs + i / 1000 }));
      await sendAll(sink, batchOf(messages));
      const stored = await documentsOf(url, `${index}-*`, SEQ[schema]);
      expect(stored.map(({ document }) => document[BODY[schema]])).toEqual([
        'plain',
        ...messages.map(({ message }) => message),
      ]);
      expect(await fieldsOf(`${index}-2026.11.23`)).toBe(before);
      // What can be searched, is.
      const hits = await tell(url, 'POST', `/${index}-*/_search`, { query: { term: { 'data.user.id': '7' } } });
      expect(hits.hits.hits.map(({ _source }: { _source: Record<string, string> }) => _source[BODY[schema]])).toEqual([
        '{"level":"error","user":{"id":7}}',
      ]);
      // The mapping keeps the microseconds of the time.
      const newest = await tell(url, 'POST', `/${index}-*/_search`, { size: 1, sort: [{ '@timestamp': 'desc' }] });
      expect(newest.hits.hits[0]._source['@timestamp']).toBe('2026-11-23T12:00:00.000018Z');
      await sink.close();
    },
  );

  test('rules 66, 106: a data stream takes every record with its own time, once, also when it is resent', async () => {
    const settings = { LOGTAP_OPENSEARCH_SETUP: 'true', LOGTAP_OPENSEARCH_DATA_STREAM: 'logs-app-default' };
    const messages = Array.from({ length: 50 }, (_, i) => ({ message: `m${i}`, seq: i, timeMs: timeMs + i }));
    for (const sink of [openSinkAt(url, settings), openSinkAt(url, settings)]) {
      expect(await sink.send(batchOf(messages), never)).toEqual({ retry: [], rejected: [] });
      await sink.close();
    }
    const { data_streams: streams } = await tell(url, 'GET', '/_data_stream/logs-app-default');
    expect(streams).toEqual([expect.objectContaining({ name: 'logs-app-default', generation: 1 })]);
    const stored = await documentsOf(url, 'logs-app-default');
    expect(stored.map(({ document }) => [document.body, Date.parse(document['@timestamp'])])).toEqual(
      messages.map(({ message, timeMs: at }) => [message, at]),
    );
    expect(stored.every(({ index }) => index.startsWith('.ds-logs-app-default-'))).toBe(true);
  });

  test('rule 106: only a rollover between a request and its repetition stores a record twice', async () => {
    const settings = { LOGTAP_OPENSEARCH_SETUP: 'true', LOGTAP_OPENSEARCH_DATA_STREAM: 'logs-rolled' };
    const batch = batchOf([{ message: 'once', timeMs }]);
    const sink = openSinkAt(url, settings);
    for (let i = 0; i < 2; i++) await sink.send(batch, never);
    expect((await documentsOf(url, 'logs-rolled')).length).toBe(1);
    await tell(url, 'POST', '/logs-rolled/_rollover');
    await sink.send(batch, never);
    expect((await documentsOf(url, 'logs-rolled')).map(({ id }) => id)).toEqual([
      `${stdoutOrigin.id}-0`,
      `${stdoutOrigin.id}-0`,
    ]);
    await sink.close();
  });

  test('a template that an operator made stays, and one of ours that is older is replaced', async () => {
    const template = { index_patterns: ['mine-*'], priority: 300, template: { mappings: { dynamic: true } } };
    await tell(url, 'PUT', '/_index_template/mine-logtap', template);
    const settings = { LOGTAP_OPENSEARCH_SETUP: 'true', LOGTAP_OPENSEARCH_INDEX: 'mine-{yyyy}' };
    const sink = openSinkAt(url, settings);
    await sink.send(batchOf([{ message: '{"field":1}', timeMs }]), never);
    expect(sink.notices).toEqual([expect.stringContaining('stays as it is')]);
    // Its mapping is not known to bear data.
    expect((await documentsOf(url, 'mine-*')).map(({ document }) => 'data' in document)).toEqual([false]);
    await sink.close();

    const present = async () => {
      const { index_templates: found } = await tell(url, 'GET', '/_index_template/ours-logtap');
      return found[0].index_template;
    };
    const old = { index_patterns: ['ours-*'], priority: 200, version: 0, _meta: { managed_by: 'cdk8s-logtap' } };
    await tell(url, 'PUT', '/_index_template/ours-logtap', old);
    const again = openSinkAt(url, { ...settings, LOGTAP_OPENSEARCH_INDEX: 'ours-{yyyy}' });
    await again.send(batchOf(['a']), never);
    expect(await present()).toMatchObject({ version: 2, template: { mappings: { dynamic: false } } });
    await again.close();
  });

  test('rule 112: without ISM the policy is reported to be missing, and records go on', async () => {
    const settings = {
      LOGTAP_OPENSEARCH_SETUP: 'true',
      LOGTAP_OPENSEARCH_INDEX: 'no-ism-{yyyy.MM.dd}',
      LOGTAP_OPENSEARCH_RETENTION_DAYS: '14',
    };
    const sink = openSinkAt(url, settings);
    expect(await sink.send(batchOf(['a']), never)).toEqual({ retry: [], rejected: [] });
    expect(sink.notices).toEqual(['no policy was made, and old indices are never deleted: no ISM here']);
    await sink.close();
  });

  /** A real ISM cannot be had: what is sent to it is compared with its documentation. */
  test('a policy is made before the template, and left alone where there is one', async () => {
    let status = 201;
    const front = await startFront(url, ({ method, path, response }) => {
      if (!path.startsWith('/_plugins/_ism/policies/')) return;
      expect(method).toBe('PUT');
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
    const settings = {
      LOGTAP_OPENSEARCH_SETUP: 'true',
      LOGTAP_OPENSEARCH_DATA_STREAM: 'logs-ism',
      LOGTAP_OPENSEARCH_RETENTION_DAYS: '14',
    };
    for (status of [201, 409]) {
      const sink = openSinkAt(front.url, settings);
      expect(await sink.send(batchOf(['a']), never)).toEqual({ retry: [], rejected: [] });
      expect(sink.notices).toEqual([]);
      await sink.close();
    }
    const paths = front.requests.map(({ method, path }) => `${method} ${path.split('?')[0]}`);
    expect(paths.slice(0, 4)).toEqual([
      'PUT /_plugins/_ism/policies/logs-ism-logtap',
      'GET /_index_template/logs-ism-logtap',
      'PUT /_index_template/logs-ism-logtap',
      'POST /_bulk',
    ]);
    expect(JSON.parse(front.requests[0]!.body.toString())).toEqual({
      policy: {
        description: expect.any(String),
        default_state: 'written',
        states: [
          {
            name: 'written',
            actions: [{ rollover: { min_index_age: '1d', min_primary_shard_size: '30gb' } }],
            transitions: [{ state_name: 'deleted', conditions: { min_rollover_age: '14d' } }],
          },
          { name: 'deleted', actions: [{ delete: {} }], transitions: [] },
        ],
        ism_template: [{ index_patterns: ['logs-ism'], priority: 208 }],
      },
    });
    await front.stop();
  });

  test('the shipper as it is packaged: set-up, gzip, several nodes, a signature that no service asked for', async () => {
    const shipper = await startShipper({
      LOGTAP_SINK: 'opensearch',
      LOGTAP_OPENSEARCH_URL: `http://127.0.0.1:${await freePort()},${url}`,
      LOGTAP_OPENSEARCH_INDEX: 'packaged-{yyyy.MM.dd}',
      LOGTAP_OPENSEARCH_SETUP: 'true',
      LOGTAP_OPENSEARCH_RETENTION_DAYS: '7',
      LOGTAP_OPENSEARCH_GZIP: 'true',
      LOGTAP_OPENSEARCH_SIGV4: 'es',
      ...AWS_ENV,
    });
    const lines = Array.from({ length: 2000 }, (_, i) => `{"n":${i},"text":"é"}`);
    await new Promise<void>((resolve, reject) => {
      const peer = createConnection(shipper.socket, () => peer.end(lines.map((line) => `${line}\n`).join('')));
      peer.on('close', () => resolve()).on('error', reject);
      peer.resume();
    });
    const { code, stderr } = await drain(shipper);
    const said = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect([code, said.at(-1)]).toEqual([
      0,
      expect.objectContaining({ read: 2000, delivered: { opensearch: 2000 }, dropped: {}, held: 0, balanced: true }),
    ]);
    expect(said.map(({ message }) => message)).toContain(
      'opensearch: no policy was made, and old indices are never deleted: no ISM here',
    );
    const stored = await documentsOf(url, 'packaged-*');
    expect(stored.map(({ document }) => [document.body, document.data.n])).toEqual(lines.map((line, i) => [line, i]));
  });

  test('two applications, the name of one the beginning of the other’s: each has its own schema', async () => {
    for (const [index, schema] of [
      ['shop-{yyyy}', 'otel'],
      ['shop-web-{yyyy}', 'ecs'],
    ] as const) {
      const settings = {
        LOGTAP_OPENSEARCH_SETUP: 'true',
        LOGTAP_OPENSEARCH_INDEX: index,
        LOGTAP_OPENSEARCH_SCHEMA: schema,
      };
      const sink = openSinkAt(url, settings);
      expect(await sink.send(batchOf([{ message: 'm', timeMs }]), never)).toEqual({ retry: [], rejected: [] });
      await sink.close();
    }
    expect(await fieldsOf('shop-2026')).toContain('"body":{"type":"text"}');
    expect(await fieldsOf('shop-web-2026')).toContain('"message":{"type":"text"}');
  });

  test('a template that conflicts with another is reported, and records go on without it', async () => {
    await tell(url, 'PUT', '/_index_template/other', { index_patterns: ['taken-*'], priority: 207 });
    const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_SETUP: 'true', LOGTAP_OPENSEARCH_INDEX: 'taken-{yyyy}' });
    expect(await sink.send(batchOf([{ message: '{"a":1}', timeMs }]), never)).toEqual({ retry: [], rejected: [] });
    expect(sink.notices).toEqual([expect.stringMatching(/other.*Records go on without it/)]);
    expect((await documentsOf(url, 'taken-*')).map(({ document }) => 'data' in document)).toEqual([false]);
    await sink.close();
  });

  describe('what the cluster does not take', () => {
    const refuse = (response: ServerResponse, status: number, reason: string) => {
      const body = JSON.stringify({ error: { type: 'mapper_parsing_exception', reason }, status });
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    };
    const isTemplate = ({ method, path }: Exchange) => method === 'PUT' && path.startsWith('/_index_template/');
    const UNKNOWN = 'Failed to parse mapping [_doc]: No handler for type [flat_object] declared on field [data]';

    test('flat_object: the template is made without it, and lines are stored as text', async () => {
      const front = await startFront(url, (exchange) => {
        if (isTemplate(exchange) && exchange.body.includes('flat_object')) refuse(exchange.response, 400, UNKNOWN);
      });
      const settings = { LOGTAP_OPENSEARCH_SETUP: 'true', LOGTAP_OPENSEARCH_INDEX: 'old-cluster-{yyyy}' };
      for (let life = 0; life < 2; life++) {
        const sink = openSinkAt(front.url, settings);
        const batch = batchOf([{ message: '{"a":1}', timeMs, seq: life }]);
        expect(await sink.send(batch, never)).toEqual({ retry: [], rejected: [] });
        expect(sink.notices).toEqual([expect.stringMatching(/flat_object.*2\.7/)]);
        await sink.close();
      }
      expect(await fieldsOf('old-cluster-2026')).toContain('"dynamic":"false"');
      expect((await documentsOf(url, 'old-cluster-*')).map(({ document }) => 'data' in document)).toEqual([
        false,
        false,
      ]);
      // Once the cluster is newer, the template is, too.
      const sink = openSinkAt(url, settings);
      await sink.send(batchOf([{ message: 'a', timeMs, seq: 9 }]), never);
      const { index_templates: found } = await tell(url, 'GET', '/_index_template/old-cluster-logtap');
      expect(JSON.stringify(found)).toContain('flat_object');
      await sink.close();
      await front.stop();
    });

    test.each([400, 403, 405])(
      'a template (%i): lines go on without it; those for a data stream wait',
      async (status) => {
        const front = await startFront(url, (exchange) => {
          if (isTemplate(exchange)) refuse(exchange.response, status, 'no');
        });
        const sink = openSinkAt(front.url, {
          LOGTAP_OPENSEARCH_SETUP: 'true',
          LOGTAP_OPENSEARCH_INDEX: `refused-${status}-{yyyy}`,
        });
        expect(await sink.send(batchOf([{ message: 'a', timeMs }]), never)).toEqual({ retry: [], rejected: [] });
        expect(sink.notices).toHaveLength(1);
        await sink.close();
        const stream = openSinkAt(front.url, {
          LOGTAP_OPENSEARCH_SETUP: 'true',
          LOGTAP_OPENSEARCH_DATA_STREAM: `refused-${status}-stream`,
        });
        expect(await stream.send(batchOf([{ message: 'a', timeMs }]), never)).toMatchObject({
          retry: [0],
          failure: { code: String(status) },
        });
        expect((await ask(url, 'HEAD', `/refused-${status}-stream`)).status).toBe(404);
        await stream.close();
        await front.stop();
      },
    );
  });
});
