/** Coreutils and what else scripts are made of: awk, sed, grep, find, xargs. */
import type { ZooCase } from '../case.js';

interface Expected extends Omit<ZooCase, 'name' | 'family' | 'command'> {}

/** `name FROM` to `name TO`, a line each. */
const lines = (name: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `${name} ${from + i}\n`).join('');

/** What `seq FROM TO` writes. */
const seq = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `${from + i}\n`).join('');

/** 8 MiB of lines, no two the same. */
const eightMib = Array.from(
  { length: 1 << 18 },
  (_, i) => `line ${String(i).padStart(8, '0')} of eight mebibytes\n`,
).join('');

/** Bytes of which no text is made. */
const binary = Buffer.from(Array.from({ length: 1 << 16 }, (_, i) => (i * 167 + (i >> 8)) & 0xff));

const APP_LOG = { tapFile: 'app.log', reportsLosses: true } as const;

function tools(family: string) {
  return (name: string, command: readonly string[], expected: Expected): ZooCase => ({
    name,
    family,
    command: () => command,
    ...expected,
  });
}

/** Without a shell of which the tool would inherit what the shell learned. */
const alone = tools('coreutils');
const inShell = (name: string, script: string, expected: Expected) => alone(name, ['sh', '-c', script], expected);

const coreutils: readonly ZooCase[] = [
  alone('seq', ['seq', '20000'], { stdout: seq(1, 20_000), reportsLosses: true }),
  alone('echo', ['/bin/echo', 'one line'], { stdout: 'one line\n', reportsLosses: true }),
  alone('printf, the program', ['/usr/bin/printf', '%s-%03d\\n', 'a', '1', 'b', '2'], {
    stdout: 'a-001\nb-002\n',
    reportsLosses: true,
  }),
  alone('cat, 8 MiB', ['cat'], { stdin: eightMib, stdout: eightMib, reportsLosses: true }),
  alone('cat, binary', ['cat', '-'], { stdin: binary, stdout: binary, reportsLosses: true }),
  alone('tee -a of a log', ['tee', '-a', 'app.log'], {
    ...APP_LOG,
    stdin: binary,
    stdout: binary,
    files: { 'app.log': binary },
  }),
  alone('tee of a log and another file', ['tee', 'app.log', 'other'], {
    ...APP_LOG,
    stdin: seq(1, 5000),
    stdout: seq(1, 5000),
    files: { 'app.log': seq(1, 5000) },
    untapped: { other: seq(1, 5000) },
  }),
  alone('head', ['head', '-n', '500'], { stdin: seq(1, 5000), stdout: seq(1, 500), reportsLosses: true }),
  alone('tail', ['tail', '-n', '500'], { stdin: seq(1, 5000), stdout: seq(4501, 5000), reportsLosses: true }),
  alone('sort -r', ['sort', '-nr'], {
    stdin: seq(1, 5000),
    stdout: seq(1, 5000).trimEnd().split('\n').reverse().join('\n').concat('\n'),
    reportsLosses: true,
  }),
  alone('sort -o of a log', ['sort', '-n', '-o', 'app.log'], {
    ...APP_LOG,
    stdin: seq(1, 5000),
    files: { 'app.log': seq(1, 5000) },
  }),
  alone('dd of 8 MiB onto a log', ['dd', 'of=app.log', 'bs=64k', 'iflag=fullblock', 'status=none'], {
    ...APP_LOG,
    stdin: eightMib,
    files: { 'app.log': eightMib },
  }),
  alone('dd of 8 MiB onto stdout', ['dd', 'bs=1M', 'iflag=fullblock', 'status=none'], {
    stdin: eightMib,
    stdout: eightMib,
    reportsLosses: true,
  }),
  alone('a tool that fails', ['cat', 'nowhere'], {
    stderr: 'cat: nowhere: No such file or directory\n',
    exitCode: 1,
    reportsLosses: true,
  }),
  inShell('yes into head, numbered', 'yes "all the same" | head -n 20000 | grep -n ""', {
    stdout: Array.from({ length: 20_000 }, (_, i) => `${i + 1}:all the same\n`).join(''),
  }),
  inShell('cp onto a log', 'seq 5000 >seed; cp seed app.log; cp seed copy', {
    tapFile: 'app.log',
    files: { 'app.log': seq(1, 5000) },
    untapped: { seed: seq(1, 5000), copy: seq(1, 5000) },
  }),
  inShell('cat of a file onto a log', 'seq 5000 >seed; cat seed >app.log; cat seed seed >>app.log', {
    tapFile: 'app.log',
    files: { 'app.log': seq(1, 5000).repeat(3) },
    untapped: { seed: seq(1, 5000) },
  }),
  inShell('install onto a log', 'seq 500 >seed; install seed app.log', {
    tapFile: 'app.log',
    files: { 'app.log': seq(1, 500) },
    untapped: { seed: seq(1, 500) },
  }),
  inShell('mv onto a log: what is moved was not written', 'seq 5 >seed; mv seed app.log', {
    tapFile: 'app.log',
    untapped: { 'app.log': seq(1, 5) },
  }),
  inShell('truncate -s 0 of an open log', 'exec >>app.log; seq 500; truncate -s 0 app.log; seq 501 600', {
    tapFile: 'app.log',
    files: { 'app.log': seq(1, 600) },
    onDisk: { 'app.log': seq(501, 600) },
  }),
  inShell('split into logs of one pattern', 'seq 30 | split -l 10 -d - app.log.', {
    tapFile: 'app.log.*',
    files: { 'app.log.00': seq(1, 10), 'app.log.01': seq(11, 20), 'app.log.02': seq(21, 30) },
  }),
  inShell('stdbuf, which preloads a library of its own', 'stdbuf -o0 seq 100; stdbuf -oL seq 101 200 | cat', {
    stdout: seq(1, 200),
  }),
  inShell('timeout, nice and env', 'timeout 9 seq 3; nice -n 1 seq 4 6; env -u HOME seq 7 9; timeout 0.1 sleep 9', {
    stdout: seq(1, 9),
    exitCode: 124,
  }),
];

