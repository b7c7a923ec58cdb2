/** What the OpenSearch sink makes of answers. */
import { NoAnswerError } from '../../../../src/shipper/errors.js';
import { FieldReader } from '../../../../src/shipper/fields/reader.js';
import { type HttpResponse, retryAfterMs } from '../../../../src/shipper/sinks/http/client.js';
import { BulkEncoder } from '../../../../src/shipper/sinks/opensearch/encoder.js';
import { OpenSearchSink, type OpenSearchSinkOptions } from '../../../../src/shipper/sinks/opensearch/sink.js';
import { batchOf, noResource } from '../../../support/batches.js';

const never = new AbortController().signal;

const encoder = () => new BulkEncoder({ index: 'logs', schema: 'otel', resource: noResource });
const sinkOf = (post: OpenSearchSinkOptions['post'], more: Partial<OpenSearchSinkOptions> = {}) => {
  const get: OpenSearchSinkOptions['get'] = async () => ({ status: 403, headers: {}, body: Buffer.alloc(0) });
  const common = { target: 'http://search:9200', encoder: encoder(), onNotice: () => {} };
  return new OpenSearchSink({ ...common, post, get, ...more });
};

/** Message of the records that the sink makes up, to ask whether a good one is taken. */
const PROBE = 'logtap-probe';

type Answer = Partial<HttpResponse> & { json?: unknown };

