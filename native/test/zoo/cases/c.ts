/** C and C++ in all their ways to write. */
import type { Platform, ZooCase } from '../case.js';
import { zooProgram } from '../compile.js';

const BOTH: readonly Platform[] = ['glibc', 'musl'];
const ALL: readonly Platform[] = ['glibc', 'musl', 'aarch64'];

/** `name FROM` to `name TO-1`, a line each. */
function lines(name: string, from: number, to: number): string {
  return Array.from({ length: to - from }, (_, i) => `${name} ${from + i}\n`).join('');
}

/** One string of what a function makes of 0 to COUNT-1. */
const each = (count: number, text: (i: number) => string) => Array.from({ length: count }, (_, i) => text(i)).join('');

interface Expected extends Omit<ZooCase, 'name' | 'family' | 'command'> {}

/** A family of rows that are ways of one program. */
function ways(family: string, source: string) {
  return (name: string, way: string, expected: Expected): ZooCase => ({
    name,
    family,
    command: ({ libc }) => [zooProgram(source, libc), way],
    platforms: BOTH,
    ...expected,
  });
}

const stdio = ways('C: stdio', 'c-stdio.c');
const descriptors = ways('C: descriptors', 'c-descriptors.c');
const files = ways('C: log files', 'c-files.c');
const copies = ways('C: copies by the kernel', 'c-copies.c');
const processes = ways('C: processes', 'c-processes.c');
const cpp = ways('C++', 'cpp-streams.cpp');

const APP_LOG = { tapFile: 'app.log', reportsLosses: true } as const;
const buffered: Expected = { stdout: lines('out', 0, 500), stderr: lines('err', 0, 50), reportsLosses: true };

const ofStdio: readonly ZooCase[] = [
  stdio('printf', 'default', { ...buffered, platforms: ALL }),
  stdio('printf, fully buffered', 'full', buffered),
  stdio('printf, line buffered', 'line', { ...buffered, platforms: ALL }),
  stdio('printf, unbuffered', 'unbuffered', buffered),
  stdio('printf without a newline at the end', 'no-end', {
    stdout: 'first\nsecond without an end',
    stderr: 'stderr without an end',
    reportsLosses: true,
  }),
  stdio('puts, fputs, fwrite, putc, perror', 'many', {
    platforms: ALL,
    stdout: 'puts\nfputs\nfwrite\nputc\nputchar\nunlocked\nfwrite\nprintf    42 x    |3.14\n',
    stderr: 'perror: No such file or directory\n',
    reportsLosses: true,
  }),
  stdio('log by fopen', 'fopen', { ...APP_LOG, platforms: ALL, files: { 'app.log': lines('log', 0, 2000) } }),
  stdio('log by fopen "a", again and again', 'append', { ...APP_LOG, files: { 'app.log': lines('log', 0, 200) } }),
  stdio('log left to exit() to flush', 'left-open', { ...APP_LOG, files: { 'app.log': lines('log', 0, 100) } }),
  stdio('freopen of stdout and stderr', 'freopen', {
    ...APP_LOG,
    platforms: ALL,
    stdout: 'before\n',
    files: { 'app.log': `${lines('log', 0, 300)}by stderr\n` },
  }),
  stdio('fdopen', 'fdopen', {
    ...APP_LOG,
    stdout: lines('out', 0, 300),
    files: { 'app.log': lines('log', 0, 300) },
  }),
  stdio('wide characters', 'wide', { stdout: `${lines('out', 0, 300)}fputws\nputwc\n`, reportsLosses: true }),
  stdio('popen to and from a child', 'popen', {
    stdout: `${lines('through cat', 0, 50)}read: answer\n`,
    stderr: 'aside\n',
  }),
  stdio('tmpfile and memory streams are left alone', 'tmpfile', {
    stdout: 'tmpfile has secret 0\n',
    reportsLosses: true,
  }),
  stdio('ftell and lseek on a log', 'offsets', {
    ...APP_LOG,
    stdout: `${each(5, (i) => `${6 * (i + 1)} `.repeat(3).replace(/ $/, '\n'))}48\n48\n`,
    files: { 'app.log': lines('log', 0, 8) },
  }),
];

