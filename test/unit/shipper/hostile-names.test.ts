/** One-byte lines of a peer with long names: what is buffered, and what each sink makes of one batch, stays within bounds. */

import { OPENSEARCH_SCHEMAS } from '../../../src/catalog/sinks/opensearch.js';
import { RecordBuffer } from '../../../src/shipper/buffer/record-buffer.js';
import type { Origin, RecordBatch } from '../../../src/shipper/parts.js';
import { memoryBytes } from '../../../src/shipper/records/record-batch.js';
import { ForwardEncoder } from '../../../src/shipper/sinks/forward/encoder.js';
import { NdjsonEncoder } from '../../../src/shipper/sinks/lines/ndjson.js';
import { LINE_LIMITS } from '../../../src/shipper/sinks/lines/output.js';
import { BulkEncoder } from '../../../src/shipper/sinks/opensearch/encoder.js';
import { boundedText, NAME_MAX_BYTES, PATH_MAX_BYTES } from '../../../src/shipper/source/frames/bounded-text.js';
import { acknowledgeAll, batchOf, noResource, sourceBatchOf } from '../../support/batches.js';

const MIB = 1024 ** 2;
const metadata = { podName: 'p', podNamespace: 'n', nodeName: undefined, containerName: undefined };

/** The longest that can come in. */
const hostile = (id: number, filler: string): Origin => ({
  id: `${'f'.repeat(16)}-${id}`,
  stream: 'file',
  path: boundedText(`/${filler.repeat(PATH_MAX_BYTES)}`, PATH_MAX_BYTES),
  pid: 1,
  process: boundedText(filler.repeat(40_000), NAME_MAX_BYTES),
  container: boundedText(filler.repeat(40_000), NAME_MAX_BYTES),
});

const encoders: readonly (readonly [string, (batch: RecordBatch) => Buffer])[] = [
  ['stdout, file and tcp', (batch) => new NdjsonEncoder(metadata).encode(batch).bytes],
  ['forward', (batch) => new ForwardEncoder(metadata).encode(batch)],
  ...OPENSEARCH_SCHEMAS.map((schema) => {
    const encoder = new BulkEncoder({ index: 'i', schema, resource: noResource });
    return [
      `opensearch, ${schema}`,
      (batch: RecordBatch) => encoder.encode(batch, 0, batch.count, 64 * MIB).bytes,
    ] as const;
  }),
];

describe.each([
  ['letters', 'n'],
  ['control characters', '\x01'],
  ['quotes', '"'],
  ['wide characters', '\u{1f600}'],
])('names of %s', (_, filler) => {
  test.each(encoders)('%s: a batch is no longer than twice what the limits say', async (__, encode) => {
    for (const origins of [1, 60]) {
      const buffer = new RecordBuffer({ maxBytes: 64 * MIB, sinks: ['one'], now: () => 0 });
      const all = Array.from({ length: origins }, (___, i) => hostile(i, filler));
      const records = Array.from({ length: 600 }, (___, i) => ({ message: 'x', origin: all[i % origins]! }));
      buffer.append(sourceBatchOf(records));
      buffer.close();
      let sent = 0;
      for (;;) {
        const taken = await buffer.cursor('one').take(LINE_LIMITS, new AbortController().signal);
        if (taken === undefined) break;
        expect(encode(taken.batch).length).toBeLessThan(2 * LINE_LIMITS.maxBytes);
        sent += taken.batch.count;
        acknowledgeAll(taken);
      }
      expect(sent).toBe(600);
    }
  });
});

test('names count as memory', () => {
  const origins = Array.from({ length: 100 }, (_, i) => hostile(i, 'n'));
  const batch = batchOf(origins.map((origin) => ({ message: 'x', origin })));
  expect(memoryBytes(batch)).toBeGreaterThan(100 * PATH_MAX_BYTES);
});
