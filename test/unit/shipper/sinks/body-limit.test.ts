/** How large the next request may be, where several are out at once. */
import { BodyLimit } from '../../../../src/shipper/sinks/body-limit.js';

const MIB = 1024 * 1024;

test('requests of one size that time out together halve the next one once', () => {
  const limit = new BodyLimit(8 * MIB);
  for (let i = 0; i < 4; i++) limit.unanswered(MIB, 'timeout');
  expect(limit.bytes).toBe(MIB / 2);
  limit.unanswered(limit.bytes, 'timeout');
  expect(limit.bytes).toBe(MIB / 4);
});

describe('after a 413', () => {
  /** How many requests it takes from one answer of 413 to the next, where bodies above so many bytes are refused. */
  const until413 = (limit: BodyLimit, serviceBytes: number): number => {
    let requests = 0;
    for (; limit.bytes <= serviceBytes && requests < 10_000; requests++) limit.accepted();
    limit.tooLarge(limit.bytes);
    return requests;
  };

  test('for a body of a few bytes, which a proxy answers on its way to another service, bodies grow again', () => {
    const limit = new BodyLimit(4 * MIB);
    limit.tooLarge(100);
    expect(limit.bytes).toBe(50);
    for (let i = 0; i < 2000; i++) limit.accepted();
    expect(limit.bytes).toBe(4 * MIB);
  });

  test('a service whose limit is lower gets larger bodies more and more seldom', () => {
    const limit = new BodyLimit(4 * MIB);
    limit.tooLarge(4 * MIB);
    limit.tooLarge(2 * MIB);
    expect(limit.bytes).toBe(MIB);
    const waits = Array.from({ length: 10 }, () => until413(limit, MIB));
    expect(waits).toEqual([128, 256, 512, 1024, 2048, 4096, 4096, 4096, 4096, 4096]);
  });
});
