/** The sink and the OpenSearch versions that clusters run: the last of the line before, that of the other tests, and the newest. */
import type { OpenSearchServer } from '../../scripts/opensearch.js';
import { OTHER_VERSIONS, startOpenSearch } from '../../scripts/opensearch.js';
import { batchOf } from '../support/batches.js';
import { describeWith } from '../support/capability.js';
import { documentsOf, never, openSinkAt, sendAll, tell } from '../support/opensearch-engine.js';
import { startFront } from '../support/opensearch-front.js';

const timeMs = Date.UTC(2026, 10, 23, 12);
const SETUP = { LOGTAP_OPENSEARCH_SETUP: 'true' };
const APPEND_ONLY = { settings: { 'index.append_only.enabled': true } };
const DONE = { retry: [], rejected: [] };
/** A type that no version has, in the place of flat_object: the engine's own words about one that it does not know. */
const UNKNOWN_TYPE = 'no_flat_object';

for (const version of [undefined, ...OTHER_VERSIONS]) {
  const capability = version === undefined ? 'opensearch' : 'other opensearch versions';
  describeWith([capability], `OpenSearch ${version ?? 'of the other tests'}`, () => {
    let search: OpenSearchServer;
    let url: string;
    beforeAll(async () => {
      search = await startOpenSearch(version === undefined ? {} : { version });
      url = search.url;
    });
    afterAll(() => search?.stop());

    const count = async (index: string) => {
      await tell(url, 'POST', `/${index}/_refresh`);
      return (await tell(url, 'GET', `/${index}/_count`)).count;
    };

    test('the engine is of this version', async () => {
      const { version: found } = await tell(url, 'GET', '/');
      expect([found.distribution, found.number]).toEqual(['opensearch', version ?? expect.any(String)]);
    });

    test.each([
      ['an index', { LOGTAP_OPENSEARCH_INDEX: 'app-{yyyy.MM.dd}' }, 'app-*'],
      ['a data stream', { LOGTAP_OPENSEARCH_DATA_STREAM: 'logs-app-default' }, 'logs-app-default'],
    ])('set-up of %s; what is resent by another shipper is stored once', async (_, destination, pattern) => {
      const lines = ['text', '{"user":{"id":7}}', '{"user":"a string now"}'];
      const batch = batchOf(lines.map((message, seq) => ({ message, seq, timeMs: timeMs + seq })));
      for (let life = 0; life < 2; life++) {
        const sink = openSinkAt(url, { ...SETUP, ...destination });
        expect([await sink.send(batch, never), sink.notices]).toEqual([DONE, []]);
        await sink.close();
      }
      expect((await documentsOf(url, pattern)).map(({ document }) => document.body)).toEqual(lines);
      const found = await tell(url, 'POST', `/${pattern}/_search`, { query: { term: { 'data.user.id': '7' } } });
      expect(found.hits.total.value).toBe(1);
    });

    test.each([
      ['an index', { LOGTAP_OPENSEARCH_INDEX: 'plain-{yyyy}' }, 'plain-*'],
      ['a data stream', { LOGTAP_OPENSEARCH_DATA_STREAM: 'logs-plain' }, 'logs-plain'],
    ])(
      'without flat_object, in the words of the engine: %s is set up, and lines are text',
      async (_, settings, pattern) => {
        const front = await startFront(url, async ({ method, path, body, forward, response }) => {
          if (method !== 'PUT' || !path.startsWith('/_index_template/')) return;
          const answer = await forward(Buffer.from(body.toString().replaceAll('flat_object', UNKNOWN_TYPE)));
          const said = answer.body.toString().replaceAll(UNKNOWN_TYPE, 'flat_object');
          response.writeHead(answer.status, { 'content-type': 'application/json' }).end(said);
        });
        const sink = openSinkAt(front.url, { ...SETUP, ...settings });
        expect(await sink.send(batchOf([{ message: '{"a":1}', timeMs }]), never)).toEqual(DONE);
        expect(sink.notices).toEqual([expect.stringMatching(/flat_object.*2\.7.*stored as text only/)]);
        const [stored] = await documentsOf(url, pattern);
        expect(stored?.document).toEqual(expect.objectContaining({ body: '{"a":1}' }));
        expect(stored?.document).not.toHaveProperty('data');
        const mapping = JSON.stringify(await tell(url, 'GET', `/${pattern}/_mapping`));
        expect(mapping).toContain('"dynamic":"false"');
        await sink.close();
        await front.stop();
      },
    );

    test('a document that the mapping refuses is a dead letter, and the others are stored', async () => {
      await tell(url, 'PUT', '/numbers', { mappings: { properties: { body: { type: 'long' } } } });
      const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_INDEX: 'numbers' });
      const result = await sink.send(batchOf(['1', 'words', '3']), never);
      expect(result).toMatchObject({ retry: [], rejected: [{ index: 1, reason: 'mapper_parsing_exception' }] });
      expect((await documentsOf(url, 'numbers')).map(({ document }) => document.body)).toEqual(['1', '3']);
      await sink.close();
    });

    test('an append-only index takes ids of documents that are created, each once', async () => {
      await tell(url, 'PUT', '/appended', APPEND_ONLY);
      const batch = batchOf(['a', 'b', 'c']);
      for (let life = 0; life < 2; life++) {
        const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_INDEX: 'appended' });
        expect([await sink.send(batch, never), sink.notices]).toEqual([DONE, []]);
        await sink.close();
      }
      expect((await documentsOf(url, 'appended')).map(({ document }) => document.body)).toEqual(['a', 'b', 'c']);
    });

    // The good record that proves it may not be an update there, which is refused with every id: it is created, once.
    test('an append-only index that refuses a line: it is a dead letter, and the next ones are stored', async () => {
      const mappings = { properties: { '@timestamp': { type: 'date_nanos' } } };
      await tell(url, 'PUT', '/appended-times', { ...APPEND_ONLY, mappings });
      const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_INDEX: 'appended-times' });
      for (let seq = 0; seq < 2; seq++) {
        const late = batchOf([{ message: 'too late', timeMs: Date.UTC(2300, 0, 1), seq }]);
        const results = await sendAll(sink, late);
        expect(results.at(-1)).toMatchObject({ rejected: [{ index: 0, reason: 'mapper_parsing_exception' }] });
      }
      expect(await sink.send(batchOf([{ message: 'in time', timeMs, seq: 2 }]), never)).toEqual(DONE);
      const stored = await documentsOf(url, 'appended-times');
      expect(stored.map(({ document }) => document.body).sort()).toEqual(['in time', 'logtap-probe']);
      await sink.close();
    });

    // From 3.2 on. The time comes back in milliseconds, and a record would be taken for that of another writer.
    const testOfVersion3 = version?.startsWith('2.') === true ? () => {} : test;
    testOfVersion3(
      'an index that derives its source: what another shipper stored is known again, and stored once',
      async () => {
        const properties = { '@timestamp': { type: 'date_nanos' }, body: { type: 'text', store: true } };
        const settings = { 'index.derived_source.enabled': true };
        await tell(url, 'PUT', '/derived', { settings, mappings: { dynamic: false, properties } });
        const batch = batchOf([0.25, 1, 2.999].map((ms, seq) => ({ message: `m${seq}`, seq, timeMs: timeMs + ms })));
        for (let life = 0; life < 2; life++) {
          const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_INDEX: 'derived' });
          expect([await sink.send(batch, never), sink.notices]).toEqual([DONE, []]);
          await sink.close();
        }
        expect(await count('derived')).toBe(3);
        // The same text at another time is another record.
        const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_INDEX: 'derived' });
        expect(await sink.send(batchOf([{ message: 'm0', seq: 0, timeMs: timeMs + 7 }]), never)).toEqual(DONE);
        expect(await count('derived')).toBe(4);
        await sink.close();
      },
    );

    test('a template of an operator makes the data stream append-only: all is stored once', async () => {
      const template = { index_patterns: ['logs-kept'], data_stream: {}, priority: 300, template: APPEND_ONLY };
      await tell(url, 'PUT', '/_index_template/kept', template);
      const batch = batchOf([{ message: 'once', timeMs }]);
      for (let life = 0; life < 2; life++) {
        const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_DATA_STREAM: 'logs-kept' });
        expect(await sink.send(batch, never)).toEqual(DONE);
        await sink.close();
      }
      expect(await documentsOf(url, 'logs-kept')).toHaveLength(1);
    });
  });
}
