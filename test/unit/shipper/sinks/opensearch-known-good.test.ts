/** A record is permanently rejected only where one that is known to be good is taken. */
import { NoAnswerError } from '../../../../src/shipper/errors.js';
import type { HttpResponse } from '../../../../src/shipper/sinks/http/client.js';
import { BulkEncoder, type BulkEncoderOptions } from '../../../../src/shipper/sinks/opensearch/encoder.js';
import { OpenSearchSink } from '../../../../src/shipper/sinks/opensearch/sink.js';
import { batchOf, noResource, type PlainRecord, stdoutOrigin } from '../../../support/batches.js';

const never = new AbortController().signal;
const DAY_MS = 86_400_000;

interface Action {
  /** `create` or `index`. */
  readonly kind: string;
  readonly index: string;
  readonly id: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: any document that the sink writes
  readonly document: any;
  readonly isProbe: boolean;
}

type Fate = number | readonly [status: number, type: string, reason?: string];

function itemOf(fate: Fate) {
  const [status, type, reason = 'why'] = typeof fate === 'number' ? [fate, 'x_exception'] : fate;
  return { create: { status, ...(status >= 300 && { error: { type, reason } }) } };
}

/** Each action has a fate, or the whole request has one. */
function sinkOn(
  fate: (action: Action) => Fate,
  whole: (actions: readonly Action[]) => Fate | undefined = () => undefined,
  options: Partial<BulkEncoderOptions> = {},
) {
  const requests: (readonly Action[])[] = [];
  const post = async (body: Buffer): Promise<HttpResponse> => {
    const lines = body.toString().trimEnd().split('\n');
    const actions = lines.flatMap((line, i): Action[] => {
      if (i % 2 === 1) return [];
      const [[kind, { _index, _id }]] = Object.entries(JSON.parse(line)) as [
        [string, { _index: string; _id?: string }],
      ];
      const document = JSON.parse(lines[i + 1]!);
      return [{ kind, index: _index, id: _id, document, isProbe: document.body === 'logtap-probe' }];
    });
    requests.push(actions);
    const all = whole(actions);
    if (all !== undefined) {
      const { create } = itemOf(all);
      return { status: create.status, headers: {}, body: Buffer.from(JSON.stringify(create)) };
    }
    const items = actions.map((action) => itemOf(fate(action)));
    const errors = items.some(({ create }) => create.status >= 300);
    return { status: 200, headers: {}, body: Buffer.from(JSON.stringify({ errors, items })) };
  };
  const encoder = new BulkEncoder({ index: 'logs-{dd}', schema: 'otel', resource: noResource, ...options });
  const sink = new OpenSearchSink({ target: 'http://search', encoder, post, get: post, onNotice: () => {} });
  const send = (records: readonly (PlainRecord | string)[]) => sink.send(batchOf(records), never);
  return { send, requests, encoder, probes: () => requests.flat().filter(({ isProbe }) => isProbe) };
}

/** How a closed index, a pipeline that is gone, a strict mapping, an alias without a write index and others are refused. */
const STATES: readonly (readonly [type: string, reason: string, remedy: string])[] = [
  ['illegal_argument_exception', 'explicit index in bulk is not allowed', 'rest.action.multi.allow_explicit_index'],
  ['illegal_argument_exception', 'no write index is defined for alias [logs]', 'is_write_index'],
  ['illegal_argument_exception', 'pipeline with id [nope] does not exist', 'ingest pipeline'],
  ['illegal_argument_exception', 'Limit of total fields [1000] has been exceeded', 'index.mapping.total_fields.limit'],
  ['strict_dynamic_mapping_exception', 'dynamic introduction of [body] within [_doc] is not allowed', '[body]'],
  ['mapper_parsing_exception', 'failed to parse field [body] of type [long] in document', 'LOGTAP_OPENSEARCH_SCHEMA'],
  ['routing_missing_exception', 'routing is required for [logs]/[x]', '_routing'],
  ['something_new_exception', 'a state that this list does not know', 'not about your lines'],
];

test.each(STATES)('per item, %s: %s: all is buffered, and the log says what to do', async (type, reason, remedy) => {
  const { send, probes } = sinkOn(() => [400, type, reason]);
  const result = await send(['secret a', 'secret b']);
  expect(result).toMatchObject({ retry: [0, 1], rejected: [], retryAfterMs: 5000 });
  expect(result.failure?.detail).toContain(reason);
  expect(result.failure?.detail).toContain(remedy);
  expect(result.failure?.detail).not.toContain('secret');
  // One that stores nothing, and one as records are.
  expect(probes().map(({ kind }) => kind)).toEqual(['index', 'create']);
});

test.each(STATES)('for the whole request, %s: %s: all is buffered', async (type, reason, remedy) => {
  const { send, requests } = sinkOn(
    () => 201,
    () => [400, type, reason],
  );
  const messages = Array.from({ length: 64 }, (_, i) => `line ${i}`);
  const result = await send(messages);
  expect(result).toMatchObject({ retry: messages.map((_, i) => i), rejected: [], retryAfterMs: 5000 });
  expect(result.failure?.detail).toContain(reason);
  if (type === 'illegal_argument_exception') expect(result.failure?.detail).toContain(remedy);
  expect(requests.map(({ length }) => length)).toEqual([64, 1, 1]);
});

