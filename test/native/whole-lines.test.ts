/** With suppression, and with a ring that is full again and again: each line is as a whole delivered or in the original. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '../support/native-programs.js';
import { runTapped, type TapSettings } from '../support/native-tap.js';
import { RingReceiver } from '../support/ring-receiver.js';
import { temporaryDirectory } from '../support/run.js';

const COUNT = 60_000;
const lineOf = (i: number) => `line ${i} of a program that ends at once`;
const written = Array.from({ length: COUNT }, (_, i) => lineOf(i));
const PERL = `sub line { "line $_[0] of a program that ends at once" } my $n = ${COUNT};`;

let directory: string;
let receiver: RingReceiver;
beforeEach(() => {
  directory = temporaryDirectory();
  writeFileSync(join(directory, 'input'), written.map((line) => `${line}\n`).join(''));
});
afterEach(() => receiver.close());

const perl = (script: string): [string, string[]] => ['perl', ['-e', `${PERL} ${script}`]];

const WAYS: Record<string, () => [string, string[]]> = {
  'a buffer of stdio that ends anywhere': () => [program('lines'), [String(COUNT)]],
  'a line end of its own': () => perl('for my $i (0..$n-1) { syswrite STDOUT, line($i); syswrite STDOUT, "\\n" }'),
  'a line of three pieces': () =>
    perl('for my $i (0..$n-1) { syswrite STDOUT, $_ for line($i) =~ /(.{4})(.*)(.{3})/; syswrite STDOUT, "\\n" }'),
  'a line end and the next line in one write': () =>
    perl('syswrite STDOUT, line(0); for my $i (1..$n-1) { syswrite STDOUT, "\\n" . line($i) } syswrite STDOUT, "\\n"'),
  'writes of many frames': () =>
    perl('my @all = map { line($_) . "\\n" } 0..$n-1; syswrite STDOUT, join "", splice @all, 0, 5000 while @all'),
  'print of an unbuffered Python': () => [
    'python3',
    ['-u', '-c', `for i in range(${COUNT}): print(f"line {i} of a program that ends at once")`],
  ],
  'copies by the kernel': () => [
    'python3',
    ['-c', `import os; f = os.open("${directory}/input", os.O_RDONLY)\nwhile os.sendfile(1, f, None, 5000): pass`],
  ],
};

/** Every line in one of the two, each in its order. */
function expectWhole(delivered: string, original: string): void {
  const [one, other] = [delivered, original].map((text) => text.split('\n'));
  expect([one?.pop(), other?.pop()]).toEqual(['', '']);
  const numbers = [...(one ?? []), ...(other ?? [])].map((line) => Number(/^line (\d+) /.exec(line)?.[1]));
  expect(
    [...(one ?? []), ...(other ?? [])].filter((line) => !/^line \d+ of a program that ends at once$/.test(line)),
  ).toEqual([]);
  expect(numbers.sort((a, b) => a - b)).toEqual(written.map((_, i) => i));
}

async function tapped(way: string, settings: TapSettings) {
  const [command, args] = (WAYS[way] ?? (() => ['', []]))() as [string, string[]];
  const running = runTapped(command, args, {
    settings: { TAP_INTO: '3', TARGET: `ring:${receiver.directory}`, CONTAINER: 'app', ...settings },
  });
  const { code, stdout } = await running;
  expect(code).toBe(0);
  receiver.pause();
  await receiver.settled();
  const lost = receiver.rings().reduce((sum, { lost: { lines } }) => sum + lines, 0n);
  return { original: stdout.toString(), delivered: receiver.text('stdout'), lost };
}

describe.each(Object.keys(WAYS))('%s', (way) => {
  test.each(['never', 'late'])('a reader that comes %s', async (reader) => {
    receiver = new RingReceiver({ capacity: 64 * 1024 });
    if (reader === 'late') receiver.start();
    const { original, delivered, lost } = await tapped(way, { SUPPRESS_STDOUT: 'true' });
    expectWhole(delivered, original);
    expect(lost).toBe(BigInt(original.split('\n').length - 1));
    // Otherwise nothing was tried.
    if (reader === 'never') expect([delivered.length > 10_000, original.length > 10_000]).toEqual([true, true]);
  });
});

test('a suppressed log file', async () => {
  receiver = new RingReceiver({ capacity: 64 * 1024 });
  const log = join(directory, 'app.log');
  const script = `open my $log, ">", "${log}"; for my $i (0..$n-1) { syswrite $log, line($i); syswrite $log, "\\n" }`;
  const { code } = await runTapped('perl', ['-e', `${PERL} ${script}`], {
    settings: { TARGET: `ring:${receiver.directory}`, TAP_FILE: log, SUPPRESS_TAP_FILE: 'true' },
  });
  expect(code).toBe(0);
  await receiver.settled();
  // The file lies behind a hole of what was handed over before.
  expectWhole(receiver.text(log), readFileSync(log, 'utf8').replaceAll('\0', ''));
});
