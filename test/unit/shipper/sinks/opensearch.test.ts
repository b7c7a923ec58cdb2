/** What the OpenSearch sink makes of answers. */
import { NoAnswerError } from '../../../../src/shipper/errors.js';
import type { HttpResponse } from '../../../../src/shipper/sinks/http-client.js';
import { OpenSearchSink } from '../../../../src/shipper/sinks/opensearch.js';
import { BulkEncoder } from '../../../../src/shipper/sinks/opensearch-encoder.js';
import { batchOf, noResource } from '../../../support/batches.js';

const never = new AbortController().signal;

/** A service that sees the messages of each request. */
function sinkOn(service: (messages: string[], bytes: number) => Partial<HttpResponse> & { json?: unknown }) {
  const requests: string[][] = [];
  const sink = new OpenSearchSink('http://search:9200', new BulkEncoder('logs', noResource), async (body) => {
    const lines = body.toString().trimEnd().split('\n');
    const messages = lines.filter((_, i) => i % 2 === 1).map((line) => JSON.parse(line).body as string);
    requests.push(messages);
    const { status = 200, headers = {}, body: text = Buffer.alloc(0), json } = service(messages, body.length);
    return { status, headers, body: json === undefined ? text : Buffer.from(JSON.stringify(json)) };
  });
  const send = (messages: string[]) => sink.send(batchOf(messages), never);
  return { send, requests };
}

const items = (statuses: readonly number[], type = 'some_exception') => ({
  errors: true,
  items: statuses.map((status) => ({
    create: { status, ...(status < 400 ? {} : { error: { type, reason: 'why' } }) },
  })),
});
const created = (messages: readonly string[]) => ({ json: items(messages.map(() => 201)) });
const error = (type: string) => ({ error: { type, reason: 'why' } });

describe('OpenSearchSink: items', () => {
  test('rules 60, 61: created and already there are delivered; 429 and 5xx go again; 400 is refused', async () => {
    const { send } = sinkOn(() => ({ json: items([201, 409, 429, 400, 503, 200], 'mapper_parsing_exception') }));
    expect(await send(['a', 'b', 'c', 'd', 'e', 'f'])).toEqual({
      retry: [2, 4],
      rejected: [{ index: 3, reason: 'mapper_parsing_exception' }],
      failure: { code: '429', detail: expect.stringContaining('http://search:9200') },
    });
  });

  test.each([
    [403, 'cluster_block_exception'],
    [403, 'security_exception'],
    [404, 'index_not_found_exception'],
    [401, 'security_exception'],
    [400, 'validation_exception'],
    [400, 'invalid_index_name_exception'],
    [500, 'anything'],
    [418, 'unheard_of'],
  ])('%i %s is not the document’s fault: it goes again', async (status, type) => {
    const { send } = sinkOn(() => ({ json: items([status], type) }));
    expect(await send(['a'])).toMatchObject({ retry: [0], rejected: [], failure: { code: String(status) } });
  });

  test('rule 114: an answer without errors delivers all, with items or without', async () => {
    expect(await sinkOn(() => ({ json: { errors: false } })).send(['a'])).toEqual({ retry: [], rejected: [] });
    const json = { took: 1, errors: false, items: items([201]).items };
    expect(await sinkOn(() => ({ json })).send(['a'])).toEqual({ retry: [], rejected: [] });
  });

  test.each([
    ['fewer items', { items: items([201]).items }],
    ['more items', { items: items([201, 201, 201]).items }],
    ['no items', { errors: true }],
    ['an item without status', { items: [{ create: {} }, { create: { status: 201 } }] }],
    ['a page of a proxy', undefined],
  ])('rule 63: %s than actions: nothing is known, all goes again', async (_, json) => {
    const { send } = sinkOn(() => (json === undefined ? { body: Buffer.from('<html>') } : { json }));
    expect(await send(['a', 'b'])).toMatchObject({ retry: [0, 1], rejected: [], failure: { code: 'bad_answer' } });
  });
});

