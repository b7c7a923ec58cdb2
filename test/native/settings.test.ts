/** The library's file, and what each of its variables does. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIBRARY_ENV, STDIO_PLACEHOLDER } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { program } from '../support/native-programs.js';
import { converse, runPlain, runTapped, type TapSettings, toSocket, variables } from '../support/native-tap.js';
import { library, root, temporaryDirectory, until } from '../support/run.js';
import { readProcesses, TapReceiver } from '../support/tap-receiver.js';

const libraries = ['x86_64', 'aarch64'].map((architecture) => ({
  architecture,
  file: join(root, 'dist', 'native', architecture, 'liblogtap.so'),
}));

let receiver: TapReceiver;
beforeEach(async () => {
  receiver = await TapReceiver.start();
});
afterEach(() => receiver.close());

async function tapShell(script: string, settings: TapSettings, shell = 'bash', cwd?: string) {
  const outcome = await runTapped(shell, ['-c', script], {
    settings: toSocket(receiver.socket, { ON_FULL: 'block:5000', ...settings }),
    ...(cwd === undefined ? {} : { cwd }),
  });
  await receiver.settled();
  return { ...outcome, stdout: outcome.stdout.toString(), stderr: outcome.stderr.toString() };
}

describeWith(['aarch64'], 'the file', () => {
  test.each(libraries)('$architecture needs no other library and no version of any symbol', ({ file }) => {
    const dynamic = execFileSync('readelf', ['-dW', file]).toString();
    expect(dynamic).toMatch(/SONAME.*liblogtap\.so/);
    expect(dynamic).not.toMatch(/NEEDED|VERNEED|TEXTREL|RPATH|RUNPATH/);
    const undefined_ = execFileSync('nm', ['-D', '--undefined-only', file]).toString();
    expect(undefined_.trim().split(/\n\s*/)).toEqual(['w _dl_debug_addr', 'w _r_debug']);
    // Thread-local storage would need the dynamic linker's help; an executable stack or code pages would be refused.
    const headers = execFileSync('readelf', ['-lW', file]).toString();
    expect(headers).not.toMatch(/\bTLS\b|RWE/);
  });

  test('exports what it hooks and nothing else', () => {
    const names = execFileSync('nm', ['-D', '--defined-only', library]).toString().trim().split('\n');
    const exported = names.map((line) => line.split(' ').at(-1) ?? '').sort();
    expect(exported.filter((name) => /^(lt_|mem|str)/.test(name))).toEqual([]);
    expect(exported).toEqual(expect.arrayContaining(['write', 'writev', 'open64', 'fopen', 'dup2', '__dprintf_chk']));
  });

  test.each([
    ['/bin/true', []],
    ['/bin/cat', ['/proc/self/maps']],
    [process.execPath, ['--version']],
  ])('%s runs as ever with the library and no settings', async (command, args) => {
    const { code, stdout, stderr } = await runTapped(command, args);
    expect({ code, stderr: stderr.toString() }).toEqual({ code: 0, stderr: '' });
    if (command === '/bin/cat') {
      expect(stdout.toString()).toContain(library);
      expect(stdout.toString()).not.toMatch(/rwxp/);
    }
  });
});

test('memory is as protected as without the library', async () => {
  const protection = (maps: Buffer) =>
    maps
      .toString()
      .split('\n')
      .filter((line) => /libc[.-]/.test(line))
      .map((line) => line.split(/\s+/)[1]);
  const plain = await runPlain('/bin/cat', ['/proc/self/maps']);
  const tapped = await runTapped('/bin/cat', ['/proc/self/maps'], { settings: toSocket(receiver.socket) });
  expect(protection(plain.stdout).length).toBeGreaterThan(3);
  expect(protection(tapped.stdout)).toEqual(protection(plain.stdout));
});

const BOTH = { SUPPRESS_STDOUT: 'true' } as const;

