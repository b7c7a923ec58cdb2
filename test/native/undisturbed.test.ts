/** The same program without and with the library: what it sees of the world, and what is seen of it, is the same. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../support/capability.js';
import { type Libc, program } from '../support/native-programs.js';
import { runPlain, runTapped, type TapSettings, toSocket, variables } from '../support/native-tap.js';
import { library, temporaryDirectory } from '../support/run.js';
import { TapReceiver } from '../support/tap-receiver.js';

type Mode = 'tee' | 'suppress';
type Target = 'present' | 'absent' | 'full';

const MODES: readonly Mode[] = ['tee', 'suppress'];
const TARGETS: readonly Target[] = ['present', 'absent', 'full'];
const CELLS = MODES.flatMap((mode) => TARGETS.map((target) => ({ mode, target })));
type Cell = (typeof CELLS)[number];

/** Bytes that were handed over are not in the original. */
const isSwallowed = ({ mode, target }: Cell) => mode === 'suppress' && target === 'present';

let receiver: TapReceiver;
beforeAll(async () => {
  receiver = await TapReceiver.start();
});
afterAll(() => receiver.close());

function settingsOf({ mode, target }: Cell): TapSettings {
  const suppress = { SUPPRESS_STDOUT: String(mode === 'suppress') };
  if (target === 'present') return toSocket(receiver.socket, suppress);
  if (target === 'absent') return toSocket('/nowhere/tap.sock', suppress);
  return { TAP_INTO: '3', TARGET: 'file:/dev/full', FORMAT: 'raw', ...suppress };
}

interface Seen {
  readonly code: number | null;
  readonly signal: string | null;
  readonly report: string;
  readonly out: string;
  readonly err: string;
}

interface Way {
  /** As a shell words it; `out` and `err` are files of the directory. */
  readonly redirect?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** What the original gets when everything is suppressed and delivered; nothing when absent. */
  readonly left?: { readonly out?: string; readonly err?: string };
}

/** A write of which only the first bytes can be read is not handed over: the kernel takes those, and the line goes on there. */
const LEFT = '0123456789\n';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});

const FILES = '>out 2>err </dev/null';

/** Runs a program with its outputs in files; `tapped` absent: without the library. */
async function look(executable: string, { redirect = FILES, env = {}, args }: Way, tapped?: Cell): Promise<Seen> {
  const preload = tapped === undefined ? {} : { LD_PRELOAD: library, ...variables(settingsOf(tapped)) };
  const report = join(directory, 'report');
  for (const name of ['out', 'err', 'report']) writeFileSync(join(directory, name), '');
  // The shell itself runs without the library, which is given only to the program that takes its place.
  const given = Object.entries({ ...preload, ...env }).map(([name, value]) => `${name}=${value}`);
  const shell = ['-c', `exec env "$@" ${redirect}`, 'sh', ...given, executable, ...(args ?? [report])];
  const { code, signal } = await runPlain('sh', shell, { cwd: directory });
  const read = (name: string) => readFileSync(join(directory, name), 'utf8');
  return { code, signal, report: read('report'), out: read('out'), err: read('err') };
}

/** Holds the run under the library against the plain one. */
async function expectTheSame(executable: string, way: Way, cell: Cell): Promise<void> {
  const plain = await look(executable, way);
  const tapped = await look(executable, way, cell);
  const original = isSwallowed(cell) ? { out: '', err: '', ...way.left } : { out: plain.out, err: plain.err };
  expect(tapped).toEqual({ ...plain, ...original });
}

function suite(libc: Libc): void {
  describe('calls that fail', () => {
    test('are many', async () => {
      const { code, report } = await look(program('undisturbed-errors', libc), {});
      expect(code).toBe(0);
      expect(report.split('\n').length).toBeGreaterThan(250);
    });

    test.each(CELLS)('$mode, target $target', (cell) =>
      expectTheSame(program('undisturbed-errors', libc), { left: { out: LEFT, err: LEFT } }, cell),
    );

    test.each(CELLS)('standard streams closed, $mode, target $target', (cell) =>
      expectTheSame(program('undisturbed-errors', libc), { redirect: '<&- >&- 2>&-' }, cell),
    );

    test.each(CELLS)('stdout opened for reading, $mode, target $target', (cell) =>
      expectTheSame(program('undisturbed-errors', libc), { redirect: '1</dev/null 2>err', left: { err: LEFT } }, cell),
    );

    // What is suppressed and delivered does not meet the limits of the original.
    test.each(CELLS.filter((cell) => !isSwallowed(cell)))('limits of stdout, $mode, target $target', async (cell) => {
      await expectTheSame(program('undisturbed-errors', libc), { redirect: '>/dev/full 2>err' }, cell);
      await expectTheSame(program('undisturbed-errors', libc), { env: { LIMITED: '1' } }, cell);
    });
  });

  describe('what a program sees of itself', () => {
    const executable = () => program('undisturbed-numbers', libc);
    /** Lines apart by their first number, the others together. */
    const parse = (report: string) => {
      const lines = report.split('\n');
      const apart = lines.flatMap((line) => {
        const [word, what = '', value] = line.split(' ');
        return word === 'apart' ? [[what, Number(value)] as const] : [];
      });
      return { same: lines.filter((line) => !line.startsWith('apart ')), apart: Object.fromEntries(apart) };
    };

    test.each(
      [FILES, '<&- >out 2>err', '>&- 2>err', '2>&- >out', '<&- >&- 2>&-'].flatMap((redirect) =>
        CELLS.map((cell) => ({ redirect, ...cell })),
      ),
    )('$redirect, $mode, target $target', async ({ redirect, ...cell }) => {
      const plain = await look(executable(), { redirect });
      const tapped = await look(executable(), { redirect }, cell);
      const [without, having] = [parse(plain.report), parse(tapped.report)];
      expect(tapped.code).toBe(0);
      expect(plain.code).toBe(0);
      expect(having.same).toEqual(without.same);
      // One descriptor of the library's own, while there is a target.
      expect((having.apart.descriptors ?? 99) - (without.apart.descriptors ?? 0)).toBeLessThanOrEqual(1);
      // Kilobytes.
      expect((having.apart.maxrss ?? 1e9) - (without.apart.maxrss ?? 0)).toBeLessThan(1024);
    });
  });

  describe('calls that wait', () => {
    test.each(CELLS)('$mode, target $target', (cell) =>
      expectTheSame(program('undisturbed-waiting', libc), { env: { FIRST_ON_SMALL_STACK: '1' } }, cell),
    );
  });
}

describe('on glibc', () => suite('glibc'));
describeWith(['musl'], 'on musl', () => suite('musl'));

// The filter is the kernel's business, so one libc is enough.
test.each(MODES)('rights given up after the first line, %s', (mode) =>
  expectTheSame(program('undisturbed-seccomp'), { args: ['after'] }, { mode, target: 'present' }),
);

test('the first write of a process with threads does not wait for the kernel to enlarge its table of descriptors', async () => {
  let quickest = Number.POSITIVE_INFINITY;
  // 10,000 and more where it does, every time; on a busy machine sometimes without it, too.
  for (let i = 0; i < 50 && quickest >= 5000; i += 1) {
    const { stderr } = await runTapped(program('first-write'), [], { settings: toSocket(receiver.socket) });
    quickest = Math.min(quickest, Number(stderr.toString()));
  }
  expect(quickest).toBeLessThan(5000);
});