/** A service that sees the messages of each request. It takes what the sink makes up, unless `probes` says otherwise. */
function sinkOn(service: (messages: string[], bytes: number) => Answer, probes = created as (m: string[]) => Answer) {
  const requests: string[][] = [];
  const sink = sinkOf(async (body) => {
    const lines = body.toString().trimEnd().split('\n');
    const messages = lines.filter((_, i) => i % 2 === 1).map((line) => JSON.parse(line).body as string);
    requests.push(messages);
    const answer = messages[0] === PROBE ? probes(messages) : service(messages, body.length);
    const { status = 200, headers = {}, body: text = Buffer.alloc(0), json } = answer;
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
function created(messages: readonly string[]): Answer {
  return { json: items(messages.map(() => 201)) };
}
const error = (type: string) => ({ error: { type, reason: 'why' } });

test('an index that refuses fields gets the text, and an operator is told once', async () => {
  const notices: string[] = [];
  const fields = new FieldReader({ fields: 'auto', time: 'write', timeZone: 'UTC' });
  const withFields = new BulkEncoder({ index: 'logs', schema: 'otel', resource: noResource, fields });
  let isRefused = true;
  const sink = sinkOf(
    async (body) => {
      const documents = body
        .toString()
        .trimEnd()
        .split('\n')
        .filter((_, i) => i % 2 === 1);
      const statuses = documents.map((document) => (isRefused && document.includes('severity') ? 400 : 201));
      return {
        status: 200,
        headers: {},
        body: Buffer.from(JSON.stringify(items(statuses, 'mapper_parsing_exception'))),
      };
    },
    { encoder: withFields, onNotice: (notice) => notices.push(notice) },
  );
  const send = () => sink.send(batchOf(['ERROR: secret 17', 'plain']), never);
  isRefused = false;
  await send();
  expect(notices).toEqual([]);
  isRefused = true;
  for (let i = 0; i < 3; i += 1) expect(await send()).toEqual({ retry: [], rejected: [] });
  expect(notices).toEqual([
    'http://search:9200 refuses fields of records (mapper_parsing_exception) and takes their text, with a second request for each of them. Let LOGTAP_OPENSEARCH_SETUP make the mapping, correct it, or set LOGTAP_FIELDS=off',
  ]);
});

describe('OpenSearchSink: items', () => {
  test('rules 60, 61: created and already there are delivered; 429 and 5xx are retried; 400 is refused', async () => {
    let number = 0;
    const { send } = sinkOn(() => {
      number += 1;
      if (number === 1) throw new NoAnswerError({ code: 'ECONNRESET', detail: 'gone' });
      return { json: items([201, 409, 429, 400, 503, 200], 'mapper_parsing_exception') };
    });
    await send(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(await send(['a', 'b', 'c', 'd', 'e', 'f'])).toEqual({
      retry: [2, 4],
      rejected: [{ index: 3, reason: 'mapper_parsing_exception', code: '400', detail: 'why' }],
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
  ])('%i %s is not the document’s fault: it is retried', async (status, type) => {
    const { send } = sinkOn(() => ({ json: items([status], type) }));
    expect(await send(['a'])).toMatchObject({ retry: [0], rejected: [], failure: { code: String(status) } });
  });

  test('an answer with an item per action, all of them done, delivers all', async () => {
    const json = { took: 1, errors: false, items: items([201, 200]).items };
    expect(await sinkOn(() => ({ json })).send(['a', 'b'])).toEqual({ retry: [], rejected: [] });
  });

  test.each([
    ['fewer items than actions', { errors: true, items: items([201]).items }],
    ['more items than actions', { errors: true, items: items([201, 201, 201]).items }],
    ['fewer items, and no errors', { errors: false, items: items([201]).items }],
    ['more items, and no errors', { errors: false, items: items([201, 201, 201]).items }],
    ['no item, and no errors', { errors: false, items: [] }],
    ['no items', { errors: true }],
    ['no items, and no errors', { errors: false }],
    ['items that are no list', { errors: false, items: { create: { status: 201 } } }],
    ['a refused item, and no errors', { errors: false, items: items([201, 400]).items }],
    ['a throttled item, and no errors', { errors: false, items: items([429, 201]).items }],
    [
      'an item that is done and has an error',
      { errors: true, items: [{ create: { status: 201, error: {} } }, ...items([201]).items] },
    ],
    ['an item without status', { errors: true, items: [{ create: {} }, { create: { status: 201 } }] }],
    ['a status in words', { errors: false, items: [{ create: { status: '201' } }, { create: { status: 201 } }] }],
    ['a status that is none', { errors: true, items: items([1e12, 201]).items }],
    ['an item that is null', { errors: false, items: [null, { create: { status: 201 } }] }],
    ['items without a word about errors', { items: items([201, 201]).items }],
    ['an error', { error: { type: 'x', reason: 'y' }, status: 500 }],
    ['an error of AWS', { __type: 'InternalFailure', message: 'Service Unavailable' }],
    ['a list', []],
    ['a page of a proxy', undefined],
  ])('rules 63, 114: an answer with %s says nothing: all is retried', async (_, json) => {
    const { send } = sinkOn(() => (json === undefined ? { body: Buffer.from('<html>') } : { json }));
    expect(await send(['a', 'b'])).toMatchObject({ retry: [0, 1], rejected: [], failure: { code: 'bad_answer' } });
  });

  test.each([{ a: 1 }, 'evil"\n} 1', 'x'.repeat(100), 7, null, undefined])(
    'rule 96: an error that is called %j makes no reason of its own',
    async (type) => {
      const error = { type, reason: { b: 2 } };
      const { send } = sinkOn(() => ({ json: { errors: true, items: [{ create: { status: 400, error } }] } }));
      expect(await send(['a'])).toMatchObject({ retry: [], rejected: [{ index: 0, reason: '400', code: '400' }] });
    },
  );
});

describe('OpenSearchSink: whole requests', () => {
  test.each([408, 429, 500, 502, 503, 504, 401, 403, 404, 405])('rules 62, 64, 65: %i is retried', async (status) => {
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

  test('no answer: what was sent before stays delivered, the rest is retried', async () => {
    const sink = sinkOf(async () => {
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
    expect(result).toEqual({ retry: [], rejected: [{ index: 2, reason: 'too_large', code: '413' }] });
    const isTaken = (messages: string[]) => messages.length <= 2 && !messages.includes('huge') && messages[0] !== PROBE;
    const accepted = requests.filter(isTaken).flat();
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
    expect(await send(messages)).toMatchObject({
      retry: [],
      rejected: [
        { index: 5, reason: 'illegal_argument_exception' },
        { index: 31, reason: 'illegal_argument_exception' },
      ],
    });
    const isTaken = (request: string[]) => request[0] !== PROBE && !request.some((each) => each.startsWith('bad'));
    const accepted = requests.filter(isTaken).flat();
    expect(accepted).toEqual(messages.filter((message) => message.startsWith('good')));
    // Each request that was refused is worth a question whether a good record would be.
    expect(requests.filter(([first]) => first !== PROBE).length).toBeLessThanOrEqual(2 * (2 * 5 + 1) + 1);
    expect(requests.filter(([first]) => first === PROBE).length).toBeLessThanOrEqual(2 * (5 + 1));
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

describe('OpenSearchSink: services that take less', () => {
  const error400 = (reason: string) => ({ type: 'illegal_argument_exception', reason });
  const NO_IDS = error400('Document ID is not supported in create/index operation request');
  const hasIds = (body: Buffer) => body.includes('"_id"');
  const json = (status: number, value: unknown) => ({ status, headers: {}, body: Buffer.from(JSON.stringify(value)) });
  const actions = (body: Buffer) => body.toString().split('\n').length / 2 - 0.5;
  const item = (status: number, error?: unknown) => ({ create: { status, ...(error ? { error } : {}) } });
  const all = (body: Buffer, one: unknown) => Array.from({ length: actions(body) }, () => one);
  const done = (body: Buffer) => json(200, { errors: false, items: all(body, item(201)) });

  test.each(['item', 'request'])(
    'rule 69: ids are not supported (%s): resent without, and never with one again',
    async (where) => {
      const seen: boolean[] = [];
      const notices: string[] = [];
      const sink = sinkOf(
        async (body) => {
          seen.push(hasIds(body));
          if (!hasIds(body)) return done(body);
          if (where === 'request') return json(400, { error: NO_IDS, status: 400 });
          return json(200, { errors: true, items: all(body, item(400, NO_IDS)) });
        },
        { onNotice: (notice) => notices.push(notice) },
      );
      const batch = batchOf(['a', 'b']);
      const first = await sink.send(batch, never);
      expect(first.rejected).toEqual([]);
      if (where === 'item') expect(first.retry).toEqual([0, 1]);
      if (first.retry.length > 0) expect(await sink.send(batch, never)).toEqual({ retry: [], rejected: [] });
      await sink.send(batch, never);
      expect(seen).toEqual([true, false, false]);
      expect(notices).toEqual([expect.stringContaining('at least once')]);
    },
  );

  test('a refused document with data is retried as text; others are left alone', async () => {
    const bodies: string[] = [];
    const sink = sinkOf(
      async (body) => {
        bodies.push(body.toString());
        const documents = body
          .toString()
          .split('\n')
          .filter((_, i) => i % 2 === 1);
        return json(200, {
          errors: true,
          items: documents.map((each) =>
            each.includes('"data"') || each.includes('bad') ? item(400, error400('why')) : item(201),
          ),
        });
      },
      { prepare: async () => true },
    );
    expect(await sink.send(batchOf(['text', '{"a":1}', '{"bad":1}', 'more']), never)).toMatchObject({
      retry: [],
      rejected: [{ index: 2, reason: 'illegal_argument_exception' }],
    });
    expect(bodies).toHaveLength(2);
    expect(bodies[1]).not.toContain('"data"');
    expect(actions(Buffer.from(bodies[1]!))).toBe(2);
  });

  test('rule 109: what was made smaller for want of room grows again when requests are accepted', async () => {
    let isFull = true;
    const sizes: number[] = [];
    const sink = sinkOf(async (body) => {
      sizes.push(actions(body));
      return isFull ? json(429, { error: { type: 'es_rejected_execution_exception' } }) : done(body);
    });
    const batch = batchOf(Array.from({ length: 8 }, () => 'x'.repeat(40_000)));
    for (let i = 0; i < 3; i++) await sink.send(batch, never);
    isFull = false;
    for (let i = 0; i < 60; i++) await sink.send(batch, never);
    expect(sizes.slice(0, 4)).toEqual([8, 8, 4, 2]);
    expect(sizes.at(-1)).toBe(8);
  });

  test.each([
    ['ECONNRESET', 2],
    ['EPIPE', 2],
    ['timeout', 1],
  ])('a body that ends in %s becomes smaller, after so many times: %i', async (code, times) => {
    const sizes: number[] = [];
    const sink = sinkOf(async (body) => {
      sizes.push(body.length);
      if (body.length > 200_000) throw new NoAnswerError({ code, detail: 'gone' });
      return done(body);
    });
    const batch = batchOf(Array.from({ length: 8 }, () => 'x'.repeat(40_000)));
    for (let i = 0; i < times; i++) expect((await sink.send(batch, never)).retry).toHaveLength(8);
    expect((await sink.send(batch, never)).retry).toEqual([]);
  });

  test('nothing is sent before what it needs is there', async () => {
    let isReady = false;
    let sent = 0;
    const sink = sinkOf(
      async (body) => {
        sent += 1;
        return done(body);
      },
      {
        prepare: async () => {
          if (!isReady) throw new NoAnswerError({ code: '503', detail: 'index template logs answered 503' });
          return true;
        },
      },
    );
    expect(await sink.send(batchOf(['a', 'b']), never)).toEqual({
      retry: [0, 1],
      rejected: [],
      failure: { code: '503', detail: 'index template logs answered 503' },
      retryAfterMs: 5000,
    });
    expect(sent).toBe(0);
    isReady = true;
    expect((await sink.send(batchOf(['a']), never)).retry).toEqual([]);
    expect(sent).toBe(1);
  });
});

describe('OpenSearchSink: set-up that fails', () => {
  const setUp = (mustPrepare: boolean) => {
    const state = { ms: 0, isReady: false, asked: 0, sent: '' };
    const notices: string[] = [];
    const sink = sinkOf(
      async (body) => {
        state.sent = body.toString();
        return {
          ...{ status: 200, headers: {} },
          body: Buffer.from(JSON.stringify(items(Array(state.sent.split('\n').length >> 1).fill(201)))),
        };
      },
      {
        mustPrepare,
        now: () => state.ms,
        onNotice: (notice) => notices.push(notice),
        prepare: async () => {
          state.asked += 1;
          if (!state.isReady) throw new NoAnswerError({ code: '503', detail: 'index template logs answered 503' });
          return true;
        },
      },
    );
    const send = async (ms: number) => {
      state.ms = ms;
      return (await sink.send(batchOf(['{"a":1}']), never)).retry.length;
    };
    return { state, notices, send };
  };

  test('records wait for a minute, and then go on; set-up is tried again, and reported', async () => {
    const { state, notices, send } = setUp(false);
    expect([await send(0), await send(59_999)]).toEqual([1, 1]);
    expect([await send(60_000), await send(100_000), await send(119_999)]).toEqual([0, 0, 0]);
    expect([state.asked, notices.length]).toEqual([3, 1]);
    state.isReady = true;
    expect([await send(120_000), await send(200_000)]).toEqual([0, 0]);
    expect(state.asked).toBe(4);
    // Indices of the meantime have not got its mapping.
    expect(state.sent).not.toContain('"data"');
  });

  test('those for a data stream wait until it is done', async () => {
    const { state, send } = setUp(true);
    expect([await send(0), await send(3_600_000)]).toEqual([1, 1]);
    state.isReady = true;
    expect(await send(3_600_001)).toBe(0);
    expect(state.sent).toContain('"data":{"a":1}');
  });
});

describe('OpenSearchSink: reports', () => {
  const SECRET = 'card 4111-1111';
  const said = async (status: number, value: unknown, headers = {}) => {
    const body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
    const sink = sinkOf(async () => ({ status, headers, body }));
    return (await sink.send(batchOf([SECRET]), never)).failure?.detail ?? '';
  };

  test.each(['rejected_execution_exception', 'mapper_parsing_exception', 'exception'])(
    'rule 73: %s of an item quotes the document, the log does not',
    async (type) => {
      const error = { type, reason: `Preview of field's value: '${SECRET}'` };
      const detail = await said(200, { errors: true, items: [{ create: { status: 503, error } }] });
      expect(detail).toContain(type);
      expect(detail).not.toContain(SECRET);
    },
  );

  test('rule 98: operation, target, status, error name, request id and a hint', async () => {
    const error = { type: 'security_exception', reason: 'no permissions for [indices:data/write/bulk[s]]' };
    expect(await said(403, { error, status: 403 }, { 'x-amzn-requestid': 'r-1' })).toBe(
      "bulk request to http://search:9200/logs answered 403 security_exception: no permissions for [indices:data/write/bulk[s]] (the user lacks a right: its role needs 'indices:data/write/bulk' on the cluster, 'create_index' and 'write' on the index; see docs/guides/runbook.md#the-service-forbids-it) [request r-1]",
    );
  });

  test.each([
    [401, 'Unauthorized', 'LOGTAP_OPENSEARCH_USERNAME'],
    [503, 'OpenSearch Security not initialized.', 'the cluster is starting'],
    [403, { message: 'The security token included in the request is expired' }, 'AWS credentials'],
    [404, { error: { type: 'index_not_found_exception' } }, 'index template'],
    [404, '<html>Not Found</html>', 'is LOGTAP_OPENSEARCH_URL right'],
    [302, '', 'is LOGTAP_OPENSEARCH_URL right'],
  ])('rules 64, 65, 113: %i %j', async (status, value, hint) => {
    expect(await said(status, value)).toContain(hint);
  });

  test('a page of a proxy is not printed', async () => {
    expect(await said(502, '<html>Bad Gateway</html>')).toBe(
      'bulk request to http://search:9200/logs answered 502 with a web page (the load balancer or proxy before the service reports it; it is retried; see docs/guides/runbook.md#the-service-fails)',
    );
  });
});

/** Shapes as Elasticsearch 7.17 and 8.17 answer them, with the headers that its own client would insist on. */
test.each([
  ['7', { _index: 'logs', _type: '_doc', _id: 'x' }],
  ['8', { _index: 'logs', _id: 'x' }],
])('rule 77: Elasticsearch %s', async (_, names) => {
  const conflict = { type: 'version_conflict_engine_exception', reason: '[x]: version conflict', index: 'logs' };
  const refused = { type: 'es_rejected_execution_exception', reason: 'rejected execution of coordinating operation' };
  const broken = { type: 'mapper_parsing_exception', reason: 'failed to parse', caused_by: { type: 'x', reason: 'y' } };
  const answer = {
    took: 30,
    errors: true,
    items: [
      { create: { ...names, _version: 1, result: 'created', _seq_no: 0, status: 201 } },
      { create: { ...names, status: 409, error: conflict } },
      { create: { ...names, status: 429, error: refused } },
      { create: { ...names, status: 400, error: broken } },
    ],
  };
  let number = 0;
  const { send } = sinkOn(() => {
    number += 1;
    if (number === 1) throw new NoAnswerError({ code: 'ECONNRESET', detail: 'gone' });
    return { json: answer, headers: { 'x-elastic-product': 'Elasticsearch' } };
  });
  await send(['a', 'b', 'c', 'd']);
  expect(await send(['a', 'b', 'c', 'd'])).toMatchObject({
    retry: [2],
    rejected: [{ index: 3, reason: 'mapper_parsing_exception' }],
    failure: { code: '429', detail: expect.stringContaining('es_rejected_execution_exception') },
  });
});

describe('retryAfterMs', () => {
  const now = Date.UTC(2026, 10, 23, 12, 0, 0);
  test.each([
    ['7', 7000],
    ['0', 0],
    ['Mon, 23 Nov 2026 12:00:09 GMT', 9000],
    ['Mon, 23 Nov 2026 11:00:00 GMT', 0],
    ['86400', 300_000],
    ['soon', undefined],
    [undefined, undefined],
  ])('rule 62: Retry-After: %s', (value, wait) => {
    expect(retryAfterMs(value === undefined ? {} : { 'retry-after': value }, now)).toBe(wait);
  });
});