test('a proxy that refuses every size holds a single record, too', async () => {
  const { send } = sinkOn(
    () => 201,
    () => 413,
  );
  expect(await send(['a'])).toMatchObject({ retry: [0], rejected: [], failure: { code: '413' } });
});

test('a record that is refused where another one of its answer is taken is permanently rejected, without a question', async () => {
  const { send, probes } = sinkOn(({ document }) =>
    document.body === 'bad' ? [400, 'mapper_parsing_exception'] : 201,
  );
  expect(await send(['good', 'bad'])).toMatchObject({ retry: [], rejected: [{ index: 1 }] });
  expect(probes()).toEqual([]);
});

test('records that are all refused are sent once more, and cost one question, which stores nothing', async () => {
  const { send, probes, requests } = sinkOn(({ isProbe }) => (isProbe ? 409 : [400, 'mapper_parsing_exception']));
  expect(await send(['bad', 'worse'])).toMatchObject({ retry: [], rejected: [{ index: 0 }, { index: 1 }] });
  expect(requests).toHaveLength(3);
  expect(probes()).toMatchObject([{ kind: 'index', id: 'logtap-probe' }]);
});

test.each([
  ['an item', undefined],
  ['the request', 400],
])(
  'an index that is opened between the refusal of %s and the question: the records are delivered',
  async (_, status) => {
    let isOpen = false;
    const { send } = sinkOn(
      ({ isProbe }) => {
        if (isOpen) return isProbe ? 409 : 201;
        isOpen = status === undefined;
        return [400, 'illegal_argument_exception'];
      },
      () => {
        if (isOpen || status === undefined) return undefined;
        isOpen = true;
        return [status, 'illegal_argument_exception'];
      },
    );
    expect(await send(['good'])).toEqual({ retry: [], rejected: [] });
  },
);

test('the good record is stored where updates are not taken: in a data stream under one id, once', async () => {
  const { send, probes } = sinkOn(
    ({ isProbe }) => (isProbe ? 201 : [400, 'mapper_parsing_exception']),
    () => undefined,
    { index: 'logs', isDataStream: true },
  );
  expect(await send(['bad'])).toMatchObject({ retry: [], rejected: [{ index: 0 }] });
  expect(probes()).toMatchObject([{ kind: 'create', id: 'logtap-probe' }]);
});

test('what is taken in one index proves nothing for another: each holds its own records', async () => {
  const { send } = sinkOn(({ index }) => (index === 'logs-01' ? [400, 'index_is_odd_exception'] : 201));
  const result = await send([
    { message: 'a', timeMs: 0 },
    { message: 'b', timeMs: DAY_MS },
    { message: 'c', timeMs: 0 },
  ]);
  expect(result).toMatchObject({ retry: [0, 2], rejected: [], blocked: [{ destination: 'logs-01' }] });
});

test('nor what has other fields: a mapping that lacks one of them refuses all that have it', async () => {
  const hasPath = ({ document }: Action) => JSON.stringify(document).includes('log.file.path');
  const { send } = sinkOn((action) => (hasPath(action) ? [400, 'strict_dynamic_mapping_exception'] : 201));
  const file = { ...stdoutOrigin, id: 'f', stream: 'file' as const, path: '/var/log/a' };
  expect(await send(['a', { message: 'b', origin: file }])).toMatchObject({ retry: [1], rejected: [] });
});

test('a value of ours that is refused is the fault of its record, not of the index', async () => {
  const isLong = ({ document }: Action) => JSON.stringify(document).length > 5000;
  const { send } = sinkOn((action) => (isLong(action) ? [400, 'max_bytes_length_exceeded_exception'] : 201));
  const origin = { ...stdoutOrigin, process: 'x'.repeat(40_000) };
  expect(await send([{ message: 'a', origin }])).toMatchObject({ retry: [], rejected: [{ index: 0 }] });
});

test.each([429, 503, 401])('a question that is answered %i refuses nothing', async (status) => {
  const { send } = sinkOn(
    () => [400, 'mapper_parsing_exception'],
    ([first]) => (first?.isProbe ? [status, 'busy_exception'] : undefined),
  );
  expect(await send(['a'])).toMatchObject({ retry: [0], rejected: [], failure: { code: String(status) } });
});

test('nor one that is not answered; what was taken meanwhile is not retried', async () => {
  const { send } = sinkOn(
    ({ index }) => (index === 'logs-01' ? [400, 'mapper_parsing_exception'] : 201),
    ([first]) => {
      if (first?.isProbe) throw new NoAnswerError({ code: 'ECONNRESET', detail: 'gone' });
      return undefined;
    },
  );
  const records = [
    { message: 'a', timeMs: 0 },
    { message: 'b', timeMs: DAY_MS },
  ];
  expect(await send(records)).toMatchObject({ retry: [0], rejected: [], failure: { code: 'ECONNRESET' } });
});

test('when the state passes during a request, nothing of it is lost', async () => {
  let number = 0;
  const { send } = sinkOn(
    () => 201,
    () => {
      number += 1;
      return number < 3 ? [400, 'illegal_argument_exception'] : undefined;
    },
  );
  expect(await send(['a', 'b'])).toEqual({ retry: [], rejected: [] });
});
