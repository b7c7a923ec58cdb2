/** Fields of records in a real node: found by them, and never the reason why a line is lost. */
import type { OpenSearchServer } from '../../scripts/opensearch.js';
import { startOpenSearch } from '../../scripts/opensearch.js';
import { batchOf } from '../support/batches.js';
import { describeWith } from '../support/capability.js';
import { documentsOf, never, openSinkAt, tell } from '../support/opensearch-engine.js';
import { CORPUS } from '../unit/shipper/fields/corpus.js';

const LINES = CORPUS.map(([, line]) => line);
const ACCEPTED = { retry: [], rejected: [] };

describeWith(['opensearch'], 'fields in OpenSearch', () => {
  let search: OpenSearchServer;
  let url: string;
  beforeAll(async () => {
    search = await startOpenSearch();
    url = search.url;
  });
  afterAll(() => search?.stop());

  const mappingOf = async (index: string) => JSON.stringify(await tell(url, 'GET', `/${index}/_mapping`));
  const found = async (index: string, query: object): Promise<number> => {
    await tell(url, 'POST', `/${index}/_refresh`);
    return (await tell(url, 'POST', `/${index}/_count`, { query })).count;
  };

  test('records are found by level, logger, trace, a value of their layout and a label', async () => {
    const sink = openSinkAt(url, {
      LOGTAP_OPENSEARCH_SETUP: 'true',
      LOGTAP_OPENSEARCH_INDEX: 'fields-{field:team}-{yyyy}',
      LOGTAP_STATIC_FIELDS: 'team=red',
    });
    expect(await sink.send(batchOf([{ message: 'plain', seq: 1000 }]), never)).toEqual(ACCEPTED);
    const [index] = Object.keys(await tell(url, 'GET', '/fields-*/_mapping')) as [string];
    const before = await mappingOf(index);
    expect(await sink.send(batchOf(LINES), never)).toEqual(ACCEPTED);
    const errors = CORPUS.filter(([, , { severity = 0 }]) => severity >= 17).length;
    expect(await found(index, { range: { 'severity.number': { gte: 17 } } })).toBe(errors);
    expect(await found(index, { term: { 'instrumentationScope.name': 'kafka.server.KafkaServer' } })).toBe(1);
    expect(await found(index, { term: { traceId: '0af7651916cd43dd8448eb211c80319c' } })).toBe(
      CORPUS.filter(([, , { traceId }]) => traceId === '0af7651916cd43dd8448eb211c80319c').length,
    );
    expect(await found(index, { term: { 'attributes.thread.name': 'http-nio-8080-exec-1' } })).toBe(1);
    expect(await found(index, { term: { 'data.status': '502' } })).toBe(1);
    expect(await found(index, { term: { 'labels.team': 'red' } })).toBe(LINES.length + 1);
    expect(await mappingOf(index)).toBe(before);
  });

  test.each([
    [
      'is strict',
      { dynamic: 'strict', properties: { '@timestamp': { type: 'date_nanos' }, message: { type: 'text' } } },
    ],
    [
      'has other types',
      { properties: { level: { type: 'long' }, labels: { type: 'long' }, thread: { type: 'object' } } },
    ],
  ])('where a mapping of an operator %s, lines are stored without fields', async (title, mappings) => {
    const index = `operator-${title.replaceAll(' ', '-')}`;
    const base = 'dynamic' in mappings ? baseOf(mappings) : mappings;
    await tell(url, 'PUT', `/${index}`, { mappings: base });
    const sink = openSinkAt(url, {
      LOGTAP_OPENSEARCH_INDEX: index,
      LOGTAP_OPENSEARCH_SCHEMA: 'flat',
      LOGTAP_STATIC_FIELDS: 'team=red',
    });
    expect(await sink.send(batchOf(['plain', ...LINES]), never)).toEqual(ACCEPTED);
    const documents = await documentsOf(url, index, 'seq');
    expect(documents.map(({ document }) => document.message).sort()).toEqual(['plain', ...LINES].sort());
  });
});

/** A strict mapping that has the fields of a record without those of its text. */
function baseOf({ properties, ...mappings }: { readonly properties: object }): object {
  const known = Object.fromEntries(
    ['stream', 'source', 'container_name', 'process'].map((name) => [name, { type: 'keyword' }]),
  );
  return { ...mappings, properties: { ...properties, ...known, seq: { type: 'long' }, pid: { type: 'long' } } };
}
