import fc from 'fast-check';
import { BatchBuilder } from '../../../src/shipper/records/batch-builder.js';
import { concat, select, slice } from '../../../src/shipper/records/record-batch.js';
import { batchOf, recordsOf, stdoutOrigin } from '../../support/batches.js';

const origins = ['a', 'b', 'c'].map((id) => ({ ...stdoutOrigin, id }));
const records = fc.array(
  fc.record({
    message: fc.uint8Array({ maxLength: 20 }),
    timeMs: fc.double({ min: 0, max: 1e13, noNaN: true }),
    seq: fc.nat(),
    origin: fc.constantFrom(...origins),
  }),
  { maxLength: 20 },
);

describe('record batches', () => {
  test('the parts of a batch, put together again, are the batch', () => {
    fc.assert(
      fc.property(fc.array(records, { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat(), (lists, a, b) => {
        const parts = lists.map((list) => {
          const batch = batchOf(list);
          const [from = 0, to = 0] = [a % (batch.count + 1), b % (batch.count + 1)].sort((x, y) => x - y);
          return slice(batch, from, to);
        });
        expect(recordsOf(concat(parts))).toEqual(parts.flatMap(recordsOf));
      }),
    );
  });

  test('select keeps the order asked for, and can be put together again', () => {
    const batch = batchOf(['zero', 'one', 'two', 'three']);
    const chosen = select(batch, [3, 1]);
    expect(recordsOf(chosen).map((record) => record.message)).toEqual(['three', 'one']);
    expect(recordsOf(concat([chosen, batch]))).toEqual([...recordsOf(chosen), ...recordsOf(batch)]);
  });

  test('what was handed on stays as it is while the builder goes on', () => {
    const builder = new BatchBuilder();
    const add = (text: string) => {
      const bytes = Buffer.from(text);
      builder.record(stdoutOrigin, builder.copy(bytes, 0, bytes.length), bytes.length, 1, 2);
    };
    add('first');
    const first = builder.finish();
    for (let i = 0; i < 3000; i++) add(`another ${i}`);
    const second = builder.finish();
    expect(recordsOf(first).map((record) => record.message)).toEqual(['first']);
    expect(second.count).toBe(3000);
    expect(recordsOf(second).at(-1)).toEqual({ message: 'another 2999', timeMs: 1, seq: 2, origin: stdoutOrigin.id });
    expect(builder.count).toBe(0);
  });
});
