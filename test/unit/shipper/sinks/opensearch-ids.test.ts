/** An id that is there is a delivery only where the document is ours. */
import { NoAnswerError } from '../../../../src/shipper/errors.js';
import type { HttpResponse } from '../../../../src/shipper/sinks/http/client.js';
import { BulkEncoder } from '../../../../src/shipper/sinks/opensearch/encoder.js';
import { OpenSearchSink } from '../../../../src/shipper/sinks/opensearch/sink.js';
import { batchOf, noResource, type PlainRecord, stdoutOrigin } from '../../../support/batches.js';

const never = new AbortController().signal;
/** Records are of 1970 unless a test says otherwise. */
const STARTED_MS = -1;
const OURS = `${stdoutOrigin.id}-`;

interface StoredDocument {
  readonly '@timestamp': string;
  readonly body: string;
}

/** An index, and the sink before it. */
interface Faults {
  reads?: number;
  readonly isLost?: (request: number) => boolean;
  readonly post?: number;
  readonly isDeleted?: boolean;
  readonly isTooLarge?: (texts: readonly string[]) => boolean;
}

function setUp(how: Faults = {}) {
  const stored = new Map<string, StoredDocument>();
  const notices: string[] = [];
  const asked = { bulk: 0, get: 0 };
  const answer = (status: number, json: unknown): HttpResponse => {
    return { status, headers: {}, body: Buffer.from(JSON.stringify(json)) };
  };
  const post = async (body: Buffer) => {
    asked.bulk += 1;
    const lines = body.toString().trimEnd().split('\n');
    const items = lines.flatMap((line, i) => {
      if (i % 2 === 1) return [];
      const { _id } = JSON.parse(line).create;
      if (stored.has(_id)) return [{ create: { status: 409, error: { type: 'version_conflict_engine_exception' } } }];
      stored.set(_id, JSON.parse(lines[i + 1]!));
      return [{ create: { status: 201 } }];
    });
    if (how.isLost?.(asked.bulk)) throw new NoAnswerError({ code: 'ECONNRESET', detail: 'gone' });
    const isRepeated = how.post === asked.bulk ? { isRepeated: true as const } : {};
    return { ...answer(200, { errors: items.some(({ create }) => create.status > 201), items }), ...isRepeated };
  };
  const get = async (body: Buffer) => {
    asked.get += 1;
    if (how.reads !== undefined) return answer(how.reads, { error: { type: 'x_exception', reason: 'y' } });
    const { docs } = JSON.parse(body.toString()) as { docs: { _id: string; _source: (keyof StoredDocument)[] }[] };
    const found = docs.map(({ _id, _source }) => {
      const document = how.isDeleted ? undefined : stored.get(_id);
      if (document === undefined) return { found: false };
      return { found: true, _source: Object.fromEntries(_source.map((name) => [name, document[name]])) };
    });
    if (how.isTooLarge?.(docs.map(({ _id }) => stored.get(_id)?.body ?? ''))) {
      throw new NoAnswerError({ code: 'answer_too_large', detail: 'an answer of more than 16777216 bytes' });
    }
    return answer(200, { docs: found });
  };
  const encoder = () => new BulkEncoder({ index: 'logs', schema: 'otel', resource: noResource });
  const open = () => {
    const onNotice = (notice: string) => notices.push(notice);
    return new OpenSearchSink({
      target: 'http://search',
      encoder: encoder(),
      post,
      get,
      onNotice,
      startedMs: STARTED_MS,
    });
  };
  const bodies = () => [...stored.values()].map(({ body }) => body).sort();
  const send = (sink: OpenSearchSink, records: readonly (PlainRecord | string)[]) => sink.send(batchOf(records), never);
  return { stored, notices, asked, open, bodies, send };
}

const everything = { retry: [], rejected: [] };
const forged = { '@timestamp': '1970-01-01T00:00:00.000000Z', body: 'FORGED' };

test('rule 61: a previous run has stored it: it is delivered, after a look, and stored once', async () => {
  const { open, send, bodies, asked } = setUp();
  for (const sink of [open(), open()]) expect(await send(sink, ['a', 'b'])).toEqual(everything);
  expect([bodies(), asked.get]).toEqual([['a', 'b'], 1]);
});

test('rule 61: an attempt of ours whose answer was lost has stored it: that takes no look', async () => {
  const { open, send, bodies, asked } = setUp({ isLost: (request) => request === 1 });
  const sink = open();
  expect(await send(sink, ['a', 'b'])).toMatchObject({ retry: [0, 1] });
  expect(await send(sink, ['a', 'b'])).toEqual(everything);
  expect([bodies(), asked.get]).toEqual([['a', 'b'], 0]);
});

test('a request that went to a second node after the first did not answer is such an attempt', async () => {
  const { open, send, asked } = setUp({ post: 2 });
  expect(await send(open(), ['a'])).toEqual(everything);
  expect(await send(open(), ['a'])).toEqual(everything);
  expect(asked.get).toBe(0);
});

