/** `logtap install`: the library arrives whole, and nothing that another user has laid out leads it astray. */
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { library, logtap, run, temporaryDirectory } from '../support/run.js';

const node = process.execPath;

describe('logtap install', () => {
  test('puts the library of this architecture into a new directory, atomically and again', async () => {
    const directory = join(temporaryDirectory(), 'lib');
    for (let again = 0; again < 2; again += 1) {
      expect((await run(node, [logtap, 'install', directory])).code).toBe(0);
    }
    expect(readdirSync(directory).sort()).toEqual(['liblogtap.so', 'logtap-probe']);
    const { stdout, code } = await run('echo', ['still works'], {
      env: { LD_PRELOAD: join(directory, 'liblogtap.so') },
    });
    expect({ stdout, code }).toEqual({ stdout: 'still works\n', code: 0 });
  });

  test('makes the directory in which programs of any user find room before there is a shipper', async () => {
    const base = temporaryDirectory();
    const [directory, rings] = [join(base, 'lib'), join(base, 'rings')];
    const umask = process.umask(0o077);
    try {
      expect((await run(node, [logtap, 'install', directory, rings])).code).toBe(0);
    } finally {
      process.umask(umask);
    }
    expect(statSync(rings).mode & 0o777).toBe(0o777);
    const env = {
      LD_PRELOAD: join(directory, 'liblogtap.so'),
      LLT_TARGET: `ring:${rings}`,
      LLT_TAP_INTO: '1',
      LLT_SUPPRESS_STDOUT: 'true',
    };
    expect((await run('echo', ['before the shipper'], { env })).stdout).toBe('');
    const [ring] = readdirSync(rings).filter((name) => name.startsWith('ring-'));
    expect(readFileSync(join(rings, ring ?? ''), 'latin1')).toContain('before the shipper\n');
  });

  test('a directory that cannot be written is 73 and names it', async () => {
    const file = join(temporaryDirectory(), 'occupied');
    writeFileSync(file, '');
    const { code, stderr } = await run(node, [logtap, 'install', join(file, 'lib')]);
    expect(code).toBe(73);
    expect(stderr).toContain(join(file, 'lib'));
  });

  test.each([[[]], [['a', 'b', 'c']], [['a', '--b']]])('install %j is a usage error', async (args) => {
    expect((await run(node, [logtap, 'install', ...args])).code).toBe(64);
  });

  describe('in a volume where another user of the pod was first', () => {
    const other = 2001;
    const elsewhere = () => {
      const directory = temporaryDirectory();
      chmodSync(directory, 0o777);
      return directory;
    };

    test('follows no link at its temporary name or at the target, and writes to no file of others', async () => {
      const directory = elsewhere();
      const victim = join(temporaryDirectory(), 'victim');
      writeFileSync(victim, 'untouched');
      symlinkSync(victim, join(directory, 'liblogtap.so'));
      for (let pid = 1; pid < 300; pid += 1) symlinkSync(victim, join(directory, `liblogtap.so.${pid}`));
      expect((await run(node, [logtap, 'install', directory])).code).toBe(0);
      expect(readFileSync(victim, 'utf8')).toBe('untouched');
      expect(lstatSync(join(directory, 'liblogtap.so')).isSymbolicLink()).toBe(false);
      expect(readFileSync(join(directory, 'liblogtap.so')).equals(readFileSync(library))).toBe(true);
    });

    test.each([
      ['a link in the place of the directory', (at: string) => symlinkSync(temporaryDirectory(), at)],
      ['a link that leads nowhere', (at: string) => symlinkSync('/nowhere/at/all', at)],
      ['a file in its place', (at: string) => writeFileSync(at, '')],
      [
        'a directory of another user',
        (at: string) => {
          mkdirSync(at);
          chownSync(at, other, other);
        },
      ],
    ])('refuses %s, for the library and for rings', async (_what, prepare) => {
      const base = elsewhere();
      const occupied = join(base, 'occupied');
      prepare(occupied);
      for (const args of [[occupied], [join(base, 'fresh'), occupied]]) {
        const { code, stderr } = await run(node, [logtap, 'install', ...args]);
        expect(code).toBe(73);
        expect(stderr).toMatch(/occupied: .*must be a directory, not a link, that belongs to root or to user/);
      }
    });

    test('leaves nothing behind when the target cannot be replaced', async () => {
      const directory = elsewhere();
      mkdirSync(join(directory, 'liblogtap.so', 'full'), { recursive: true });
      expect((await run(node, [logtap, 'install', directory])).code).toBe(73);
      expect(readdirSync(directory).sort()).toEqual(['liblogtap.so', 'logtap-probe']);
    });
  });
});
