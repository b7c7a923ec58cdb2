import { containerMemoryLimit, defaultMemoryMaxBytes } from '../../../src/shipper/process/memory-limit.js';

const MIB = 1024 * 1024;
const V2 = '/sys/fs/cgroup/memory.max';
const V1 = '/sys/fs/cgroup/memory/memory.limit_in_bytes';

function reader(files: Record<string, string>) {
  return (path: string) => {
    const text = files[path];
    if (text === undefined) throw new Error('ENOENT');
    return text;
  };
}

test.each([
  ['version 2', { [V2]: '268435456\n' }, 256 * MIB],
  ['version 2 without a limit', { [V2]: 'max\n' }, undefined],
  ['version 1', { [V1]: '134217728\n' }, 128 * MIB],
  ['version 1 without a limit', { [V1]: '9223372036854771712\n' }, undefined],
  ['no cgroups', {}, undefined],
])('limit of the container: %s', (_, files, limit) => {
  expect(containerMemoryLimit(reader(files))).toBe(limit);
});

test.each([
  [undefined, 64],
  [1024, 512],
  [320, 160],
  [256, 96],
  [192, 32],
  [128, 8],
])('of %s MiB, %s MiB are for records', (limit, mib) => {
  expect(defaultMemoryMaxBytes(limit === undefined ? undefined : limit * MIB)).toBe(mib * MIB);
});