test('an attempt of another record is none', async () => {
  const { open, send, stored, bodies } = setUp({ isLost: (request) => request === 1 });
  stored.set(`${OURS}7`, forged);
  const sink = open();
  await send(sink, ['a']);
  expect(await send(sink, [{ message: 'b', seq: 7 }])).toEqual(everything);
  expect(bodies()).toEqual(['FORGED', 'a', 'b']);
});

test.each([
  ['another text', { body: 'FORGED' }],
  ['another time', { body: 'line 1', '@timestamp': '2020-01-01T00:00:00.000000Z' }],
  ['no text', { body: undefined as unknown as string }],
])('an id that holds %s is not ours: the record is stored under another id, which is reported', async (_, taken) => {
  const { open, send, stored, notices } = setUp();
  stored.set(`${OURS}1`, { ...forged, ...taken });
  expect(await send(open(), ['line 0', 'line 1', 'line 2'])).toEqual(everything);
  const lines = [...stored].filter(([id, { body }]) => body?.startsWith('line') && id !== `${OURS}1`);
  expect(lines.map(([id, { body }]) => [id.replace(/-[0-9a-f]{20}$/, '-HASH'), body])).toEqual([
    [`${OURS}0`, 'line 0'],
    [`${OURS}2`, 'line 2'],
    [`${OURS}1-HASH`, 'line 1'],
  ]);
  expect(notices).toEqual([expect.stringContaining('are taken')]);
});

test('that id is the same in the next run: it is stored once', async () => {
  const { open, send, stored, bodies } = setUp();
  stored.set(`${OURS}0`, forged);
  for (const sink of [open(), open(), open()]) expect(await send(sink, ['a'])).toEqual(everything);
  expect(bodies()).toEqual(['FORGED', 'a']);
});

test('a writer who knows the line, and takes that id as well, has it counted with a reason', async () => {
  const { open, send, stored } = setUp();
  stored.set(`${OURS}0`, forged);
  await send(open(), ['a']);
  const second = [...stored.keys()].find((id) => id !== `${OURS}0`)!;
  stored.set(second, forged);
  expect(await send(open(), ['a'])).toEqual({ retry: [], rejected: [{ index: 0, reason: 'id_taken', code: '409' }] });
});

test.each([401, 403, 404, 400])(
  'what may not be read (%i) is stored under another id, and the right is named',
  async (reads) => {
    const { open, send, bodies, notices, stored } = setUp({ reads });
    stored.set(`${OURS}0`, forged);
    for (const sink of [open(), open()]) expect(await send(sink, ['a'])).toEqual(everything);
    expect(bodies()).toEqual(['FORGED', 'a']);
    expect(notices[0]).toContain('indices:data/read/mget');
  },
);

test('where nothing may be read, a previous run is believed about lines that are older than this one', async () => {
  const { open, send, bodies, notices, stored } = setUp({ reads: 403 });
  const records = [
    { message: 'old', timeMs: STARTED_MS - 1, seq: 1 },
    { message: 'new', timeMs: STARTED_MS, seq: 2 },
  ];
  await send(open(), records);
  stored.set(`${OURS}2`, forged);
  expect(await send(open(), records)).toEqual(everything);
  expect(bodies()).toEqual(['FORGED', 'new', 'old']);
  expect(notices).toHaveLength(1);
});

test('an id that is free again by the time of the look is stored', async () => {
  const { open, send, bodies, stored } = setUp({ isDeleted: true });
  stored.set(`${OURS}0`, forged);
  expect(await send(open(), ['a'])).toEqual(everything);
  expect(bodies()).toContain('a');
});

test.each([429, 503])('a look that is answered %i is repeated: until then the record is buffered', async (reads) => {
  const how: { reads?: number } = { reads };
  const { open, send, stored, bodies } = setUp(how);
  stored.set(`${OURS}0`, forged);
  const sink = open();
  const result = await send(sink, ['a', 'b']);
  expect(result).toMatchObject({ retry: [0], rejected: [], failure: { code: String(reads) } });
  delete how.reads;
  expect(await send(sink, ['a'])).toEqual(everything);
  expect(bodies()).toEqual(['FORGED', 'a', 'b']);
});

test('documents of others that are too large to be read are not ours', async () => {
  const { open, send, stored, bodies } = setUp({ isTooLarge: (texts) => texts.some((text) => text.length > 1000) });
  stored.set(`${OURS}1`, { ...forged, body: 'FORGED'.repeat(1000) });
  for (const sink of [open(), open()]) expect(await send(sink, ['a', 'b', 'c'])).toEqual(everything);
  expect(bodies().filter((body) => !body.startsWith('FORGED'))).toEqual(['a', 'b', 'c']);
});

test('many ids that are there take few looks', async () => {
  const { open, send, asked } = setUp();
  const lines = Array.from({ length: 1200 }, (_, i) => `line ${i}`);
  for (const sink of [open(), open()]) expect(await send(sink, lines)).toEqual(everything);
  expect(asked.get).toBe(3);
});
