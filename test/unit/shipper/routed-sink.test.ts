/** A sink that gets the records of some containers: indexes, places and claims are those of the whole batch. */
import { RoutedSink } from '../../../src/shipper/delivery/routed-sink.js';
import type { RecordBatch, SendResult, Sink } from '../../../src/shipper/parts.js';
import { batchOf, stdoutOrigin } from '../../support/batches.js';

const web = { ...stdoutOrigin, container: 'web' };
const db = { ...stdoutOrigin, container: 'db' };
const mixed = batchOf([
  { message: 'w0', origin: web },
  { message: 'd1', origin: db },
  { message: 'w2', origin: web },
  { message: 'd3', origin: db },
]);
const textsOf = ({ bytes, start, length, count }: RecordBatch) =>
  Array.from({ length: count }, (_, i) => Buffer.from(bytes.subarray(start[i], start[i]! + length[i]!)).toString());

function routed(answer: Partial<SendResult> = {}) {
  const sent: string[][] = [];
  const inner: Sink = {
    name: 'tcp',
    limits: { maxRecords: 10, maxBytes: 1000, recordOverheadBytes: 0 },
    async send(batch) {
      sent.push(textsOf(batch));
      return { retry: [], rejected: [], ...answer };
    },
    destinations: (batch) => textsOf(batch).map((text) => `place of ${text}`),
    claims: (batch, records = [...batch.length.keys()]) => records.map((i) => textsOf(batch)[i]) as never,
    async close() {},
  };
  return { sent, sink: new RoutedSink('tcp@web', inner, (container) => container === 'web') };
}

test('only its own records leave; the result has the indexes of the batch', async () => {
  const { sent, sink } = routed({ retry: [0], rejected: [{ index: 1, reason: 'bad' }] });
  expect(await sink.send(mixed, new AbortController().signal)).toEqual({
    retry: [0],
    rejected: [{ index: 2, reason: 'bad' }],
    elsewhere: [1, 3],
  });
  expect(sent).toEqual([['w0', 'w2']]);
});

test('without records of its own nothing leaves; with nothing else the batch leaves as it is', async () => {
  const { sent, sink } = routed();
  const others = batchOf([{ message: 'd', origin: db }]);
  expect(await sink.send(others, new AbortController().signal)).toEqual({ retry: [], rejected: [], elsewhere: [0] });
  expect(sent).toEqual([]);
  const own = batchOf([{ message: 'w', origin: web }]);
  expect(await sink.send(own, new AbortController().signal)).toEqual({ retry: [], rejected: [] });
  expect(sent).toEqual([['w']]);
});

test('places and claims are those of its own records', () => {
  const { sink } = routed();
  const places = sink.destinations!(mixed);
  expect([places[0], places[2]]).toEqual(['place of w0', 'place of w2']);
  // No place of the service is blocked for a record that does not go there.
  expect(new Set([places[1], places[3]]).size).toBe(1);
  expect(places[1]).not.toContain('place');
  expect(sink.claims!(mixed)).toEqual(['w0', 'w2']);
  expect(sink.claims!(mixed, [1, 2])).toEqual(['w2']);
  expect(sink.claims!(mixed, [1])).toEqual([]);
});
