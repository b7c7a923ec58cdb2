import { RequestBodies } from '../../../../src/shipper/sinks/request-bodies';

const MIB = 1024 * 1024;

test('memory of a body is used again once it was released, and not before', () => {
  const bodies = new RequestBodies(2);
  const first = bodies.copyOf(Buffer.alloc(MIB, 1));
  const second = bodies.copyOf(Buffer.alloc(MIB, 2));
  expect(second.copy.buffer).not.toBe(first.copy.buffer);
  first.release();
  const third = bodies.copyOf(Buffer.alloc(MIB - 100, 3));
  expect(third.copy.buffer).toBe(first.copy.buffer);
  expect(third.copy.equals(Buffer.alloc(MIB - 100, 3))).toBe(true);
  expect(second.copy.equals(Buffer.alloc(MIB, 2))).toBe(true);
});

test('a larger body gets other memory, and small ones do not keep it from being used again', () => {
  const bodies = new RequestBodies(2);
  bodies.copyOf(Buffer.alloc(MIB)).release();
  const large = bodies.copyOf(Buffer.alloc(4 * MIB, 4));
  expect(large.copy.equals(Buffer.alloc(4 * MIB, 4))).toBe(true);
  large.release();
  const small = bodies.copyOf(Buffer.from('one line'));
  small.release();
  expect(small.copy.toString()).toBe('one line');
  expect(bodies.copyOf(Buffer.alloc(4 * MIB)).copy.buffer).toBe(large.copy.buffer);
});

test('no more are kept than are out at a time', () => {
  const bodies = new RequestBodies(2);
  const out = [1, 2, 3].map((byte) => bodies.copyOf(Buffer.alloc(MIB, byte)));
  for (const { release } of out) release();
  const again = [1, 2, 3].map((byte) => bodies.copyOf(Buffer.alloc(MIB, byte)).copy.buffer);
  const known = new Set(out.map(({ copy }) => copy.buffer));
  expect(again.filter((buffer) => known.has(buffer))).toHaveLength(2);
});
