/** `logtap run`: the program keeps its terminal, its signals and its exit code; the shipper beside it gets every line. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort } from '../../scripts/free-port.js';
import { logtap, run, start, temporaryDirectory, until } from '../support/run.js';

interface Arrived {
  readonly message: string;
  readonly stream: string;
  readonly source: string;
}

const node = process.execPath;
const arrived = (text: string): Arrived[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

describe('logtap run', () => {
  test('ships both streams to the default sink and suppresses the original', async () => {
    const { code, stdout } = await run(node, [logtap, 'run', '--suppress', '--', 'sh', '-c', 'echo out; echo err >&2']);
    expect(code).toBe(0);
    expect(
      arrived(stdout)
        .map(({ stream, message }) => `${stream}: ${message}`)
        .sort(),
    ).toEqual(['stderr: err', 'stdout: out']);
    // Nothing but the sink's JSON reached the terminal.
    expect(stdout.split('\n').filter((line) => line !== '' && !line.startsWith('{'))).toEqual([]);
  });

  test('without --suppress the program writes as ever, and a copy is shipped', async () => {
    const { stdout } = await run(node, [logtap, 'run', '--', 'printf', 'one\\ntwo\\n']);
    const plain = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
    expect(plain).toEqual(['one', 'two']);
    expect(arrived(stdout).map(({ message }) => message)).toEqual(['one', 'two']);
  });

  test('taps a log file and leaves it empty', async () => {
    const file = join(temporaryDirectory(), 'app.log');
    const script = `for i in 1 2 3; do echo "entry $i" >> ${file}; done`;
    const { stdout } = await run(node, [logtap, 'run', '--suppress', '--file', file, '--', 'bash', '-c', script]);
    expect(arrived(stdout).map(({ stream, source, message }) => ({ stream, source, message }))).toEqual(
      [1, 2, 3].map((i) => ({ stream: 'file', source: file, message: `entry ${i}` })),
    );
    expect(statSync(file).size).toBe(0);
  });

  test('taps several files, by path and by pattern', async () => {
    const directory = temporaryDirectory();
    const script = 'echo one > a.log; echo two > b.txt; echo three > c.log; echo four > other';
    const files = ['--file', join(directory, '*.log'), '--file', join(directory, 'b.txt')];
    const { stdout } = await run(node, [logtap, 'run', '--suppress', ...files, '--', 'bash', '-c', script], {
      cwd: directory,
    });
    const found = arrived(stdout).map(({ source, message }) => `${source}: ${message}`);
    expect(found.sort()).toEqual([
      `${join(directory, 'a.log')}: one`,
      `${join(directory, 'b.txt')}: two`,
      `${join(directory, 'c.log')}: three`,
    ]);
    expect(readFileSync(join(directory, 'other'), 'utf8')).toBe('four\n');
  });

  test('ships to a file sink that the environment names', async () => {
    const target = join(temporaryDirectory(), 'out.ndjson');
    const { stdout } = await run(node, [logtap, 'run', '--suppress', '--sink', 'file', '--', 'echo', 'to a file'], {
      env: { LOGTAP_FILE_PATH: target },
    });
    expect(stdout).toBe('');
    expect(arrived(readFileSync(target, 'utf8')).map(({ message }) => message)).toEqual(['to a file']);
  });

  test('says before the start when a program cannot be tapped, and runs it', async () => {
    const directory = temporaryDirectory();
    const program = join(directory, 'static');
    const source = join(directory, 'static.c');
    writeFileSync(source, '#include <stdio.h>\nint main(void) { return puts("untapped") < 0; }\n');
    execFileSync('gcc', ['-static', '-o', program, source]);
    const { code, stdout, stderr } = await run(node, [logtap, 'run', '--', program]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'untapped\n' });
    const [warning] = stderr.split('\n');
    expect(warning).toBe(
      `logtap: '${program}' cannot be tapped: statically linked: it names no dynamic loader. \`logtap doctor ${program}\` prints the remedy.`,
    );
    expect((await run(node, [logtap, 'run', '--', 'true'])).stderr).not.toContain('tapped');
  });

  test('loses nothing of programs that end at once, on a machine that is busy with many of them', async () => {
    const runs = Array.from({ length: 12 }, async (_, i) => {
      const { stdout, stderr } = await run(node, [logtap, 'run', '--suppress', '--', 'echo', `from ${i}`]);
      const ledger = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '');
      return { messages: arrived(stdout).map(({ message }) => message), read: ledger.read };
    });
    expect(await Promise.all(runs)).toEqual(runs.map((_, i) => ({ messages: [`from ${i}`], read: 1 })));
  });

  describe('a shipper that is killed', () => {
    /** Kills what `logtap run` has started beside this script. */
    const kill = (signal: string) =>
      `for child in $(cat /proc/$PPID/task/$PPID/children); do [ $child = $$ ] || kill -${signal} $child; done`;
    const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}`);
    const write = (from: number, to: number) => `for i in $(seq ${from} ${to}); do echo "line $i"; done`;
    const messages = (stdout: string) => [...new Set(arrived(stdout).map(({ message }) => message))];

    test.each([
      ['while the program writes', `${write(1, 300)}; ${kill('KILL')}; ${write(301, 600)}; exit 7`],
      ['twice', `${write(1, 200)}; ${kill('KILL')}; sleep 2; ${kill('KILL')}; ${write(201, 600)}; exit 7`],
      ['as the last thing that happens', `${write(1, 600)}; ${kill('KILL')}; exit 7`],
      ['by a signal that it ends well with', `${write(1, 300)}; ${kill('TERM')}; sleep 1; ${write(301, 600)}; exit 7`],
    ])('%s: every line arrives, and the exit code is the program’s', async (_when, script) => {
      const { code, stdout, stderr } = await run(node, [logtap, 'run', '--suppress', '--', 'bash', '-c', script]);
      expect(messages(stdout)).toEqual(lines(1, 600));
      expect(code).toBe(7);
      expect(stderr).toMatch(/the counts in the last line of the shipper begin at its last start/);
    });

    test('in an outage, buffered records are no reason for another shipper, and it ends with its time', async () => {
      const env = {
        LOGTAP_OPENSEARCH_URL: `http://127.0.0.1:${await freePort()}`,
        LOGTAP_GRACE_SECONDS: '3',
      };
      const args = ['run', '--suppress', '--sink', 'opensearch', '--', 'bash', '-c', `${write(1, 20)}; exit 7`];
      const { code, stderr } = await run(node, [logtap, ...args], { env });
      expect(code).toBe(7);
      expect(stderr).toContain('not every line was delivered: the shipper ended with 74');
      expect(stderr.match(/"message":"listening"/g)).toHaveLength(1);
    });

    test('by the second Ctrl-C, which is the user’s: no other starts, and what is unread is kept', async () => {
      // The process that goes on is not waited for by `run`, but by its shipper.
      const lives = 'import os, time; os.write(1, b"one\\n"); os.closerange(0, 3); time.sleep(300)';
      const script = `python3 -c '${lives}' & echo $!; exit 7`;
      const env = { LOGTAP_BATCH_LINGER_MS: '60000', LOGTAP_GRACE_SECONDS: '120' };
      const running = start(node, [logtap, 'run', '--suppress', '--', 'bash', '-c', script], { env });
      await until('it drains', () => running.stderr().includes('"message":"stopping"'));
      running.child.kill('SIGINT');
      const { code, stderr } = await running.ended;
      expect(code).toBe(7);
      expect(stderr.match(/"message":"listening"/g)).toHaveLength(1);
      const [, directory = ''] = /not every line was delivered: .* are in (\S+)\. Run/.exec(stderr) ?? [];
      const next = start(node, [logtap, 'ship'], {
        env: {
          LOGTAP_STATUS_PORT: 'off',
          LOGTAP_SINK: 'stdout',
          LOGTAP_SOCKET: join(directory, 'next.sock'),
          LOGTAP_RING_DIR: join(directory, 'rings'),
        },
      });
      await until('the lines arrive', () => arrived(next.stdout()).length === 2);
      const [pid] = arrived(next.stdout())
        .map(({ message }) => Number(message))
        .filter((each) => each > 1);
      process.kill(pid!, 'SIGKILL');
      next.child.kill('SIGTERM');
      expect((await next.ended).code).toBe(0);
      rmSync(directory, { recursive: true });
    });

    test('and cannot start again: the lines are kept, and it says where', async () => {
      const sink = join(temporaryDirectory(), 'sink.mjs');
      writeFileSync(sink, 'export const openSink = () => ({ limits: {}, async send() {} });');
      const script = `rm ${sink}; ${kill('KILL')}; ${write(1, 20)}; exit 7`;
      const options = { env: { LOGTAP_SINK: `module:${sink}` } };
      const { code, stderr } = await run(node, [logtap, 'run', '--suppress', '--', 'bash', '-c', script], options);
      expect(code).toBe(7);
      const [, directory = ''] = /not every line was delivered: .* are in (\S+)\. Run/.exec(stderr) ?? [];
      const rings = readdirSync(join(directory, 'rings')).filter((name) => name.startsWith('ring-'));
      const kept = rings.map((name) => readFileSync(join(directory, 'rings', name), 'latin1')).join('');
      rmSync(directory, { recursive: true });
      expect(kept).toContain('line 20\n');
    });
  });

  test.each([
    ['exit 7', 7],
    ['kill -TERM $$', 128 + 15],
  ])('%s: the exit code is the program’s', async (script, code) => {
    expect((await run(node, [logtap, 'run', '--', 'sh', '-c', script])).code).toBe(code);
  });

  test('passes SIGTERM on and drains what the program says last', async () => {
    const script = "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done";
    const running = start(node, [logtap, 'run', '--suppress', '--', 'bash', '-c', script]);
    await until('the program is up', () => running.stdout().includes('"up"'));
    running.child.kill('SIGTERM');
    const { code, stdout } = await running.ended;
    expect(code).toBe(3);
    expect(arrived(stdout).map(({ message }) => message)).toEqual(['up', 'bye']);
  });

  test('leaves neither directory nor process behind', async () => {
    const { stdout } = await run(node, [logtap, 'run', '--suppress', '--', 'sh', '-c', 'echo $LLT_TARGET']);
    const rings = arrived(stdout)[0]?.message.replace('ring:', '') ?? '';
    expect(rings).toMatch(/^\/dev\/shm\/logtap-.+\/rings$/);
    expect(existsSync(dirname(rings))).toBe(false);
    const listeners = readFileSync('/proc/net/unix', 'utf8');
    expect(listeners).not.toContain(dirname(rings));
  });

  test.each([
    [[], 64, 'needs a program after `--`'],
    [
      ['--', 'no-such-program-anywhere'],
      127,
      "cannot run 'no-such-program-anywhere': there is no such program in PATH. Correct",
    ],
    [['--', './no-such-file'], 127, "cannot run './no-such-file': there is no such file"],
    [['--', ''], 127, "cannot run '': its name is empty"],
    // Node throws these instead of emitting them.
    [['--', '/etc/passwd/program'], 126, "cannot run '/etc/passwd/program': spawn ENOTDIR"],
    [['--', `./${'x'.repeat(300)}`], 126, 'spawn ENAMETOOLONG'],
    [['--sinc', 'stdout', '--', 'true'], 64, '--sinc'],
    [['--file', 'a:b', '--', 'true'], 64, "must not contain ':'"],
    [['--sink', 'cloudwotch', '--', 'true'], 78, 'cloudwotch'],
  ])('run %j ends with %i and says why', async (args, code, message) => {
    const result = await run(node, [logtap, 'run', ...args]);
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(message);
  });

  test('a program that may not be executed is 126, as in a shell', async () => {
    const file = join(temporaryDirectory(), 'plain.txt');
    writeFileSync(file, 'no program\n');
    chmodSync(file, 0o644);
    const { code, stderr } = await run(node, [logtap, 'run', '--', file]);
    expect(code).toBe(126);
    expect(stderr).toContain(`it is not executable. Run \`chmod +x ${file}\``);
  });
});

describe('logtap', () => {
  test.each([
    [[], /run .*inject .*ship .*install /s],
    [['shipp'], /no command named 'shipp'\. Did you mean 'ship'\?\n$/],
    [['unlike'], /no command named 'unlike'.*run .*inject .*ship /s],
  ])('logtap %j is a usage error that names the commands', async (args, says) => {
    const { code, stdout, stderr } = await run(node, [logtap, ...args]);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toMatch(says);
  });

  test('--version is the package’s', async () => {
    const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8'));
    expect((await run(node, [logtap, '--version'])).stdout).toBe(`${version}\n`);
  });
});
