/** The sink of OpenSearch and Elasticsearch 8 and 9, played as they document their answers. */
import { batchOf } from '../support/batches.js';
import { type Referee, startElasticsearch } from '../support/elasticsearch-referee.js';
import { never, type OpenedSink, openSinkAt, sendAll } from '../support/opensearch-engine.js';

const timeMs = Date.UTC(2026, 10, 23, 12);
const DONE = { retry: [], rejected: [] };
const SETUP = { LOGTAP_OPENSEARCH_SETUP: 'true' };
const INDEX = { LOGTAP_OPENSEARCH_INDEX: 'app-{yyyy}' };
const DATA_STREAM = { LOGTAP_OPENSEARCH_DATA_STREAM: 'logs-app-default' };

describe.each(['8.19.0', '9.2.0'] as const)('Elasticsearch %s', (version) => {
  let engine: Referee;
  const sinks: OpenedSink[] = [];
  beforeEach(async () => {
    engine = await startElasticsearch(version);
  });
  afterEach(async () => {
    for (const sink of sinks.splice(0)) await sink.close();
    await engine.stop();
  });
  const open = (settings: Readonly<Record<string, string>>) => {
    const sink = openSinkAt(engine.url, settings);
    sinks.push(sink);
    return sink;
  };

  test.each([
    ['an index', INDEX, 'app-2026'],
    ['a data stream', DATA_STREAM, 'logs-app-default'],
  ])(
    'set-up of %s: lines are text, and the one notice names engine, type and remedy',
    async (_, destination, index) => {
      const sink = open({ ...SETUP, ...destination });
      expect(await sink.send(batchOf([{ message: '{"a":1}', timeMs }]), never)).toEqual(DONE);
      expect(sink.notices).toEqual([
        expect.stringMatching(
          /this is Elasticsearch, which knows no flat_object \(.*flattened\): .*stored as text only/,
        ),
      ]);
      expect(sink.notices[0]).not.toContain('update it');
      expect([...engine.templates.values()]).toEqual([
        expect.objectContaining({ template: { mappings: expect.objectContaining({ dynamic: false }) } }),
      ]);
      const [[key, document]] = [...engine.documents] as [[string, Record<string, unknown>]];
      expect([key.split('/')[0], document.body, 'data' in document]).toEqual([index, '{"a":1}', false]);
    },
  );

  test('retention: there is no ISM, and the notice names what Elasticsearch has', async () => {
    const sink = open({ ...SETUP, ...INDEX, LOGTAP_OPENSEARCH_RETENTION_DAYS: '7' });
    expect(await sink.send(batchOf([{ message: 'a', timeMs }]), never)).toEqual(DONE);
    expect(sink.notices[0]).toMatch(
      /old indices are never deleted: Elasticsearch has no ISM \(make a policy of its ILM\)/,
    );
  });

  test.each([
    ['an index', INDEX],
    ['a data stream', DATA_STREAM],
  ])('%s: what another shipper sent is stored once, and what is throttled is resent', async (_, destination) => {
    const batch = batchOf(['a', 'b', 'c'].map((message, seq) => ({ message, seq, timeMs })));
    const first = open({ ...SETUP, ...destination });
    engine.refuseNext(2);
    const [throttled, ...rest] = await sendAll(first, batch);
    expect(throttled).toMatchObject({
      retry: [0, 1],
      failure: { code: '429', detail: expect.stringContaining('es_rejected_execution_exception') },
    });
    expect(rest.at(-1)).toEqual(DONE);
    expect(await open({ ...SETUP, ...destination }).send(batch, never)).toEqual(DONE);
    expect([...engine.documents.values()].map(({ body }) => body).sort()).toEqual(['a', 'b', 'c']);
  });

  test.each([
    ['an index, where a good record is an update that stores nothing', INDEX, []],
    ['a data stream, where it has to be created', DATA_STREAM, ['logtap-probe']],
  ])('a document that is refused, in %s: a dead letter', async (_, destination, kept) => {
    const sink = open({ ...SETUP, ...destination });
    const results = await sendAll(sink, batchOf([{ message: 'too late', timeMs: Date.UTC(2300, 0, 1) }]));
    expect(results.at(-1)).toMatchObject({ rejected: [{ index: 0, reason: 'document_parsing_exception' }] });
    expect([...engine.documents.values()].map(({ body }) => body)).toEqual(kept);
  });

  test('a failure store: the line is there and counts as delivered, and one notice says where to search', async () => {
    engine.failureStore = new Map();
    const sink = open({ ...SETUP, ...DATA_STREAM });
    const late = (seq: number) => ({ message: 'too late', timeMs: Date.UTC(2300, 0, 1), seq });
    expect(await sink.send(batchOf([late(0), { message: 'in time', timeMs, seq: 1 }]), never)).toEqual(DONE);
    expect(await sink.send(batchOf([late(2)]), never)).toEqual(DONE);
    expect([engine.failureStore.size, engine.documents.size]).toEqual([2, 1]);
    const told = sink.notices.filter((notice) => notice.includes('failure store'));
    expect(told).toEqual([expect.stringContaining('logs-app-default::failures')]);
  });

  test('rule 77: only what Elasticsearch has is asked', async () => {
    const sink = open({ ...SETUP, ...DATA_STREAM });
    for (let i = 0; i < 2; i++) await sink.send(batchOf([{ message: 'a', timeMs }]), never);
    expect([...new Set(engine.asked)]).toEqual([
      'GET /_index_template/logs-app-default-logtap',
      'PUT /_index_template/logs-app-default-logtap',
      'POST /_bulk',
      'POST /_mget',
    ]);
  });
});
