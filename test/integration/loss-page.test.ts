/**
 * Processes that get no ring, and end when no shipper can hear of it: what they could not hand over is counted all the same, once,
 * from the page of losses beside the rings.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIBRARY_NAME } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import {
  countsOf as countsIn,
  KILL,
  kill,
  LINES,
  lostLines,
  originalLines,
  UNPRIVILEGED,
  WRITE,
} from '../support/losing-writers.js';
import { library, temporaryDirectory, until } from '../support/run.js';
import { type Shipper, startShipper } from '../support/tapped.js';

const IMPORT = 'import os, resource, signal\n';

let volume: string;
let rings: string;
let output: string;
beforeEach(() => {
  const directory = temporaryDirectory();
  volume = join(directory, 'volume');
  rings = join(volume, 'rings');
  output = join(directory, 'out.ndjson');
  mkdirSync(volume);
  // For every user.
  chmodSync(directory, 0o755);
  copyFileSync(library, join(directory, LIBRARY_NAME));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=5m,mode=0777', 'tmpfs', volume]);
});
afterEach(() => execFileSync('umount', ['--lazy', volume]));

const filler = () => join(volume, 'fill');

function fill(): void {
  const { bavail, bsize } = statfsSync(volume);
  writeFileSync(filler(), Buffer.alloc(bavail * bsize));
}

function startOne(): Promise<Shipper> {
  // A full volume would have no room for its journal.
  rmSync(filler(), { force: true });
  return startShipper({ LOGTAP_RING_DIR: rings, LOGTAP_RING_POOL: '0', LOGTAP_SINK: 'file', LOGTAP_FILE_PATH: output });
}

const linesOf = (command: string, args: readonly string[], { uid }: { uid?: number } = {}) =>
  originalLines([command, ...args], { library: join(volume, '..', LIBRARY_NAME), target: `ring:${rings}`, uid });
const python = (script: string, options?: { uid?: number }) => linesOf('python3', ['-c', script], options);
const countsOf = (shipper: Shipper) => countsIn(shipper, output);

/** A process that finds room, before the volume is full. */
async function writeOneLine(): Promise<void> {
  expect(await python('print("first")')).toBe(0);
}

describeWith(['root'], 'a process without a ring', () => {
  test('that is killed right after its last line', async () => {
    const shipper = await startOne();
    fill();
    const originals = await Promise.all([1, 2, 3].map(() => python(`${IMPORT}${WRITE}${KILL}`)));
    expect(originals).toEqual([LINES, LINES, LINES]);
    expect(await countsOf(shipper)).toEqual({ lost: lostLines(3 * LINES), delivered: 0 });
  });

  test.each([
    ['ends', ''],
    ['is killed', KILL],
    ['calls _exit', 'os._exit(3)'],
    ['aborts', 'os.abort()'],
    ['becomes another program', 'os.execv("/bin/true", ["true"])'],
    ['leaves the rest to a child', `if os.fork(): os.wait(); ${KILL}\nos.write(1, b"of the child\\n")\n${KILL}`],
    [
      'has a child with another root',
      `if os.fork(): os.wait(); ${KILL}\nos.chroot("/proc/self/fdinfo")\nos.write(1, b"of the child\\n")\n${KILL}`,
    ],
  ])('that %s before a shipper starts', async (_, end) => {
    await writeOneLine();
    fill();
    const original = await python(`${IMPORT}${WRITE}${end}`);
    expect(original).toBeGreaterThanOrEqual(LINES);
    expect(await countsOf(await startOne())).toEqual({ lost: lostLines(original), delivered: 1 });
  });

  test.each([
    ['another root', 'os.chroot("/proc/self/fdinfo")'],
    ['no descriptor left', 'resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))'],
  ])('as its parent, which has one, goes where there is none: %s', async (_, confine) => {
    await kill(await startOne());
    const parent = `os.write(1, b"of the parent\\n")\n${confine}\nif os.fork(): os.wait(); os._exit(0)\n`;
    const original = await python(`${IMPORT}${parent}${WRITE}${KILL}`);
    expect(original).toBe(LINES);
    expect(await countsOf(await startOne())).toEqual({ lost: lostLines(LINES), delivered: 1 });
  });

  test('that ends between two shippers, and is counted once by all later ones', async () => {
    await kill(await startOne());
    fill();
    let original = await linesOf('bash', ['-c', `for i in {1..${LINES}}; do echo line $i; done`]);
    original += await python(IMPORT + WRITE);
    const second = await startOne();
    await until('the second shipper has counted', () => second.stderr().includes('could not hand over'));
    await kill(second);
    expect(original).toBe(2 * LINES);
    expect(await countsOf(await startOne())).toEqual({ lost: lostLines(original), delivered: 0 });
    // The last line has reported them.
    expect((await countsOf(await startOne())).lost).toEqual({});
  });

  test('and without the right to write in the directory', async () => {
    await kill(await startOne());
    chmodSync(rings, 0o555);
    const original = await python(IMPORT + WRITE, { uid: UNPRIVILEGED });
    expect(original).toBe(LINES);
    expect(await countsOf(await startOne())).toEqual({ lost: lostLines(LINES), delivered: 0 });
  });

  test('among more of them than the page has names', async () => {
    await kill(await startOne());
    chmodSync(rings, 0o555);
    const script = 'for i in $(seq 400); do /bin/echo line $i; done; kill -9 $$';
    expect(await linesOf('sh', ['-c', script], { uid: UNPRIVILEGED })).toBe(400);
    expect(await countsOf(await startOne())).toEqual({ lost: lostLines(400), delivered: 0 });
  });
});
