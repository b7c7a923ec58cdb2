// biome-ignore-all lint/suspicious/noControlCharactersInRegex: they are what a terminal gets.
/** `logtap run` for people: on a terminal of its own, with real programs. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { describeWith } from '../support/capability.js';
import { shownBy, startOnTerminal, type TerminalOptions } from '../support/pty.js';
import { logtap, run, start, temporaryDirectory, until } from '../support/run.js';

const node = process.execPath;
const onTerminal = (args: readonly string[], options?: TerminalOptions) =>
  startOnTerminal(node, [logtap, 'run', ...args], options);
const shell = (script: string) => ['--', 'bash', '-c', script];

/** The lines on the terminal without their times, and the exit code. */
const shown = (args: readonly string[], options?: TerminalOptions) => ended(onTerminal(args, options));

async function ended(terminal: ReturnType<typeof onTerminal>) {
  const { code, stdout } = await terminal.ended;
  const lines = shownBy(stdout).map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''));
  // A slow machine may be waited for.
  return { code, lines: lines.filter((line) => !line.startsWith('logtap: waiting')), raw: stdout };
}

/** Kills what `logtap run` has started beside the script. */
const KILL_SHIPPER = 'for c in $(cat /proc/$PPID/task/$PPID/children); do [ $c = $$ ] || kill -KILL $c; done';

