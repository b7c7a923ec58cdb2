/** Log files that get their tapped name after they were opened, as loggers do that keep a link to the newest file. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { type Libc, program } from '../support/native-programs.js';
import { runPlain, runTapped, toSocket } from '../support/native-tap.js';
import { temporaryDirectory } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

let receiver: TapReceiver;
beforeEach(async () => {
  receiver = await TapReceiver.start();
});
afterEach(() => receiver.close());

const RENAMES = ['rename', 'renameat', 'renameat below a directory', 'number of renameat2'];
const LINKS = ['link', 'linkat', 'symlink', 'symlinkat', 'number of symlinkat', 'rename of a symbolic link'];
const lines = Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join('');

interface Cell {
  readonly way: string;
  /** LLT_TAP_FILE, relative to the directory. */
  readonly tapped: string;
  readonly name: string;
}
const named = (way: string): Cell => ({ way, tapped: 'app.log', name: 'app.log' });
const cells: Cell[] = [
  ...[...RENAMES, ...LINKS].map(named),
  // The kernel tells only the name under which a file was opened, and a rename changes that.
  ...RENAMES.map((way) => ({ way, tapped: '*.log', name: 'app.log' })),
  { way: 'rename of the directory', tapped: 'logs/app.log', name: 'logs/app.log' },
  { way: 'rename of the directory', tapped: 'logs/*.log', name: 'logs/app.log' },
];

function suite(libc: Libc): void {
  test.each(cells.flatMap((cell) => ['tee', 'suppress'].map((mode) => ({ ...cell, mode }))))(
    '$way onto a name of $tapped, $mode',
    async ({ way, tapped, name, mode }) => {
      const plain = await runPlain(program('later-names', libc), [way, name], { cwd: temporaryDirectory() });
      expect([plain.code, plain.stderr.toString()]).toEqual([0, '']);
      const cwd = temporaryDirectory();
      const settings = toSocket(receiver.socket, {
        TAP_INTO: '0',
        TAP_FILE: join(cwd, tapped),
        SUPPRESS_TAP_FILE: String(mode === 'suppress'),
      });
      expect(await runTapped(program('later-names', libc), [way, name], { settings, cwd })).toEqual(plain);
      await receiver.settled();
      expect(receiver.text(join(cwd, name))).toBe(lines);
      expect(existsSync(join(cwd, name))).toBe(true);
      expect(readFileSync(join(cwd, name), 'utf8')).toBe(`before\n${mode === 'suppress' ? '' : lines}`);
      expect(receiver.text(join(cwd, 'other'))).toBe('');
    },
  );
}

describe('glibc', () => suite('glibc'));
describeWith(['musl'], 'musl', () => suite('musl'));
