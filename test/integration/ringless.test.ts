/** Processes that get no ring: the volume of the rings is full. What they could not hand over is counted all the same. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIBRARY_ENV } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { start, temporaryDirectory } from '../support/run.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const PROCESSES = 20;
const LINES = 50;

describeWith(['root'], 'a full volume', () => {
  test.each([
    ['ends', ''],
    [
      'is killed, a moment after its last line',
      'time.sleep(0.3)\nos.write(1, b"last\\n")\nos.kill(os.getpid(), signal.SIGKILL)',
    ],
  ])('every line of a process that %s is in the original, and counted', async (_, end) => {
    const volume = join(temporaryDirectory(), 'volume');
    mkdirSync(volume);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=5m,mode=0777', 'tmpfs', volume]);
    try {
      const rings = join(volume, 'rings');
      const output = join(temporaryDirectory(), 'out.ndjson');
      const shipper = await startShipper({
        LOGTAP_RING_DIR: rings,
        LOGTAP_RING_POOL: '2',
        LOGTAP_SINK: 'file',
        LOGTAP_FILE_PATH: output,
      });
      const { bavail, bsize } = statfsSync(volume);
      writeFileSync(join(volume, 'fill'), Buffer.alloc(bavail * bsize));
      const script = `import os, signal, time\nfor i in range(${LINES}): os.write(1, b"line %d\\n" % i)\n${end}`;
      const writers = Array.from({ length: PROCESSES }, () =>
        start('python3', ['-c', script], {
          env: {
            ...tapEnvironment('', { suppress: true }),
            [LIBRARY_ENV.TARGET.name]: `ring:${rings}`,
            [LIBRARY_ENV.TAP_INTO.name]: '1',
            [LIBRARY_ENV.ON_FULL.name]: 'pass',
          },
        }),
      );
      let original = 0;
      for (const { ended } of writers) original += (await ended).stdout.split('\n').length - 1;
      await sleep(200);
      const { stderr } = await drain(shipper);
      const last = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
      // Rings are given back when a process ends, so that a later one may find room; not all did.
      expect(original).toBeGreaterThan(0);
      expect(last.dropped).toEqual({ application: { not_handed_over: original } });
      const written = PROCESSES * (LINES + (end === '' ? 0 : 1));
      const delivered = readFileSync(output, 'utf8').split('\n').slice(0, -1);
      // A process that gets a ring after all has a notice of what it had lost before.
      const notices = delivered.filter((record) => JSON.parse(record).message.startsWith('logtap: '));
      expect(last.delivered.file).toBe(delivered.length);
      expect(delivered.length - notices.length + original).toBe(written);
    } finally {
      execFileSync('umount', ['--lazy', volume]);
    }
  });
});