/** What c-descriptors.c makes: 65,536 bytes, all values. */
function binary(): Buffer {
  const bytes = Buffer.alloc(65_536);
  let state = 1;
  for (let i = 0; i < bytes.length; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

const eightMib = (name: string) => each(1 << 18, (i) => `${name} line ${String(i).padStart(8, '0')} of eight MiB.\n`);

const ofDescriptors: readonly ZooCase[] = [
  descriptors('write', 'write', {
    ...APP_LOG,
    platforms: ALL,
    stdout: lines('out', 0, 300),
    stderr: lines('err', 0, 300),
    files: { 'app.log': lines('log', 0, 300) },
    exitCode: 7,
  }),
  descriptors('writev', 'writev', {
    ...APP_LOG,
    platforms: ALL,
    stdout: lines('gathered', 0, 100),
    files: { 'app.log': lines('gathered', 0, 100) },
  }),
  descriptors('pwrite and pwritev', 'pwrite', {
    ...APP_LOG,
    platforms: ALL,
    stderr: 'ESPIPE\n',
    files: { 'app.log': lines('log', 0, 100) },
  }),
  descriptors('dprintf', 'dprintf', {
    ...APP_LOG,
    stdout: lines('out', 0, 200),
    stderr: lines('err', 0, 200),
    files: { 'app.log': lines('log', 0, 200) },
  }),
  descriptors('dup2 of a log onto stdout, and back', 'dup2', {
    ...APP_LOG,
    platforms: ALL,
    stdout: 'before 0\nafter 0\nstderr became stdout 0\n',
    files: { 'app.log': lines('log', 0, 200) },
  }),
  descriptors('/dev/stdout and copies of descriptors', 'aliases', {
    stdout: 'one 0\n/dev/stdout 0\n/proc/self/fd/1 1\n/dev/fd/1 2\ncopy 0\n',
    stderr: 'err 0\n',
    reportsLosses: true,
  }),
  descriptors('creat, openat, open64', 'open', {
    ...APP_LOG,
    files: { 'app.log': 'creat 0\nopenat 0\nopen64 0\ndup 0\n' },
  }),
  descriptors('one byte a write', 'bytewise', { stdout: lines('line', 0, 200), reportsLosses: true }),
  descriptors('8 MiB in one write', 'big', {
    ...APP_LOG,
    stdout: eightMib('out'),
    files: { 'app.log': eightMib('log') },
  }),
  descriptors('16 MiB in writes of 32 KiB and 20,000 bytes', 'large', {
    stdout: eightMib('out'),
    stderr: eightMib('err'),
    reportsLosses: true,
  }),
  descriptors('binary bytes, NUL among them', 'binary', {
    ...APP_LOG,
    platforms: ALL,
    stdout: binary(),
    stderr: binary(),
    files: { 'app.log': binary() },
  }),
  descriptors('a loop that closes every descriptor', 'close-loop', {
    ...APP_LOG,
    platforms: ALL,
    stdout: lines('out', 0, 50),
    files: { 'app.log': lines('log', 0, 100) },
  }),
  descriptors('close_range and closefrom', 'close-range', {
    ...APP_LOG,
    platforms: ['glibc', 'aarch64'],
    stdout: lines('out', 0, 100),
    files: { 'app.log': lines('log', 0, 100) },
  }),
  descriptors('the numbers of new descriptors', 'numbers', {
    ...APP_LOG,
    platforms: ALL,
    stdout: 'a line first 0\nlog 3 pipe 4 5 dup 6 socket 7\nfopen 4 again 8\nstdin 0\n',
    files: { 'app.log': lines('log', 0, 1) },
  }),
  descriptors('numbers from 100 on', 'high-numbers', {
    ...APP_LOG,
    stdout: 'fcntl 102\nfcntl 100\n',
    files: { 'app.log': lines('log', 0, 3) },
  }),
  descriptors('write and writev through syscall()', 'by-number', {
    ...APP_LOG,
    stdout: lines('out', 0, 100),
    files: { 'app.log': lines('out', 0, 100) },
  }),
  descriptors('errno of writes that fail', 'errors', {
    stdout: 'out 0\nok\n',
    stderr: 'success 0\nclosed EBADF\nno reader EPIPE\nfull EAGAIN\nstdout EBADF\nstdio EBADF\n',
    exitCode: 3,
    reportsLosses: true,
  }),
  descriptors('ended by SIGPIPE', 'broken-pipe', { stdout: lines('out', 0, 50), signal: 'SIGPIPE' }),
];

const ofFiles: readonly ZooCase[] = [
  files('rename and reopen', 'rename', {
    ...APP_LOG,
    platforms: ALL,
    files: { 'app.log': lines('log', 0, 200) },
    onDisk: { 'app.log.1': lines('log', 0, 110), 'app.log': lines('log', 110, 200) },
  }),
  files('rename under a FILE, then fopen', 'rename-fopen', {
    ...APP_LOG,
    files: { 'app.log': lines('log', 0, 300) },
    onDisk: {
      'app.log.2': lines('log', 0, 100),
      'app.log.1': lines('log', 100, 200),
      'app.log': lines('log', 200, 300),
    },
  }),
  files('copy and truncate', 'copytruncate', {
    ...APP_LOG,
    files: { 'app.log': lines('log', 0, 200) },
    onDisk: { 'app.log.1': lines('log', 0, 100), 'app.log': lines('log', 100, 200) },
  }),
  files('removed while open', 'removed', {
    ...APP_LOG,
    files: { 'app.log': lines('log', 0, 200) },
    onDisk: { 'app.log': '' },
  }),
  files('two descriptors, both O_APPEND', 'two', { ...APP_LOG, files: { 'app.log': lines('log', 0, 100) } }),
  files('a symbolic link', 'symlink', { ...APP_LOG, files: { 'app.log': lines('log', 0, 100) } }),
  files('a second hard link', 'hard-link', { ...APP_LOG, files: { 'app.log': lines('log', 0, 100) } }),
  files('relative paths after chdir', 'relative', {
    ...APP_LOG,
    tapFile: 'logs/app.log',
    files: { 'logs/app.log': lines('log', 0, 100) },
    untapped: { 'sub/app.log': lines('other', 0, 100) },
  }),
  files('several files and a pattern', 'several', {
    tapFile: 'a.log:logs/*.log:none.log',
    platforms: ALL,
    files: {
      'a.log': lines('a.log', 0, 100),
      'logs/x.log': lines('logs/x.log', 0, 100),
      'logs/y.log': lines('logs/y.log', 0, 100),
      'logs/late.log': 'late\n',
    },
    untapped: { 'b.log': lines('b.log', 0, 100), 'logs/z.txt': lines('logs/z.txt', 0, 100) },
    reportsLosses: true,
  }),
  files('forty files of one pattern', 'many', {
    tapFile: 'logs/[0-9]?.log',
    files: Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => `logs/${String(i).padStart(2, '0')}.log`).map((name) => [
        name,
        lines(name, 0, 3),
      ]),
    ),
    reportsLosses: true,
  }),
];

