/** The OpenSearch sink and a real node with limits so small that they are reached: it learns them, and loses nothing. */
import type { OpenSearchServer } from '../../scripts/opensearch.js';
import { startOpenSearch } from '../../scripts/opensearch.js';
import { batchOf } from '../support/batches.js';
import { describeWith } from '../support/capability.js';
import { documentsOf, openSinkAt, sendAll, tell } from '../support/opensearch-engine.js';

const CONTENT_MAX = 1024 * 1024;

describeWith(['opensearch'], 'OpenSearch with small limits', () => {
  let search: OpenSearchServer;
  let url: string;
  beforeAll(async () => {
    search = await startOpenSearch({
      settings: {
        'http.max_content_length': `${CONTENT_MAX}b`,
        'indexing_pressure.memory.limit': '600kb',
        'thread_pool.write.size': '1',
        'thread_pool.write.queue_size': '1',
      },
    });
    url = search.url;
  });
  afterAll(() => search?.stop());

  const bodies = async (index: string) => (await documentsOf(url, index)).map(({ document }) => document.body);

  test('rules 59, 108: 413 halves until the requests fit; a document that is too large is refused alone', async () => {
    const messages = Array.from({ length: 300 }, (_, i) => `${i} ${'x'.repeat(10_000)}`);
    messages[100] = 'y'.repeat(CONTENT_MAX);
    const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_INDEX: 'large' });
    const results = await sendAll(sink, batchOf(messages));
    expect(results.flatMap(({ rejected }) => rejected)).toEqual([{ index: 100, reason: 'too_large', code: '413' }]);
    expect(sink.codes).toContain('413');
    expect(await bodies('large')).toEqual(messages.filter((_, i) => i !== 100));
    const before = sink.codes.length;
    await sendAll(sink, batchOf(messages.filter((_, i) => i !== 100)));
    expect(sink.codes.slice(before)).not.toContain('413');
    await sink.close();
  });

  test('rules 108, 112: a compressed body counts inflated, and learns its size as others do', async () => {
    const messages = Array.from({ length: 300 }, (_, i) => `${i} ${'x'.repeat(10_000)}`);
    const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_INDEX: 'inflated', LOGTAP_OPENSEARCH_GZIP: 'true' });
    const results = await sendAll(sink, batchOf(messages));
    expect(results.flatMap(({ rejected }) => rejected)).toEqual([]);
    expect(sink.codes).toContain('413');
    expect(await bodies('inflated')).toEqual(messages);
    await sink.close();
  });

  test('rule 109: what is above the limit of indexing pressure is refused every time, until it is cut to size', async () => {
    // Below the limit of HTTP, above the other.
    const messages = Array.from({ length: 90 }, (_, i) => `${i} ${'x'.repeat(10_000)}`);
    const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_INDEX: 'pressed' });
    const results = await sendAll(sink, batchOf(messages), 10);
    expect(sink.codes.slice(0, 3)).toEqual(['429', '429', '200']);
    expect(results.flatMap(({ rejected }) => rejected)).toEqual([]);
    expect(await bodies('pressed')).toEqual(messages);
    await sink.close();
  });

  test('rules 60, 109: a full write queue refuses items of a request: they are retried, and all are stored once', async () => {
    const shards = { settings: { number_of_shards: 8, number_of_replicas: 0 } };
    await tell(url, 'PUT', '/queued', shards);
    const sinks = Array.from({ length: 6 }, () => openSinkAt(url, { LOGTAP_OPENSEARCH_INDEX: 'queued' }));
    const all = sinks.map((_, s) =>
      Array.from({ length: 400 }, (_, i) => ({ message: `${s} ${i}`, seq: s * 400 + i })),
    );
    const answers = await Promise.all(sinks.map((sink, s) => sendAll(sink, batchOf(all[s]!), 500)));
    const refused = answers.flat().filter(({ failure }) => failure?.code === '429');
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.flat().flatMap(({ rejected }) => rejected)).toEqual([]);
    expect(await bodies('queued')).toEqual(all.flat().map(({ message }) => message));
    await Promise.all(sinks.map((sink) => sink.close()));
  });
});
