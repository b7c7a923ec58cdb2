/** Files that are cloned onto a log, on a file system that shares blocks: no byte passes a write. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { type Libc, program } from '../support/native-programs.js';
import { runPlain, runTapped, toSocket } from '../support/native-tap.js';
import { temporaryDirectory } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

const text = Array.from({ length: 3000 }, (_, i) => `line ${i} of a file that is cloned\n`).join('');

describeWith(['file system that clones', 'root', 'musl'], 'a log on XFS', () => {
  let mounted: string;
  let receiver: TapReceiver;
  let made = 0;
  beforeAll(() => {
    const directory = temporaryDirectory();
    const image = join(directory, 'image');
    mounted = join(directory, 'mounted');
    mkdirSync(mounted);
    writeFileSync(image, '');
    truncateSync(image, 320 * 1024 * 1024); // the least that mkfs.xfs accepts is 300
    execFileSync('mkfs.xfs', ['-q', '-m', 'reflink=1', image]);
    execFileSync('mount', ['-o', 'loop', image, mounted]);
  });
  afterAll(() => {
    execFileSync('umount', [mounted]);
  });
  beforeEach(async () => {
    receiver = await TapReceiver.start();
    made += 1;
    mkdirSync(join(mounted, String(made)));
    writeFileSync(join(mounted, String(made), 'source'), text);
  });
  afterEach(() => receiver.close());

  const settingsOf = (log: string, mode: string) =>
    toSocket(receiver.socket, { TAP_INTO: '0', TAP_FILE: log, SUPPRESS_TAP_FILE: String(mode === 'suppress') });

  const ways = ['whole', 'part', 'number'];
  const cells = (['glibc', 'musl'] as Libc[]).flatMap((libc) =>
    ways.flatMap((way) => ['tee', 'suppress'].map((mode) => ({ libc, way, mode }))),
  );
  test.each(cells)(
    '$libc, $way, $mode: captured, and the file is as without the library',
    async ({ libc, way, mode }) => {
      const cwd = join(mounted, String(made));
      const plain = await runPlain(program('clones', libc), [way, 'source', 'other.log'], { cwd });
      expect([plain.code, plain.stderr.toString()]).toEqual([0, '']);
      const log = join(cwd, 'app.log');
      const settings = settingsOf(log, mode);
      expect(await runTapped(program('clones', libc), [way, 'source', log], { settings, cwd })).toEqual(plain);
      await receiver.settled();
      const cloned = way === 'part' ? text.slice(4096) : text;
      expect(receiver.text(log)).toBe(`${cloned}behind it\n`);
      const [other, disk] = ['other.log', 'app.log'].map((name) => readFileSync(join(cwd, name), 'utf8'));
      expect(other).toBe(`${cloned}behind it\n`);
      expect(disk).toBe(mode === 'tee' ? other : cloned);
    },
  );

  test('cp --reflink, onto a log that a shell then appends to', async () => {
    const log = join(mounted, String(made), 'app.log');
    const cwd = join(mounted, String(made));
    copyFileSync(join(cwd, 'source'), log);
    const script = `cp --reflink=always source ${log} && echo behind it >>${log}`;
    const outcome = await runTapped('bash', ['-c', script], { settings: settingsOf(log, 'tee'), cwd });
    await receiver.settled();
    expect([outcome.code, outcome.stderr.toString()]).toEqual([0, '']);
    expect(receiver.text(log)).toBe(`${text}behind it\n`);
  });

  test('without a reader its bytes count as lost', async () => {
    await receiver.close();
    receiver = await TapReceiver.start({ paused: true });
    const cwd = join(mounted, String(made));
    writeFileSync(join(cwd, 'source'), text.repeat(200));
    const log = join(cwd, 'app.log');
    const settings = settingsOf(log, 'tee');
    await runTapped(program('clones'), ['whole', 'source', log], { settings, cwd });
    receiver.resume();
    await receiver.settled();
    const [process] = receiver.processes();
    const written = text.repeat(200).length + 'behind it\n'.length;
    expect(process?.lost.bytes).toBeGreaterThan(0n);
    expect(BigInt(receiver.text(log).length) + (process?.lost.bytes ?? 0n)).toBe(BigInt(written));
  });
});