const ofCopies: readonly ZooCase[] = [
  copies('sendfile', 'sendfile', {
    ...APP_LOG,
    platforms: ALL,
    stdout: lines('line', 0, 5000),
    files: { 'app.log': lines('line', 0, 5000) },
    untapped: { source: lines('line', 0, 5000) },
  }),
  copies('splice', 'splice', {
    ...APP_LOG,
    stdout: lines('line', 0, 5000),
    files: { 'app.log': lines('line', 0, 5000) },
  }),
  copies('copy_file_range', 'copy_file_range', { ...APP_LOG, files: { 'app.log': lines('line', 0, 5000) } }),
  copies('tee and vmsplice', 'tee', { stdout: each(100, (i) => `tee ${i}\nvmsplice ${i}\n`), reportsLosses: true }),
];

/** What a child writes that was exec'd. */
const CHILD = { stdout: lines('child', 0, 20), stderr: lines('err', 0, 20) } as const;
const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

const ofProcesses: readonly ZooCase[] = [
  processes('children by fork, one after the other', 'fork', {
    platforms: ALL,
    stdout: lines('before', 0, 20) + each(5, (i) => lines('child', i * 20, i * 20 + 20) + lines('parent', i, i + 1)),
    reportsLosses: true,
  }),
  processes('fork with a full buffer of stdio', 'fork-unflushed', {
    stdout: 'first\nwritten twice\nchild\nwritten twice\nparent\n',
    reportsLosses: true,
  }),
  processes('fork, both write', 'both', {
    order: 'lines',
    stdout: `start 0\n${lines('parent', 0, 300)}${lines('child', 0, 300)}`,
    reportsLosses: true,
  }),
  processes('vfork and exec', 'vfork', { ...CHILD, stdout: `before 0\n${CHILD.stdout}after 0\n` }),
  processes('posix_spawn, also with an environment of its own', 'spawn', {
    stdout: `before 0\n${CHILD.stdout}between 0\n${CHILD.stdout}after 0\n`,
    stderr: CHILD.stderr + CHILD.stderr,
  }),
  processes('exec with an empty environment', 'exec-empty', { ...CHILD, stdout: `before 0\n${CHILD.stdout}` }),
  processes('exec with an environment of its own', 'exec-own', { ...CHILD, stdout: `before 0\n${CHILD.stdout}` }),
  processes('an inherited descriptor of a log', 'inherited', {
    ...CHILD,
    tapFile: 'app.log',
    files: { 'app.log': lines('log', 0, 50) },
  }),
  processes('daemon()', 'daemon', {
    tapFile: 'app.log',
    stdout: 'starting 0\n',
    files: { 'app.log': lines('log', 0, 200) },
  }),
  processes('double fork', 'double-fork', { stdout: lines('grandchild', 0, 200) }),
  processes('16 threads on one stream, write', 'threads-write', {
    platforms: ALL,
    order: 'lines',
    stdout: names('t', 16)
      .map((name) => lines(name, 0, 300))
      .join(''),
    reportsLosses: true,
  }),
  processes('16 threads on one stream, printf', 'threads-print', {
    order: 'lines',
    stdout: names('t', 16)
      .map((name) => lines(name, 0, 300))
      .join(''),
    reportsLosses: true,
  }),
  processes('32 processes on one O_APPEND file', 'one-file', {
    ...APP_LOG,
    order: 'lines',
    files: {
      'app.log': names('p', 32)
        .map((name) => lines(name, 0, 50))
        .join(''),
    },
  }),
  processes('chroot', 'chroot', {
    ...APP_LOG,
    needs: ['root'],
    stdout: lines('out', 0, 100),
    files: { 'app.log': lines('log', 0, 100) },
  }),
  processes('a worker that becomes nobody', 'nobody', {
    ...APP_LOG,
    needs: ['root'],
    stdout: `root 0\n${lines('nobody', 0, 100)}root 1\n`,
    files: { 'app.log': `root 0\n${lines('nobody', 0, 100)}` },
  }),
  processes('a signal handler that writes', 'handler', {
    stdout: each(100, (i) => `line ${i}\nbell ${i}\n`),
    reportsLosses: true,
  }),
  processes('_exit', '_exit', { stdout: `first\n${lines('out', 0, 50)}`, exitCode: 5 }),
  processes('abort', 'abort', { stdout: lines('out', 0, 50), stderr: 'about to abort\n', signal: 'SIGABRT' }),
  processes('SIGKILL', 'kill', {
    tapFile: 'app.log',
    stdout: lines('out', 0, 200),
    files: { 'app.log': lines('log', 0, 200) },
    signal: 'SIGKILL',
  }),
  processes('SIGSEGV', 'crash', { stdout: lines('out', 0, 50), signal: 'SIGSEGV' }),
  processes('atexit', 'atexit', { stdout: 'main\natexit 0\nflushed after it\n', exitCode: 11, reportsLosses: true }),
  processes('60 lines in a third of a second', 'slow', {
    ...APP_LOG,
    stdout: lines('out', 0, 60),
    files: { 'app.log': lines('log', 0, 60) },
  }),
];