describe('which streams', () => {
  test.each([
    ['0', '', ''],
    ['1', 'out\n', ''],
    ['2', '', 'err\n'],
    ['3', 'out\n', 'err\n'],
    ['4', '', ''],
    ['x', '', ''],
    ['', '', ''],
  ])('LLT_TAP_INTO=%s', async (into, stdout, stderr) => {
    const outcome = await tapShell('echo out; echo err >&2', { ...BOTH, TAP_INTO: into });
    expect(receiver.text('stdout')).toBe(stdout);
    expect(receiver.text('stderr')).toBe(stderr);
    expect(outcome.stdout).toBe(stdout === '' ? 'out\n' : '');
    expect(outcome.stderr).toBe(stderr === '' ? 'err\n' : '');
  });

  test.each(['bash', 'dash'])('pipes within %s are not the container’s stdout', async (shell) => {
    const script =
      'x=$(printf inner); echo "got $x"; seq 3 | grep 2; seq 5 | (read a; echo "sub $a"); echo err | cat >&2';
    const { stdout, stderr } = await tapShell(script, BOTH, shell);
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
    const processes = receiver.processes();
    const all = (stream: string) => processes.map((process) => process.bytes(stream).toString()).join('');
    expect(all('stdout').split('\n').sort()).toEqual(['', '2', 'got inner', 'sub 1']);
    expect(all('stderr')).toBe('err\n');
  });

  test('one file for both streams: the number tells', async () => {
    const file = join(temporaryDirectory(), 'both');
    await tapShell(
      `exec >${file} 2>&1; env -i ${environment(receiver.socket)} perl -e 'syswrite STDOUT, qq(out\\n); syswrite STDERR, qq(err\\n)'`,
      {
        TAP_INTO: '0',
      },
    );
    expect([receiver.text('stdout'), receiver.text('stderr')]).toEqual(['out\n', 'err\n']);
    expect(readFileSync(file, 'utf8')).toBe('out\nerr\n');
  });
});

/** Variables for `env -i`, so that only the inner program is tapped, with its own streams as the container's. */
function environment(socket: string): string {
  const all = { PATH: process.env.PATH ?? '', LD_PRELOAD: library, ...variables(toSocket(socket)) };
  return Object.entries(all)
    .map(([name, value]) => `${name}='${value}'`)
    .join(' ');
}

describe('which file', () => {
  let directory: string;
  let log: string;
  beforeEach(() => {
    directory = temporaryDirectory();
    log = join(directory, 'app.log');
  });
  const onlyFile = (path: string): TapSettings => ({ TAP_INTO: '0', TAP_FILE: path, SUPPRESS_TAP_FILE: 'true' });

  test('by any path: relative, through a link, and inherited by a child', async () => {
    mkdirSync(join(directory, 'sub'));
    symlinkSync(log, join(directory, 'link.log'));
    writeFileSync(log, '');
    const script =
      'echo one >>app.log; cd sub; echo two >>../app.log; echo three >>../link.log; seq 4 5 >>../app.log; echo no >>other';
    const { code } = await tapShell(script, onlyFile(log), 'bash', directory);
    expect(code).toBe(0);
    expect(receiver.text(log).split('\n').sort()).toEqual(['', '4', '5', 'one', 'three', 'two']);
    expect(statSync(log).size).toBe(0);
    expect(readFileSync(join(directory, 'sub', 'other'), 'utf8')).toBe('no\n');
  });

  test('a relative LLT_TAP_FILE is meant from where the program starts', async () => {
    await tapShell('cd /; echo one >>"$OLDPWD/app.log"', onlyFile('app.log'), 'bash', directory);
    expect(receiver.text(log)).toBe('one\n');
  });

  test('rotation by rename and reopen; until then the old file goes on', async () => {
    const shell = converse(
      `exec 3>>${log}; while read -r line; do if [ "$line" = reopen ]; then exec 3>>${log}; else echo "$line" >&3; fi; done`,
      toSocket(receiver.socket, onlyFile(log)),
    );
    shell.say('one');
    await until('it arrives', () => receiver.connectionCount > 0 && receiver.text(log) === 'one\n');
    renameSync(log, `${log}.1`);
    shell.say('two');
    await until('it arrives', () => receiver.text(log) === 'one\ntwo\n');
    shell.say('reopen');
    shell.say('three');
    await shell.end();
    await receiver.settled();
    expect(receiver.text(log)).toBe('one\ntwo\nthree\n');
    expect([statSync(log).size, statSync(`${log}.1`).size]).toEqual([0, 0]);
  });

  test('a log that the program reads back does not feed itself', async () => {
    writeFileSync(log, 'old\n');
    const { code, stdout } = await tapShell(`echo new >>${log}; cat ${log}`, {
      TAP_INTO: '0',
      TAP_FILE: log,
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'old\nnew\n' });
    expect(receiver.text(log)).toBe('new\n');
  });
});

