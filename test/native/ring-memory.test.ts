/** The memory of rings: whose it is, and what happens when there is none. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { MemoryCgroup } from '../support/memory-cgroup.js';
import { program } from '../support/native-programs.js';
import { converse, runTapped } from '../support/native-tap.js';
import { RingReceiver } from '../support/ring-receiver.js';
import { until } from '../support/run.js';

const MIB = 1024 * 1024;
const LINES = 200_000;
const line = (i: number) => `line ${i} of a program that ends at once\n`;
const text = Array.from({ length: LINES }, (_, i) => line(i)).join('');

describeWith(['memory cgroups'], 'the memory limit of an application', () => {
  const PROCESSES = 14;
  let receiver: RingReceiver;
  let group: MemoryCgroup;
  beforeAll(() => {
    receiver = new RingReceiver({ pool: PROCESSES, capacity: 9 * MIB });
    group = new MemoryCgroup(64 * MIB);
  });
  afterAll(() => {
    receiver.close();
    return group.remove();
  });

  test('100 MiB in rings of the shipper do not count', async () => {
    const settings = { TAP_INTO: '3', TARGET: `ring:${receiver.directory}`, SUPPRESS_STDOUT: 'true' };
    const args = ['-c', group.enter, 'sh', program('lines'), String(LINES)];
    for (let i = 0; i < PROCESSES; i += 1) {
      const { code, stdout } = await runTapped('sh', args, { settings });
      expect({ code, left: stdout.length }).toEqual({ code: 0, left: 0 });
    }
    expect(group.peakBytes).toBeLessThan(8 * MIB);
    let bytes = 0;
    while (receiver.read()) {}
    for (const process of receiver.processes()) {
      expect(process.bytes('stdout').toString() === text).toBe(true);
      bytes += text.length;
    }
    expect(bytes).toBeGreaterThan(100 * MIB);
  });
});

describeWith(['root'], 'a volume without room', () => {
  let volume: string;
  beforeEach(() => {
    volume = mkdtempSync(join(tmpdir(), 'lt-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0777', 'tmpfs', volume]);
  });
  afterEach(() => {
    execFileSync('umount', [volume]);
    rmSync(volume, { recursive: true });
  });
  const settings = () => ({ TAP_INTO: '3', TARGET: `ring:${volume}`, SUPPRESS_STDOUT: 'true' });
  const fill = () => {
    const { bsize, bavail } = statfsSync(volume);
    writeFileSync(join(volume, 'other'), Buffer.alloc(bsize * bavail, 1));
    expect(statfsSync(volume).bavail).toBe(0);
  };

  test('filled to its last byte before: the originals are complete', async () => {
    fill();
    const { code, signal, stdout } = await runTapped(program('lines'), ['20000'], { settings: settings() });
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(stdout.toString() === text.slice(0, text.indexOf(line(20_000)))).toBe(true);
  });

  test('filled to its last byte meanwhile: a ring that was claimed has all its room', async () => {
    const running = converse('while read -r n; do seq $n; done', settings());
    running.say('1');
    await until('there is a ring', () => statfsSync(volume).bavail < statfsSync(volume).blocks - 10);
    fill();
    // More than the ring holds: what does not fit is in the original.
    running.say('30000');
    expect(await running.end()).toBe(0);
    expect(running.stdout().endsWith('29999\n30000\n')).toBe(true);
  });
});
