// Groups of processes with a memory limit, where this machine lets us make them.
const { existsSync, mkdirSync, rmdirSync } = require('node:fs');
const { join } = require('node:path');

/** Where groups with a memory limit are made; of the older interface, or else of the newer. */
const MEMORY_CGROUPS =
  ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'].find((path) => existsSync(`${path}/cgroup.procs`)) ?? '';

function isMemoryCgroupWritable() {
  const probe = join(MEMORY_CGROUPS, `logtap-probe-${process.pid}`);
  try {
    mkdirSync(probe);
    const hasLimit = ['memory.limit_in_bytes', 'memory.max'].some((name) => existsSync(join(probe, name)));
    rmdirSync(probe);
    return hasLimit;
  } catch {
    return false;
  }
}

module.exports = { MEMORY_CGROUPS, isMemoryCgroupWritable };