describe('where to', () => {
  test('file, frames: one file a process, never two in one', async () => {
    const directory = temporaryDirectory();
    const target = join(directory, 'tap');
    const { code } = await runTapped('bash', ['-c', 'echo one; (echo two); env echo three; true'], {
      settings: { TAP_INTO: '1', TARGET: `file:${target}`, FORMAT: 'frame', SUPPRESS_STDOUT: 'true' },
    });
    expect(code).toBe(0);
    const files = readdirSync(directory);
    expect(files).toHaveLength(3);
    const processes = readProcesses(files.map((name) => readFileSync(join(directory, name))));
    expect(processes.map((process) => process.bytes('stdout').toString()).sort()).toEqual([
      'one\n',
      'three\n',
      'two\n',
    ]);
    expect(files.sort()).toEqual(processes.map(({ hello }) => `tap.${hello.pid}`).sort());
  });

  test('file, raw: lines of several processes do not mix', async () => {
    const target = join(temporaryDirectory(), 'raw.log');
    const lines = program('lines');
    const { code } = await runTapped('bash', ['-c', `for i in 1 2 3 4; do stdbuf -oL ${lines} 2000 & done; wait`], {
      settings: { TAP_INTO: '1', TARGET: `file:${target}`, SUPPRESS_STDOUT: 'true' },
    });
    expect(code).toBe(0);
    const expected = Array.from({ length: 8000 }, (_, i) => `line ${i >> 2} of a program that ends at once`).sort();
    expect(readFileSync(target, 'utf8').trimEnd().split('\n').sort().join('\n')).toBe(expected.join('\n'));
    // A worker that gave up its rights goes on in it.
    expect(statSync(target).mode & 0o777).toBe(0o666);
  });

  test('socket, raw: the bytes and nothing else', async () => {
    await tapShell('printf "no line end"; printf " at all"', { ...BOTH, FORMAT: 'raw' });
    expect(Buffer.concat(receiver.raw()).toString()).toBe('no line end at all');
  });

  test.each(['pipe:/x', 'socket:', `socket:/${'x'.repeat(200)}`, 'ring:', ''])(
    'LLT_TARGET=%s taps nothing, and says so in debug mode',
    async (target) => {
      const { code, stdout, stderr } = await tapShell('echo out', { ...BOTH, TARGET: target, DEBUG: 'true' });
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'out\n' });
      expect(stderr).toContain('nothing is tapped');
      expect(stderr).toContain(target.replace(/^(socket|ring):/, '').slice(0, 20));
    },
  );
});

describe('when', () => {
  test('LLT_DISABLE=true: the library does nothing', async () => {
    const { stdout } = await tapShell(`echo $${LIBRARY_ENV.STDIO.name}`, {
      ...BOTH,
      STDIO: STDIO_PLACEHOLDER,
      DISABLE: 'true',
    });
    expect(stdout).toBe(`${STDIO_PLACEHOLDER}\n`);
    expect(receiver.connectionCount).toBe(0);
  });

  test('LLT_PASSIV_ON_START: at first nothing is tapped, then everything', async () => {
    const { stdout } = await tapShell('echo early; sleep 0.4; echo late', { ...BOTH, PASSIVE_ON_START: '250' });
    expect(stdout).toBe('early\n');
    expect(receiver.text('stdout')).toBe('late\n');
    expect(receiver.processes()[0]?.lost.bytes).toBe(0n);
  });

  test('LLT_TARGET_1STCONNECT: no second attempt before its time', async () => {
    await receiver.close();
    const shell = converse(
      'while read -r line; do echo "$line"; done',
      toSocket(receiver.socket, { FIRST_CONNECT: '3600', SUPPRESS_STDOUT: 'true' }),
    );
    shell.say('one');
    await until('it was written', () => shell.stdout() === 'one\n');
    receiver = await TapReceiver.start({ socket: receiver.socket });
    shell.say('two');
    expect(await shell.end()).toBe(0);
    expect(shell.stdout()).toBe('one\ntwo\n');
  });

  test('a static program runs untapped', async () => {
    const out = join(temporaryDirectory(), 'static');
    execFileSync('gcc', ['-static', '-o', out, join(root, 'test', 'native', 'programs', 'lines.c')]);
    const { stdout } = await runTapped(out, ['1'], { settings: toSocket(receiver.socket, BOTH) });
    expect(stdout.toString()).toBe((await runPlain(out, ['1'])).stdout.toString());
  });
});
