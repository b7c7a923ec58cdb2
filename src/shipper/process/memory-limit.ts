/** How much memory the shipper may use for records when no setting says. */
import { readFileSync } from 'node:fs';

const MIB = 1024 * 1024;
/** Node itself, the bundle, requests being built, and garbage at full load: 150 MB were measured. */
const OTHER_BYTES = 160 * MIB;
const LEAST_BYTES = 8 * MIB;
const WITHOUT_LIMIT_BYTES = 64 * MIB;

/** cgroup v2, then v1, as a container sees its own. */
const LIMIT_FILES = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'];

/** The memory limit of this container in bytes; `undefined` when there is none. */
export function containerMemoryLimit(read = (path: string) => readFileSync(path, 'utf8')): number | undefined {
  for (const path of LIMIT_FILES) {
    try {
      const limit = Number(read(path));
      // "max" in v2, a number near 2^63 in v1.
      return Number.isSafeInteger(limit) && limit > 0 ? limit : undefined;
    } catch {
      // Not this version of cgroups.
    }
  }
  return undefined;
}

/** @param ringBytes memory of rings, which is the container's as well */
export function defaultMemoryMaxBytes(limit: number | undefined, ringBytes = 0): number {
  if (limit === undefined) return WITHOUT_LIMIT_BYTES;
  return Math.max(LEAST_BYTES, Math.floor(Math.min(limit / 2, limit - OTHER_BYTES - ringBytes)));
}
