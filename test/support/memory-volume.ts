/** The memory volume of a pod, whose sticky bit lets only the owner of an entry rename or remove it. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { RING_DIR } from '../../src/contract.js';

export interface MemoryVolume {
  /** Of the volume. */
  readonly path: string;
  /** Of the directory of rings, which is missing. */
  readonly rings: string;
}

/** A new one for each test of the file. */
export function memoryVolume(): MemoryVolume {
  let path = '';
  beforeEach(() => {
    path = mkdtempSync('/dev/shm/logtap-volume-');
    chmodSync(path, 0o1777);
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));
  return {
    get path() {
      return path;
    },
    get rings() {
      return join(path, RING_DIR);
    },
  };
}
