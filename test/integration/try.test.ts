/** `logtap run --record` and `logtap try`: a real program's writes, recorded and replayed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, start, temporaryDirectory, until } from '../support/run.js';

const node = process.execPath;
const logtap = join(root, 'dist/cli/logtap.js');

const entriesOf = (tape: string) =>
  readFileSync(tape, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('a tape has each write with its stream, time and process, and the program keeps its output and exit code', async () => {
  const tape = join(temporaryDirectory(), 'program.tape');
  const script = 'echo one; echo two >&2; python3 -c \'import os; os.write(1, b"three\\nfour\\n")\'; exit 3';
  const recorded = await run(node, [logtap, 'run', '--record', tape, '--', 'bash', '-c', script]);
  expect(recorded).toMatchObject({ code: 3, stdout: 'one\nthree\nfour\n', stderr: 'two\n' });
  const entries = entriesOf(tape);
  expect(entries[0]).toMatchObject({ tape: 1 });
  const writes = entries.filter(({ d }) => d !== undefined);
  expect(writes.map(({ s, d }) => [s, d])).toEqual([
    ['stdout', 'one\n'],
    ['stderr', 'two\n'],
    ['stdout', 'three\nfour\n'],
  ]);
  expect(new Set(writes.map(({ p }) => p)).size).toBe(2);
  expect(writes.every(({ t }) => t >= 0 && t < 600_000)).toBe(true);
  const replayed = await run(node, [logtap, 'try', tape]);
  expect(replayed.stdout).toBe(
    [
      'stdout 1, bash\n  | one\n',
      'stderr 1, bash\n  | two\n',
      'stdout 1, python3\n  | three\n',
      'stdout 2, python3\n  | four\n',
    ].join('\n'),
  );
});

test('a write longer than a frame is whole again', async () => {
  const tape = join(temporaryDirectory(), 'long.tape');
  const script = 'import os; os.write(1, b"x" * 50000 + b"\\n")';
  await run(node, [logtap, 'run', '--record', tape, '--', 'python3', '-c', script]);
  const flags = entriesOf(tape).flatMap(({ c, d }) => (d === undefined ? [] : [c ?? 0]));
  expect(flags).toEqual([1, 0]);
  const { stdout } = await run(node, [logtap, 'try', '-o', 'json', tape]);
  expect(JSON.parse(stdout).message).toHaveLength(50_000);
});

test('a signal ends the wait for a process that outlives the program', async () => {
  const tape = join(temporaryDirectory(), 'daemon.tape');
  const script = [
    'import os, time',
    'ready, told = os.pipe()',
    'pid = os.fork()',
    'if pid == 0:',
    '    os.write(1, b"lives\\n"); os.write(told, b"x"); os.closerange(0, 3); time.sleep(300)',
    'os.read(ready, 1); print(pid)',
  ].join('\n');
  const running = start(node, [logtap, 'run', '--record', tape, '--', 'python3', '-c', script]);
  await until('both have written', () => running.stdout().split('\n').length === 3);
  const pid = Number(/^\d+$/m.exec(running.stdout())?.[0]);
  try {
    // Its handler is there once the program has ended, which no output shows.
    const again = setInterval(() => running.child.kill('SIGTERM'), 200);
    const { code } = await running.ended;
    clearInterval(again);
    expect(code).toBe(0);
  } finally {
    process.kill(pid, 'SIGKILL');
  }
  expect(entriesOf(tape).some(({ d }) => d === 'lives\n')).toBe(true);
});

test.each([
  [['--record', '/does/not/exist/tape', '--', 'true'], 73, /cannot record to '\/does\/not\/exist\/tape'/],
  [['--record', 'a', '--suppress', '--', 'true'], 64, /--record excludes --sink, --suppress and --console/],
])('refuses %j', async (args, code, says) => {
  const ended = await run(node, [logtap, 'run', ...args]);
  expect(ended.code).toBe(code);
  expect(ended.stderr).toMatch(says);
});
