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
