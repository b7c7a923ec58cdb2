/** The OpenSearch sink and a real node with the defaults: indices, ids, refusals, blocks, connections that break. */
import { freePort } from '../../scripts/free-port.js';
import type { OpenSearchServer } from '../../scripts/opensearch.js';
import { startOpenSearch } from '../../scripts/opensearch.js';
import { batchOf, stdoutOrigin } from '../support/batches.js';
import { describeWith } from '../support/capability.js';
import { ask, documentsOf, never, openSinkAt, sendAll, tell } from '../support/opensearch-engine.js';
import { type Exchange, startFront } from '../support/opensearch-front.js';

/** Numbers in [0, 1) that a seed repeats (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

describeWith(['opensearch'], 'OpenSearch', () => {
  let search: OpenSearchServer;
  let url: string;
  beforeAll(async () => {
    search = await startOpenSearch();
    url = search.url;
  });
  afterAll(() => search?.stop());

  const bodies = async (index: string) => (await documentsOf(url, index)).map(({ document }) => document.body);

  test('rules 67, 106: records before and after midnight have their own index, and a retry finds it again', async () => {
    const midnight = Date.UTC(2026, 10, 24);
    const batch = batchOf([
      { message: 'last', timeMs: midnight - 1, seq: 1 },
      { message: 'first', timeMs: midnight, seq: 2 },
      { message: 'late', timeMs: midnight - 0.001, seq: 3 },
    ]);
    // A second sink knows nothing of the first: a shipper that was killed before it saw the answer.
    for (const sink of [0, 1].map(() => openSinkAt(url, { LOGTAP_OPENSEARCH_INDEX: 'night-{yyyy.MM.dd}' }))) {
      expect(await sink.send(batch, never)).toEqual({ retry: [], rejected: [] });
      await sink.close();
    }
    const stored = await documentsOf(url, 'night-*');
    expect(stored.map(({ index, document }) => [index, document.body, document['@timestamp']])).toEqual([
      ['night-2026.11.23', 'last', '2026-11-23T23:59:59.999000Z'],
      ['night-2026.11.24', 'first', '2026-11-24T00:00:00.000000Z'],
      ['night-2026.11.23', 'late', '2026-11-23T23:59:59.999999Z'],
    ]);
  });

  test('rules 60, 72: one status an item: what conflicts with the mapping is refused alone', async () => {
    await tell(url, 'PUT', '/numbers', { mappings: { properties: { body: { type: 'long' } } } });
    const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_INDEX: 'numbers' });
    const result = await sink.send(batchOf(['1', 'secret words', '3', 'more', '5']), never);
    expect(result).toMatchObject({
      retry: [],
      rejected: [
        { index: 1, reason: 'mapper_parsing_exception' },
        { index: 3, reason: 'mapper_parsing_exception' },
      ],
    });
    expect(await bodies('numbers')).toEqual(['1', '3', '5']);
    await sink.close();
  });

  test.each(['read_only_allow_delete', 'read_only', 'write'])(
    'rule 110: an index with the block %s holds its records, others go through; when it is lifted, all are stored',
    async (block) => {
      const name = `${block.replaceAll('_', '-')}-block`;
      const batch = batchOf([
        { message: 'a', timeMs: Date.UTC(2026, 0, 1), seq: 1 },
        { message: 'b', timeMs: Date.UTC(2026, 0, 2), seq: 2 },
        { message: 'c', timeMs: Date.UTC(2026, 0, 1), seq: 3 },
      ]);
      await tell(url, 'PUT', `/${name}-01`);
      const set = (value: boolean | null) =>
        tell(url, 'PUT', `/${name}-01/_settings`, { [`index.blocks.${block}`]: value });
      await set(true);
      const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_INDEX: `${name}-{dd}` });
      expect(await sink.send(batch, never)).toMatchObject({
        retry: [0, 2],
        rejected: [],
        failure: {
          code: block === 'read_only_allow_delete' ? '429' : '403',
          detail: expect.stringContaining('cluster_block_exception'),
        },
      });
      await set(null);
      await sendAll(sink, batch);
      expect(await bodies(`${name}-*`)).toEqual(['a', 'b', 'c']);
      await sink.close();
    },
  );

  test('rule 65: an index that may not be made holds its records, and the reason is reported', async () => {
    const allow = (value: string | null) =>
      tell(url, 'PUT', '/_cluster/settings', { persistent: { 'action.auto_create_index': value } });
    await allow('false');
    const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_INDEX: 'forbidden' });
    const batch = batchOf(['a']);
    expect(await sink.send(batch, never)).toMatchObject({
      retry: [0],
      rejected: [],
      failure: { code: '404', detail: expect.stringContaining('action.auto_create_index') },
      retryAfterMs: 5000,
    });
    await allow(null);
    await sendAll(sink, batch);
    expect(await bodies('forbidden')).toEqual(['a']);
    await sink.close();
  });

  test('rule 107: an action that spoils the request is found and refused alone', async () => {
    const spoiling = { ...stdoutOrigin, id: 'x'.repeat(511) };
    const messages = Array.from({ length: 40 }, (_, i) => ({
      message: `${i}`,
      seq: i,
      ...(i === 7 || i === 39 ? { origin: spoiling } : {}),
    }));
    const sink = openSinkAt(url, { LOGTAP_OPENSEARCH_INDEX: 'spoilt' });
    const { retry, rejected } = await sink.send(batchOf(messages), never);
    expect(retry).toEqual([]);
    // 511 + '-7' has 513 bytes, one too many.
    expect(rejected.map(({ index }) => index)).toEqual([7, 39]);
    expect(await bodies('spoilt')).toEqual(
      messages.map(({ message }) => message).filter((_, i) => i !== 7 && i !== 39),
    );
    await sink.close();
  });

  test('rules 61, 111: answers that are lost and requests that are cut: each record is stored once', async () => {
    const front = await startFront(url, async ({ body, forward, cut }, number) => {
      if (number > 4) return;
      // The engine does all of it, or the first half.
      const half = body.indexOf('\n{"create"', body.length / 2) + 1;
      await forward(number % 2 === 1 ? body : body.subarray(0, half));
      cut();
    });
    const messages = Array.from({ length: 1000 }, (_, i) => `message ${i} é`);
    const sink = openSinkAt(front.url, { LOGTAP_OPENSEARCH_INDEX: 'cut' });
    const results = await sendAll(sink, batchOf(messages));
    expect(results.slice(0, -1).map(({ retry }) => retry.length)).toEqual(results.slice(0, -1).map(() => 1000));
    expect(results.length).toBeGreaterThan(1);
    expect(await bodies('cut')).toEqual(messages);
    await sink.close();
    await front.stop();
  });

  test('rules 62, 63, 91, 111: with any fault on the way, in any order, each record is stored once and none refused', async () => {
    const seed = Number(process.env.LOGTAP_TEST_SEED ?? Date.now() % 1e9);
    const random = randomOf(seed);
    /** Bytes of a body that a proxy may refuse. */
    const LARGE = 20_000;
    const reply = (status: number, text: string) => (exchange: Exchange) => {
      exchange.response.writeHead(status).end(text);
    };
    const items = (change: (all: unknown[]) => unknown[]) => async (exchange: Exchange) => {
      const { errors, items: all } = JSON.parse((await exchange.forward()).body.toString());
      exchange.response.end(JSON.stringify({ errors: true, items: change(all), was: errors }));
    };
    const faults: readonly ((exchange: Exchange) => unknown)[] = [
      ({ cut }) => cut(),
      async ({ forward, cut }) => {
        await forward();
        cut();
      },
      async ({ body, forward, cut }) => {
        await forward(body.subarray(0, body.indexOf('\n{"create"', body.length * random()) + 1 || body.length));
        cut();
      },
      ...[429, 500, 502, 503, 504, 408, 401, 403, 404, 302].map((status) => reply(status, '<html>no</html>')),
      (exchange: Exchange) => exchange.body.length > LARGE && reply(413, '')(exchange),
      reply(400, 'Bad Request'),
      reply(200, ''),
      reply(200, '{"errors":true,"items":'),
      items((all) => all.slice(1)),
      items((all) => [...all, ...all]),
      items((all) => all.map(() => ({ create: { status: 503, error: { type: 'unavailable_shards_exception' } } }))),
    ];
    const faulty = (exchange: Exchange) =>
      random() < 0.6 ? faults[Math.floor(random() * faults.length)]!(exchange) : undefined;
    const fronts = [await startFront(url, faulty), await startFront(url, faulty)];
    const nodes = [`http://127.0.0.1:${await freePort()}`, ...fronts.map((front) => front.url)];
    const messages = Array.from({ length: 6000 }, (_, i) => `${i} ${'é'.repeat(i % 97)}`);
    // Several batches: what was learned in one holds in the next.
    for (let from = 0; from < messages.length; from += 200) {
      const sink = openSinkAt(nodes.join(','), { LOGTAP_OPENSEARCH_INDEX: 'chaos' });
      const records = messages.slice(from, from + 200).map((message, i) => ({ message, seq: from + i }));
      const results = await sendAll(sink, batchOf(records), 500);
      expect({ seed, rejected: results.flatMap(({ rejected }) => rejected) }).toEqual({ seed, rejected: [] });
      await sink.close();
    }
    // One for each batch, and those after faults: 75 on average, 11 the deviation.
    expect(fronts[0]!.requests.length + fronts[1]!.requests.length).toBeGreaterThan(35);
    expect({ seed, stored: await bodies('chaos') }).toEqual({ seed, stored: messages });
    await Promise.all(fronts.map((front) => front.stop()));
  });

  test('rule 112: what the engine answers to a wrong content type and to the path of a plugin it lacks', async () => {
    const response = await fetch(`${url}/_bulk`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{}\n',
    });
    expect(response.status).toBe(406);
    const { status, json } = await ask(url, 'GET', '/_plugins/_ism/policies');
    expect([status, json.error]).toEqual([400, expect.stringContaining('no handler found')]);
  });
});
