/** States of an index, or of the cluster, that a real node refuses every record for: nothing is lost, and all is stored once they pass. */
import { type OpenSearchServer, startOpenSearch } from '../../scripts/opensearch.js';
import { batchOf, stdoutOrigin } from '../support/batches.js';
import { describeWith } from '../support/capability.js';
import { ask, documentsOf, never, openSinkAt, sendAll, tell } from '../support/opensearch-engine.js';

describeWith(['opensearch'], 'OpenSearch refuses for its state', () => {
  let search: OpenSearchServer;
  let url: string;
  beforeAll(async () => {
    search = await startOpenSearch();
    url = search.url;
  });
  afterAll(() => search?.stop());

  const put = (path: string, body?: unknown) => tell(url, 'PUT', path, body);
  const post = (path: string, body?: unknown) => tell(url, 'POST', path, body);
  const cluster = (name: string, value: unknown) => put('/_cluster/settings', { persistent: { [name]: value } });

  interface State {
    readonly name: string;
    begin(index: string): Promise<unknown>;
    end(index: string): Promise<unknown>;
    /** What the log has to say. */
    readonly says: string;
  }
  const remake = async (index: string, mappings: unknown) => {
    await tell(url, 'DELETE', `/${index}`);
    await put(`/${index}`, { mappings });
  };
  const STATES: readonly State[] = [
    {
      name: 'closed',
      begin: async (index) => {
        await put(`/${index}`);
        await post(`/${index}/_close`);
      },
      end: (index) => post(`/${index}/_open`),
      says: '_open',
    },
    {
      name: 'pipeline',
      begin: (index) => put(`/${index}`, { settings: { 'index.default_pipeline': 'missing' } }),
      end: (index) => put(`/${index}/_settings`, { 'index.default_pipeline': '_none' }),
      says: 'pipeline with id [missing]',
    },
    {
      name: 'alias',
      begin: async (index) => {
        for (const each of [`${index}-1`, `${index}-2`]) await put(`/${each}`, { aliases: { [index]: {} } });
      },
      end: (index) =>
        post('/_aliases', { actions: [{ add: { index: `${index}-1`, alias: index, is_write_index: true } }] }),
      says: 'is_write_index',
    },
    {
      name: 'strict',
      begin: (index) => put(`/${index}`, { mappings: { dynamic: 'strict' } }),
      end: (index) => put(`/${index}/_mapping`, { dynamic: true }),
      says: 'the mapping is strict',
    },
    {
      name: 'fields',
      begin: (index) => put(`/${index}`, { settings: { 'index.mapping.total_fields.limit': 1 } }),
      end: (index) => put(`/${index}/_settings`, { 'index.mapping.total_fields.limit': 1000 }),
      says: 'index.mapping.total_fields.limit',
    },
    {
      name: 'type',
      begin: (index) => put(`/${index}`, { mappings: { properties: { body: { type: 'long' } } } }),
      end: (index) => remake(index, {}),
      says: 'field [body]',
    },
    {
      name: 'object',
      begin: (index) =>
        put(`/${index}`, { mappings: { properties: { body: { properties: { a: { type: 'long' } } } } } }),
      end: (index) => remake(index, {}),
      says: '[body]',
    },
    {
      name: 'routing',
      begin: (index) => put(`/${index}`, { mappings: { _routing: { required: true } } }),
      end: (index) => remake(index, {}),
      says: '_routing',
    },
    {
      name: 'shards',
      begin: () => cluster('cluster.max_shards_per_node', 1),
      end: () => cluster('cluster.max_shards_per_node', null),
      says: 'cluster.max_shards_per_node',
    },
  ];

  test.each(STATES)('$name: held, said, and stored once it passes', async ({ name, begin, end, says }) => {
    const index = `state-${name}`;
    await begin(index);
    const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_INDEX: index });
    const messages = Array.from({ length: 20 }, (_, i) => `secret ${i}`);
    const result = await sink.send(batchOf(messages), never);
    expect(result).toMatchObject({ retry: messages.map((_, i) => i), rejected: [] });
    expect(result.failure?.detail).toContain(says);
    expect(result.failure?.detail).not.toContain('secret');
    await end(index);
    await sendAll(sink, batchOf(messages));
    // Not one of the questions was stored.
    expect((await documentsOf(url, index)).map(({ document }) => document.body)).toEqual(messages);
    await sink.close();
  });

  test('a record that is refused by itself is permanently rejected, alone in its batch, and no question is stored', async () => {
    // A term of 32,767 bytes is one too long, and nothing is ignored in this mapping.
    await put('/single', { mappings: { properties: { body: { type: 'keyword' } } } });
    const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_INDEX: 'single' });
    expect(await sink.send(batchOf(['x'.repeat(32_767)]), never)).toMatchObject({
      retry: [],
      rejected: [{ index: 0 }],
    });
    expect(await documentsOf(url, 'single')).toEqual([]);
    await sink.close();
  });

  test('in a data stream the question is one document, however often it is asked', async () => {
    await put('/_index_template/streams', {
      index_patterns: ['stream-*'],
      data_stream: {},
      priority: 300,
      template: { mappings: { properties: { body: { type: 'keyword' } } } },
    });
    const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_DATA_STREAM: 'stream-a' });
    for (let i = 0; i < 3; i++) {
      const result = await sink.send(batchOf([{ message: 'x'.repeat(40_000), seq: i }]), never);
      expect(result).toMatchObject({ retry: [], rejected: [{ index: 0 }] });
    }
    expect((await documentsOf(url, 'stream-a')).map(({ id }) => id)).toEqual(['logtap-probe']);
    await sink.close();
  });

  test('rule 61: ids that another has taken: every line is stored, and what a previous run stored is not stored again', async () => {
    const ids = [2, 5].map((i) => `${stdoutOrigin.id}-${i}`);
    for (const id of ids) {
      await ask(url, 'PUT', `/taken/_create/${id}`, { body: 'FORGED', attributes: { log: { record: { seq: -1 } } } });
    }
    const messages = Array.from({ length: 10 }, (_, i) => `line ${i}`);
    for (let life = 0; life < 3; life++) {
      const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_INDEX: 'taken' });
      expect(await sink.send(batchOf(messages), never)).toEqual({ retry: [], rejected: [] });
      await sink.close();
    }
    const bodies = (await documentsOf(url, 'taken')).map(({ document }) => document.body);
    expect(bodies.filter((body) => body !== 'FORGED')).toEqual(messages);
    expect(bodies).toHaveLength(12);
  });

  test('rule 61: in a data stream, where the id is in an index behind it', async () => {
    await put('/_index_template/streams-b', { index_patterns: ['streamb-*'], data_stream: {}, priority: 300 });
    for (let life = 0; life < 2; life++) {
      const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_DATA_STREAM: 'streamb-x' });
      expect(await sink.send(batchOf(['a', 'b']), never)).toEqual({ retry: [], rejected: [] });
      await sink.close();
    }
    expect((await documentsOf(url, 'streamb-x')).map(({ document }) => document.body)).toEqual(['a', 'b']);
  });
});
