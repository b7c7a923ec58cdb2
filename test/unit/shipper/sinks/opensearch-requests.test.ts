/** Several sends of the OpenSearch sink are out at once. */
import { BulkEncoder } from '../../../../src/shipper/sinks/opensearch/encoder.js';
import { OpenSearchSink } from '../../../../src/shipper/sinks/opensearch/sink.js';
import { batchOf, noResource } from '../../../support/batches.js';

const never = new AbortController().signal;

/** A service whose answers wait until `answer` is called with the number of a request. */
function setUp() {
  const bodies: Buffer[] = [];
  const answers: (() => void)[] = [];
  const sink = new OpenSearchSink({
    target: 'http://search:9200',
    encoder: new BulkEncoder({ index: 'logs', schema: 'otel', resource: noResource }),
    post: (body, _, onProgress) =>
      new Promise((resolve) => {
        bodies.push(body);
        answers.push(() => {
          onProgress?.();
          const items = messagesIn(body).map(() => ({ create: { status: 201 } }));
          resolve({ status: 200, headers: {}, body: Buffer.from(JSON.stringify({ errors: false, items })) });
        });
      }),
    get: async () => ({ status: 403, headers: {}, body: Buffer.alloc(0) }),
    onNotice: () => {},
  });
  return { sink, bodies, answer: (request: number) => answers[request]!() };
}

const messagesIn = (body: Buffer): unknown[] =>
  body
    .toString()
    .trimEnd()
    .split('\n')
    .filter((_, i) => i % 2 === 1)
    .map((line) => JSON.parse(line).body);

test('each keeps its own body while another one is encoded', async () => {
  const { sink, bodies, answer } = setUp();
  const sends = [['a', 'b'], ['longer', 'texts', 'than these'], ['c']].map((messages) =>
    sink.send(batchOf(messages), never),
  );
  await new Promise(setImmediate);
  expect(bodies.map(messagesIn)).toEqual([['a', 'b'], ['longer', 'texts', 'than these'], ['c']]);
  for (const request of [2, 0, 1]) answer(request);
  expect(await Promise.all(sends)).toEqual(sends.map(() => ({ retry: [], rejected: [] })));
});

test('progress is that of its own send', async () => {
  const { sink, answer } = setUp();
  const progress: string[] = [];
  const first = sink.send(batchOf(['a']), never, () => progress.push('first'));
  const second = sink.send(batchOf(['b']), never, () => progress.push('second'));
  await new Promise(setImmediate);
  answer(0);
  await first;
  expect(progress).toEqual(['first']);
  answer(1);
  await second;
  expect(progress).toEqual(['first', 'second']);
});