describe('on a terminal', () => {
  test('each line has its time and its stream, in colour; the counts follow', async () => {
    const { code, lines, raw } = await shown(shell('echo out; sleep 0.3; echo err >&2; exit 3'));
    expect(code).toBe(3);
    expect(lines).toEqual(['stdout out', 'stderr err', 'logtap: 2 lines: 2 delivered']);
    expect(raw).toMatch(/\u001b\[2m\d\d:\d\d:\d\d\u001b\[0m \u001b\[33mstderr\u001b\[0m err/);
  });

  test.each<[string, string[], Record<string, string>]>([
    ['NO_COLOR', [], { NO_COLOR: '1', FORCE_COLOR: '1' }],
    ['--color never', ['--color', 'never'], { FORCE_COLOR: '1' }],
    ['TERM=dumb', [], { TERM: 'dumb' }],
  ])('%s: no colour', async (_, flags, env) => {
    const { lines, raw } = await shown([...flags, ...shell('echo out')], { env });
    expect(lines).toEqual(['stdout out', 'logtap: 1 line: 1 delivered']);
    expect(raw).not.toContain('\u001b[2m');
  });

  test('what the program writes cannot move the cursor, ring, or change the title', async () => {
    const script = String.raw`printf 'a\033[2Jb\033]0;title\007c\rd\bd\xff\x00\n\033[31mred\033[0m\n宽字符 🙂\n'; printf 'no end'`;
    const { lines, raw } = await shown(shell(script));
    const [first, ...others] = lines;
    expect(first).toMatch(/^stdout a\\u001b\[2Jb\\u001b\]0;title\\u0007c\\u000dd\\u0008d/);
    expect(others).toEqual(['stdout red', 'stdout 宽字符 🙂', 'stdout no end', 'logtap: 4 lines: 4 delivered']);
    expect(raw).not.toMatch(/\u0007|\u0008|\u001b\[2J|\u001b\]/);
  });

  test('a line that is longer than the terminal is wide is whole', async () => {
    const { lines } = await shown(shell("printf '%100000s\\n' x | tr ' ' x"), { columns: 40 });
    expect(lines.map((line) => line.length)).toEqual([
      'stdout '.length + 100_000,
      'logtap: 1 line: 1 delivered'.length,
    ]);
  });

  test('the program gets what is typed, and shows its question before the answer', async () => {
    const terminal = onTerminal(shell('printf "name? "; read name; echo "hello $name"'));
    await until('the question is shown', () => terminal.stdout().includes('name? '));
    terminal.type('Ada\n');
    const { code, stdout } = await terminal.ended;
    expect(code).toBe(0);
    expect(shownBy(stdout).at(-2)).toContain('stdout hello Ada');
  });

  test('the status line is drawn in its place, follows the width, and is gone at the end', async () => {
    const gate = join(temporaryDirectory(), 'gate');
    const terminal = onTerminal(shell(`echo one; until [ -e ${gate} ]; do sleep 0.05; done; echo two`), {
      columns: 60,
    });
    await until('it is drawn', () => terminal.stdout().includes('\r\u001b[Klogtap: 1 line: 1 delivered'));
    terminal.resize(10);
    await until('it fits', () => /\r\u001b\[Klogtap: 1(?! line)/.test(terminal.stdout()));
    writeFileSync(gate, '');
    const { stdout } = await terminal.ended;
    expect(shownBy(stdout).map((line) => line.replace(/^\S+ (?=std)/, ''))).toEqual([
      'stdout one',
      'stdout two',
      'logtap: 2 lines: 2 delivered',
    ]);
  });

  test('a shipper that is killed: each line is shown once, and the counts are exact', async () => {
    const gate = join(temporaryDirectory(), 'gate');
    const script = `seq 1 2000; until [ -e ${gate} ]; do sleep 0.05; done; sleep 0.5; ${KILL_SHIPPER}; seq 2001 3000; exit 7`;
    const terminal = onTerminal(shell(script));
    // A line that is not shown before the kill may come behind those of the next process.
    await until('the first are delivered', () => terminal.stdout().includes('logtap: 2000 lines: 2000 delivered'));
    writeFileSync(gate, '');
    const { code, lines } = await ended(terminal);
    expect(code).toBe(7);
    const numbers = lines.filter((line) => line.startsWith('stdout')).map((line) => Number(line.slice(7)));
    expect(numbers).toEqual(Array.from({ length: 3000 }, (_, i) => i + 1));
    expect(lines.at(-1)).toBe('logtap: 3000 lines: 3000 delivered');
  });

  test('Ctrl-C ends the program, whose last line is shown; a second one is not needed', async () => {
    const terminal = onTerminal(shell("trap 'echo bye; exit 5' INT; echo up; while :; do sleep 0.05; done"));
    await until('it is up', () => terminal.stdout().includes('up'));
    terminal.type('\u0003');
    const { code, stdout } = await terminal.ended;
    expect(code).toBe(5);
    expect(shownBy(stdout).slice(-2).join('\n')).toMatch(/stdout bye\nlogtap: 2 lines: 2 delivered/);
  });

  test('SIGTERM and the line that follows it', async () => {
    const terminal = onTerminal(shell("trap 'echo bye; exit 6' TERM; echo up; while :; do sleep 0.05; done"));
    await until('it is up', () => terminal.stdout().includes('up'));
    terminal.signal('SIGTERM');
    const { code, stdout } = await terminal.ended;
    expect(code).toBe(6);
    expect(stdout).toContain('bye');
  });

  test('a process that goes on is waited for by its name, and its last line is shown', async () => {
    const gate = join(temporaryDirectory(), 'gate');
    const terminal = onTerminal(shell(`(until [ -e ${gate} ]; do sleep 0.05; done; echo late) & echo first`));
    await until('it is named', () => /waiting for processes .* bash \(\d+\)/.test(terminal.stdout()));
    writeFileSync(gate, '');
    const { stdout } = await terminal.ended;
    expect(shownBy(stdout).map((line) => line.replace(/^\S+ (?=std)/, ''))).toEqual([
      'stdout first',
      'stdout late',
      'logtap: 2 lines: 2 delivered',
    ]);
  });

  test('--no-suppress: the program writes to the terminal itself, beside no status line', async () => {
    const { lines, raw } = await shown(['--no-suppress', ...shell('echo out; sleep 1.5')]);
    expect(lines).toEqual(['out', 'stdout out', 'logtap: 1 line: 1 delivered']);
    expect(raw).not.toContain('\u001b[K');
  });

  test('-o json: records as on a pipe', async () => {
    const { lines } = await shown(['-o', 'json', '--suppress', ...shell('echo out')]);
    expect(lines.filter((line) => line.startsWith('{"timestamp"')).map((line) => JSON.parse(line).message)).toEqual([
      'out',
    ]);
  });
});

describe('on a pipe', () => {
  test('-o text is without colour, and --color always has it', async () => {
    const plain = await run(node, [logtap, 'run', '-o', 'text', ...shell('echo out; echo err >&2')]);
    expect(plain.stdout.replace(/^\S+ /gm, '').split('\n').sort()).toEqual(['', 'stderr err', 'stdout out']);
    expect(plain.stderr).toMatch(/logtap: 2 lines: 2 delivered\n$/);
    const coloured = await run(node, [logtap, 'run', '-o', 'text', '--color', 'always', ...shell('echo out')]);
    expect(coloured.stdout).toContain('\u001b[2mstdout\u001b[0m out');
  });

  test.each([['json'], ['text']])('-o %s: a program whose reader has gone ends as by SIGPIPE', async (format) => {
    const line = `"$0" "$1" run --suppress -o ${format} -- yes 2> /dev/null | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout } = await run('bash', ['-c', line, node, logtap]);
    expect(stdout.split('\n')).toEqual([expect.stringMatching(/y"?}?$/), String(128 + 13), '']);
  });
});

describe('--strict', () => {
  const unreachable = async () => ({
    LOGTAP_OPENSEARCH_URL: `http://127.0.0.1:${await freePort()}`,
    LOGTAP_GRACE_SECONDS: '2',
  });

  test.each([
    ['0: 74', ['--strict'], 'echo a', 74],
    ['another: its own', ['--strict'], 'echo a; exit 3', 3],
    ['0 without the flag: 0', [], 'echo a', 0],
  ])('where a line is not delivered and the code of the program is %s', async (_, flags, script, expected) => {
    const args = ['run', '-o', 'text', '--sink', 'opensearch', ...flags, ...shell(script)];
    const { code, stderr } = await run(node, [logtap, ...args], { env: await unreachable() });
    expect(code).toBe(expected);
    // A slow shipper has not read it.
    expect(stderr).toMatch(/logtap: 1 line: 0 delivered, 1 (held|unread)/);
  });

  test('where all is delivered, the code is the program’s', async () => {
    const { code } = await run(node, [logtap, 'run', '--strict', '--suppress', ...shell('echo a')]);
    expect(code).toBe(0);
  });

  test('says for what it waits', async () => {
    const args = ['run', '-o', 'text', '--sink', 'opensearch', ...shell('echo a')];
    const env = { ...(await unreachable()), LOGTAP_GRACE_SECONDS: '6' };
    const { stderr } = await run(node, [logtap, ...args], { env });
    expect(stderr).toMatch(/logtap: waiting for the shipper to (read|deliver) the remaining/);
  });
});

describeWith(['root'], 'where the system lists no locks of the rings', () => {
  // A directory on a disk in the place of /dev/shm. A shipper learns there from a living process only whether locks can be seen.
  const onDisk = (script: string) => {
    const disk = join(temporaryDirectory(), 'shm');
    mkdirSync(disk);
    const command = `mount --bind ${disk} /dev/shm && exec "$0" "$1" run --suppress -- bash -c "$2"`;
    // So long that only the knowledge that no process is left ends it.
    return start('unshare', ['-m', 'sh', '-c', command, node, logtap, script], {
      env: { LOGTAP_GRACE_SECONDS: '600' },
    });
  };

  test.each([
    ['echo last; kill -KILL $$', 137, ['last']],
    ['echo last; kill -SEGV $$', 139, ['last']],
    ['(echo one; kill -KILL $BASHPID) 2> /dev/null; echo two; kill -KILL $$', 137, ['one', 'two']],
    ['kill -KILL $$', 137, []],
  ])('%s costs no wait, and no line', async (script, code, messages) => {
    const ended = await onDisk(script).ended;
    expect(ended.code).toBe(code);
    const records = ended.stdout.split('\n').filter(Boolean);
    const texts = records.map((line) => JSON.parse(line).message);
    // bash says so itself.
    expect(texts.filter((text) => !text.includes('Killed')).sort()).toEqual(messages);
  });
});