const more = tools('awk, sed, grep, find, xargs');

const awkProgram = `BEGIN {
  for (i = 1; i <= 300; i++) { print "out " i; print "err " i > "/dev/stderr"; print "log " i >> "app.log" }
  fflush(); print "through cat" | "cat"; close("cat"); system("echo by system"); print "end" > "/dev/stdout"
}`;
const awkWrites: Expected = {
  tapFile: 'app.log',
  stdout: `${lines('out', 1, 300)}through cat\nby system\nend\n`,
  stderr: lines('err', 1, 300),
  files: { 'app.log': lines('log', 1, 300) },
};

const others: readonly ZooCase[] = [
  more('mawk', ['mawk', awkProgram], awkWrites),
  more('gawk', ['gawk', awkProgram], { ...awkWrites, needs: ['gawk'] }),
  more('sed -n', ['sed', '-n', 's/^\\(.*\\)7$/\\1 and 7/p'], {
    stdin: seq(1, 5000),
    stdout: Array.from({ length: 500 }, (_, i) => `${i === 0 ? '' : i} and 7\n`).join(''),
    reportsLosses: true,
  }),
  more('sed w onto a log and /dev/stdout', ['sed', '-n', '-e', '/7$/w app.log', '-e', '/9$/w /dev/stdout'], {
    ...APP_LOG,
    stdin: seq(1, 500),
    stdout: Array.from({ length: 50 }, (_, i) => `${10 * i + 9}\n`).join(''),
    files: { 'app.log': Array.from({ length: 50 }, (_, i) => `${10 * i + 7}\n`).join('') },
  }),
  more('grep --line-buffered', ['grep', '--line-buffered', '5$'], {
    stdin: seq(1, 1000),
    stdout: Array.from({ length: 100 }, (_, i) => `${10 * i + 5}\n`).join(''),
    reportsLosses: true,
  }),
  more('find -exec', ['sh', '-c', "touch a b c; find . -name '[abc]' -exec echo found {} + | tr ' ' '\\n' | sort"], {
    stdout: './a\n./b\n./c\nfound\n',
  }),
  more('find -fprint', ['sh', '-c', "touch a b c; find . -name '[abc]' -fprintf app.log '%f\\n'"], {
    tapFile: 'app.log',
    order: 'lines',
    files: { 'app.log': 'a\nb\nc\n' },
  }),
  more('xargs -P 4', ['xargs', '-P', '4', '-n', '1', 'echo', 'got'], {
    order: 'lines',
    stdin: seq(1, 60),
    stdout: lines('got', 1, 60),
  }),
];

const starts = tools('programs that start programs');
/** What they start: both streams and the log, in the directory that the case runs in. */
const WRITES = 'echo out; echo err >&2; echo log >>app.log; seq 20';
const written: Expected = {
  tapFile: 'app.log',
  stdout: `out\n${seq(1, 20)}`,
  stderr: 'err\n',
  files: { 'app.log': 'log\n' },
};

const starters: readonly ZooCase[] = [
  starts(
    'flock, setsid, nice, ionice, setarch',
    ['sh', '-c', `flock lock setsid -w nice ionice setarch -R sh -c '${WRITES}'`],
    {
      ...written,
    },
  ),
  starts('runuser', ['runuser', '-u', 'nobody', '--', 'sh', '-c', WRITES], { ...written, needs: ['root'] }),
  starts(
    'su, which empties the environment',
    ['sh', '-c', `cd / && su - -s /bin/sh root -c "cd '$OLDPWD'; ${WRITES}"`],
    {
      ...written,
      needs: ['root'],
    },
  ),
  starts(
    'setpriv without new privileges',
    ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs', 'sh', '-c', WRITES],
    { ...written, needs: ['root'] },
  ),
  starts(
    'start-stop-daemon',
    // It looks whether its program runs already, so it gets one of its own.
    ['sh', '-c', `cp /usr/bin/seq own; start-stop-daemon -S -b -O "$PWD/app.log" -x "$PWD/own" -- 20; echo started`],
    {
      tapFile: 'app.log',
      stdout: 'started\n',
      files: { 'app.log': seq(1, 20) },
    },
  ),
  // Its program writes to a terminal, which ends lines by CR LF; only what script itself writes is the container's.
  starts('script, which gives a terminal', ['script', '-qec', 'seq 3; echo err >&2', '/dev/null'], {
    stdout: '1\r\n2\r\n3\r\nerr\r\n',
  }),
  starts(
    'a script by its #! line',
    ['sh', '-c', `printf '#!/bin/sh\\n%s\\n' '${WRITES}' >run; chmod 755 run; exec ./run`],
    {
      ...written,
    },
  ),
  starts('little address space', ['sh', '-c', `ulimit -v 30000; ${WRITES}`], written),
];

export const cases: readonly ZooCase[] = [...coreutils, ...others, ...starters];
