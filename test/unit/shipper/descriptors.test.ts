import { descriptorLimit, descriptorShares } from '../../../src/shipper/process/descriptor-limit.js';
import { oldestOfBusiest } from '../../../src/shipper/status/busiest-peer.js';

const limits = (soft: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             127235               127235               processes
Max open files            ${soft.padEnd(20)} 1048576              files
Max locked memory         67108864             67108864             bytes
`;

test.each([
  ['a number', () => limits('4096'), 4096],
  ['none', () => limits('unlimited'), 1024],
  [
    'no such file',
    () => {
      throw new Error('ENOENT');
    },
    1024,
  ],
])('the limit of descriptors: %s', (_, read, expected) => {
  expect(descriptorLimit(read as () => string)).toBe(expected);
});

test.each([32, 64, 128, 256, 1024, 65_536, 1_048_576])('of %i descriptors delivery keeps enough', (limit) => {
  const { connections, statusConnections, rings } = descriptorShares(limit);
  expect(connections).toBeGreaterThan(0);
  expect(connections).toBeLessThanOrEqual(1024);
  expect(statusConnections).toBeGreaterThanOrEqual(4);
  expect(statusConnections).toBeLessThanOrEqual(32);
  expect(limit - connections - rings - statusConnections).toBeGreaterThanOrEqual(Math.min(64, limit / 2) - 2);
});

test.each([
  ['of the only address', ['a', 'a', 'a'], 0],
  ['of the address with most', ['kubelet', 'a', 'a', 'b'], 1],
  ['also where that is the newest', ['kubelet', 'b', 'a', 'a'], 2],
  ['of all, where each has one', ['kubelet', 'a', 'b'], 0],
])('the connection that is closed is the oldest %s', (_, addresses, expected) => {
  expect(oldestOfBusiest(addresses.map((address, i) => [i, address] as const))).toBe(expected);
});
