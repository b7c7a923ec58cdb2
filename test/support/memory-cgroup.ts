/** A control group with a memory limit, of either version of the kernel's interface, to run programs in. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MEMORY_CGROUPS } from '../../scripts/memory-cgroups.js';
import { until } from './run.js';

export class MemoryCgroup {
  readonly #path = join(MEMORY_CGROUPS, `logtap-test-${process.pid}`);
  readonly #isOld = existsSync(join(MEMORY_CGROUPS, 'memory.limit_in_bytes'));

  constructor(limitBytes: number) {
    mkdirSync(this.#path);
    writeFileSync(join(this.#path, this.#isOld ? 'memory.limit_in_bytes' : 'memory.max'), String(limitBytes));
  }

  /** The most memory that its programs ever had. */
  get peakBytes(): number {
    return Number(readFileSync(join(this.#path, this.#isOld ? 'memory.max_usage_in_bytes' : 'memory.peak'), 'utf8'));
  }

  /** A shell command line that runs the program in `"$@"` in the group. */
  get enter(): string {
    return `echo $$ > ${join(this.#path, 'cgroup.procs')} && exec "$@"`;
  }

  /** Removes it once its programs have ended. */
  remove(): Promise<void> {
    return until(`the programs of ${this.#path} have ended`, () => {
      try {
        rmdirSync(this.#path);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
        return false;
      }
    });
  }
}