describe('OpenSearchSink: whole requests', () => {
  test.each([408, 429, 500, 502, 503, 504, 401, 403, 404, 405])('rules 62, 64, 65: %i goes again', async (status) => {
    const { send } = sinkOn(() => ({ status, json: error('x_exception') }));
    expect(await send(['a', 'b'])).toMatchObject({
      retry: [0, 1],
      rejected: [],
      failure: { code: String(status), detail: expect.stringContaining('x_exception') },
    });
  });

  test('Retry-After is passed on', async () => {
    const { send } = sinkOn(() => ({ status: 503, headers: { 'retry-after': '7' } }));
    expect(await send(['a'])).toMatchObject({ retry: [0], retryAfterMs: 7000 });
  });

  test('no answer: what was sent before stays delivered, the rest goes again', async () => {
    const sink = new OpenSearchSink('t', new BulkEncoder('logs', noResource), async () => {
      throw new NoAnswerError({ code: 'ECONNRESET', detail: 'gone' });
    });
    expect(await sink.send(batchOf(['a', 'b']), never)).toEqual({
      retry: [0, 1],
      rejected: [],
      failure: expect.objectContaining({ code: 'ECONNRESET' }),
    });
  });

  test('rule 59: 413 halves until it fits, in order; a single document that is too large is refused', async () => {
    const { send, requests } = sinkOn((messages) =>
      messages.length > 2 || messages.includes('huge') ? { status: 413 } : created(messages),
    );
    const result = await send(['a', 'b', 'huge', 'd', 'e']);
    expect(result).toEqual({ retry: [], rejected: [{ index: 2, reason: 'too_large' }] });
    const accepted = requests.filter((messages) => messages.length <= 2 && !messages.includes('huge')).flat();
    expect(accepted).toEqual(['a', 'b', 'd', 'e']);
  });

  test('413 is learned: the next batch is cut to size at once', async () => {
    const { send, requests } = sinkOn((messages) => (messages.length > 4 ? { status: 413 } : created(messages)));
    await send(Array.from({ length: 16 }, (_, i) => `message ${i}`));
    const before = requests.length;
    await send(Array.from({ length: 16 }, (_, i) => `message ${i}`));
    expect(requests.slice(before).every((messages) => messages.length <= 4)).toBe(true);
    expect(requests.slice(before).flat()).toHaveLength(16);
  });

  test('rule 107: 400 on a request is bisected: only the guilty are refused, order is kept', async () => {
    const { send, requests } = sinkOn((messages) =>
      messages.some((message) => message.startsWith('bad'))
        ? { status: 400, json: error('illegal_argument_exception') }
        : created(messages),
    );
    const messages = Array.from({ length: 32 }, (_, i) => (i === 5 || i === 31 ? `bad ${i}` : `good ${i}`));
    expect(await send(messages)).toEqual({
      retry: [],
      rejected: [
        { index: 5, reason: 'illegal_argument_exception' },
        { index: 31, reason: 'illegal_argument_exception' },
      ],
    });
    const accepted = requests.filter((request) => !request.some((message) => message.startsWith('bad'))).flat();
    expect(accepted).toEqual(messages.filter((message) => message.startsWith('good')));
    expect(requests.length).toBeLessThanOrEqual(2 * (2 * 5 + 1) + 1);
  });

  test('400 of something that is not OpenSearch refuses no record', async () => {
    const { send } = sinkOn(() => ({
      status: 400,
      body: Buffer.from('The plain HTTP request was sent to HTTPS port'),
    }));
    expect(await send(['a'])).toMatchObject({ retry: [0], rejected: [] });
  });

  test('when half of a refused request fails otherwise, the rest waits for it', async () => {
    let calls = 0;
    const { send } = sinkOn((messages) => {
      calls += 1;
      if (calls === 1) return { status: 400, json: error('x') };
      if (calls === 2) return created(messages);
      return { status: 503 };
    });
    expect(await send(['a', 'b', 'c', 'd'])).toMatchObject({ retry: [2, 3], rejected: [] });
    expect(calls).toBe(3);
  });

  test('rule 109: a request that is refused as a whole a second time becomes smaller', async () => {
    let refuseAbove = 100_000;
    const { send, requests } = sinkOn((messages, bytes) =>
      bytes > refuseAbove ? { status: 429, json: error('rejected_execution_exception') } : created(messages),
    );
    const messages = Array.from({ length: 10 }, () => 'x'.repeat(20_000));
    for (let i = 0; i < 2; i++) expect((await send(messages)).retry).toHaveLength(10);
    refuseAbove = 110_000;
    expect((await send(messages)).retry).toEqual([]);
    expect(requests.map((request) => request.length).slice(0, 3)).toEqual([10, 10, 5]);
  });
});