const GLIBC: readonly Platform[] = ['glibc'];

const ofCpp: readonly ZooCase[] = [
  cpp('cout, cerr, clog', 'streams', {
    platforms: GLIBC,
    stdout: lines('out', 0, 300),
    stderr: each(300, (i) => `cerr ${i}\nclog ${i}\n`),
    reportsLosses: true,
  }),
  cpp('cout and printf together', 'mixed', {
    platforms: GLIBC,
    stdout: each(300, (i) => `cout ${i}\nprintf ${i}\n`),
    reportsLosses: true,
  }),
  cpp('cout without stdio', 'unsynced', { platforms: GLIBC, stdout: lines('out', 0, 2000), reportsLosses: true }),
  cpp('ofstream and fstream', 'files', {
    ...APP_LOG,
    platforms: GLIBC,
    files: { 'app.log': `${lines('log', 0, 1101)}large ${'x'.repeat(20_000)}\n` },
  }),
  cpp('_Exit', '_Exit', { platforms: GLIBC, stdout: 'before\n', stderr: 'thrown\n', exitCode: 6 }),
];

export const cases: readonly ZooCase[] = [
  ...ofStdio,
  ...ofDescriptors,
  ...ofFiles,
  ...ofCopies,
  ...ofProcesses,
  ...ofCpp,
];
