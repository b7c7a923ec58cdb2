/** Languages with a runtime of their own: Perl, Python, Node, Java, Go, Rust. */
import type { ZooCase } from '../case.js';
import { goProgram, javaClasses, python, rustProgram, script } from '../compile-languages.js';

interface Expected extends Omit<ZooCase, 'name' | 'family' | 'command'> {}

/** A string of what a function makes of FROM to TO-1. */
const each = (from: number, to: number, text: (i: number) => string) =>
  Array.from({ length: to - from }, (_, i) => text(from + i)).join('');
/** `name FROM` to `name TO-1`, a line each. */
const lines = (name: string, from: number, to: number) => each(from, to, (i) => `${name} ${i}\n`);
/** The lines of several writers at once, `letter0 0` and so on. */
const ofMany = (letter: string, writers: number, count: number) =>
  each(0, writers, (n) => lines(`${letter}${n}`, 0, count));
const INFO = (from: number, to: number) => each(from, to, (i) => `INFO log ${String(i).padStart(3, '0')}\n`);

/** Programs that end by exit() say themselves what they lost. */
const alone = { reportsLosses: true } as const;
const logging = { tapFile: 'app.log' } as const;
/** What the runtimes copy by: written once to a file of its own, then to the log. */
const seed = lines('seed', 0, 2000);

function language(family: string, command: (way: string) => readonly string[], needs: readonly string[] = []) {
  return (name: string, way: string, expected: Expected): ZooCase => ({
    name: `${family}: ${name}`,
    family,
    command: () => command(way),
    needs,
    ...expected,
  });
}

const perl = language('Perl', (way) => ['perl', script('perl.pl'), way]);

const ofPerl: readonly ZooCase[] = [
  perl('print, printf and warn', 'print', {
    ...alone,
    stdout: lines('out', 0, 300),
    stderr: `${lines('err', 0, 300)}warned\n`,
  }),
  perl('syswrite and POSIX::write', 'syswrite', {
    ...alone,
    stdout: lines('out', 0, 300),
    stderr: lines('err', 0, 300),
  }),
  perl('a log with autoflush, renamed while open', 'log', {
    ...logging,
    ...alone,
    files: { 'app.log': `${lines('log', 0, 200)}still the old\nthe new\n` },
    onDisk: { 'app.log.1': `${lines('log', 0, 200)}still the old\n`, 'app.log': 'the new\n' },
  }),
  perl('fork', 'fork', {
    order: 'lines',
    stdout: ['a', 'b', 'c', 'd'].map((name) => lines(name, 0, 100)).join(''),
  }),
  perl('system, backticks, pipes, STDOUT elsewhere and back, exec', 'children', {
    ...logging,
    stdout: 'before\n7\nsystem\nthrough cat\nread inner\nthe last\n',
    files: { 'app.log': 'logged\nlogged by echo\n' },
    exitCode: 4,
  }),
  perl('die', 'die', { ...alone, stdout: 'out\n', stderr: 'died\n', exitCode: 255 }),
];

const py = language('Python', (way) => [python(), script('python.py'), way], ['python3 with pip and venv']);
const printed: Expected = {
  ...alone,
  stdout: lines('out', 0, 500),
  stderr: each(0, 50, (i) => `err ${10 * i}\n`),
};

const ofPython: readonly ZooCase[] = [
  py('print', 'print_lines', printed),
  py('print with PYTHONUNBUFFERED', 'print_lines', { ...printed, env: { PYTHONUNBUFFERED: '1' } }),
  py('print with PYTHONUNBUFFERED, then SIGKILL', 'lines_and_a_kill', {
    env: { PYTHONUNBUFFERED: '1' },
    stdout: lines('out', 0, 100),
    signal: 'SIGKILL',
  }),
  py('sys.stdout.buffer and text', 'write_bytes', {
    ...alone,
    stdout: Buffer.concat([Buffer.from(Array.from({ length: 65_536 }, (_, i) => i % 256)), Buffer.from('text é\n')]),
    stderr: 'err\n',
  }),
  py('os.write, os.writev, os.dup2', 'descriptors', {
    ...logging,
    ...alone,
    stdout: `${lines('write', 0, 100)}back\n`,
    stderr: 'to stderr\n',
    files: { 'app.log': lines('writev', 0, 100) },
  }),
  py('logging to stderr and a file', 'log_to_file_and_stderr', {
    ...logging,
    ...alone,
    stderr: lines('app log', 0, 200),
    files: { 'app.log': lines('INFO log', 0, 200) },
  }),
  // A file of 1000 bytes takes 76 lines of 13.
  py('RotatingFileHandler', 'log_rotating', {
    ...logging,
    ...alone,
    files: { 'app.log': INFO(0, 200) },
    onDisk: { 'app.log.2': INFO(0, 76), 'app.log.1': INFO(76, 152), 'app.log': INFO(152, 200) },
  }),
  py('WatchedFileHandler', 'log_watched', {
    ...logging,
    ...alone,
    files: { 'app.log': lines('INFO log', 0, 100) },
    onDisk: { 'app.log.1': lines('INFO log', 0, 50), 'app.log': lines('INFO log', 50, 100) },
  }),
  py('subprocess, os.system, posix_spawn, popen', 'subprocesses', {
    ...logging,
    stdout: 'before\ninherited\ncaptured 7\nempty environment\npython\nsystem\nspawned\npopen 6\n',
    stderr: 'by a shell\n',
    files: { 'app.log': 'into the log\n' },
  }),
  py('multiprocessing by fork', 'processes', {
    ...logging,
    order: 'lines',
    stdout: ofMany('p', 4, 100),
    files: { 'app.log': ofMany('p', 4, 100) },
  }),
  py('fork and execve with an empty environment', 'fork_and_exec', {
    stdout: 'parent\nchild\nanother program\nparent again\n',
  }),
  py('threads', 'threads', {
    ...logging,
    ...alone,
    order: 'lines',
    stdout: ofMany('t', 8, 100),
    files: { 'app.log': ofMany('t', 8, 100) },
  }),
  py('os.sendfile and os.copy_file_range', 'copies', {
    ...logging,
    ...alone,
    stdout: 'True True\n',
    files: { 'app.log': seed + seed },
    untapped: { seed },
  }),
  py('asyncio: children, executor, a pipe', 'coroutines', {
    stdout: `${each(0, 3, (i) => `child ${i}\nexecutor ${i}\n`)}${lines('pipe', 0, 100)}`,
  }),
  py('os._exit', 'hard_exit', { stdout: 'flushed\n', stderr: 'err\n', exitCode: 3 }),
];

const node = language('Node', (way) => [process.execPath, script('node.js'), way]);

const ofNode: readonly ZooCase[] = [
  node('console.log and console.error', 'console', {
    stdout: lines('out', 0, 500),
    stderr: each(0, 50, (i) => `err ${10 * i}\n`),
  }),
  node('process.stdout.write of bytes and text', 'write', {
    stdout: Buffer.concat([
      Buffer.from(Array.from({ length: 65_536 }, (_, i) => i & 0xff)),
      Buffer.from('text é\nlast\n'),
    ]),
    stderr: 'err\n',
  }),
  node('process.stdout.write of a megabyte', 'large', {
    stdout: each(0, 65_536, (i) => `line ${String(i).padStart(8, '0')}\n`),
  }),
  node('fs.appendFileSync', 'appendFileSync', {
    ...logging,
    files: { 'app.log': lines('log', 0, 200) },
    untapped: { 'other.txt': 'other\n' },
  }),
  node('fs.writeSync and fs.writevSync', 'descriptor', {
    ...logging,
    stdout: 'out\n',
    files: { 'app.log': `${lines('log', 0, 200)}writev of two\n` },
  }),
  node('fs.createWriteStream', 'stream', { ...logging, files: { 'app.log': lines('log', 0, 2000) } }),
  node('fs.promises', 'promises', {
    ...logging,
    files: { 'app.log': lines('log', 0, 100) + lines('handle', 0, 100) },
  }),
  node('streams with rotation by rename', 'rotate', {
    ...logging,
    files: { 'app.log': lines('log', 0, 300) },
    onDisk: {
      'app.log.2': lines('log', 0, 100),
      'app.log.1': lines('log', 100, 200),
      'app.log': lines('log', 200, 300),
    },
  }),
  node('fs.copyFile and pipeline', 'copies', { ...logging, files: { 'app.log': seed + seed }, untapped: { seed } }),
  node('child_process', 'children', {
    ...logging,
    stdout: 'before\ninherited\ncaptured 7\nempty environment\nspawned\npiped\nforked got hello\n',
    stderr: 'to stderr\n',
    files: { 'app.log': 'into the log\n' },
  }),
  node('worker_threads', 'workers', {
    ...logging,
    order: 'lines',
    stdout: ofMany('w', 4, 100),
    files: { 'app.log': ofMany('w', 4, 100) },
  }),
  node('process.exit', 'exit', {
    ...logging,
    stdout: lines('out', 0, 100),
    files: { 'app.log': 'at the end\n' },
    exitCode: 7,
  }),
];

const java = language(
  'Java',
  (way) => [
    ...['java', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:-UsePerfData', '-Xmx64m'],
    ...['-cp', javaClasses(), 'Zoo', way],
  ],
  ['java'],
);
/** A file of 1000 bytes takes 138 lines of 6 and 7 bytes, then 125 of 8. */
const rolled = { first: [0, 138], second: [138, 263], third: [263, 300] } as const;

const ofJava: readonly ZooCase[] = [
  java('System.out and System.err', 'print', {
    stdout: Buffer.concat([Buffer.from(lines('out', 0, 300)), Buffer.from([0xff, 0, 0x0a]), Buffer.from('no end')]),
    stderr: lines('err', 0, 300),
    exitCode: 5,
  }),
  // A file is full with 1000 bytes or more: 77 lines of 13.
  java('java.util.logging, FileHandler with rotation', 'logging', {
    tapFile: 'app.0.log',
    stderr: INFO(0, 200),
    files: { 'app.0.log': INFO(0, 200) },
    onDisk: { 'app.2.log': INFO(0, 77), 'app.1.log': INFO(77, 154), 'app.0.log': INFO(154, 200) },
  }),
  java('a rolling appender', 'rolling', {
    ...logging,
    files: { 'app.log': lines('log', 0, 300) },
    onDisk: {
      'app.log.2': lines('log', ...rolled.first),
      'app.log.1': lines('log', ...rolled.second),
      'app.log': lines('log', ...rolled.third),
    },
  }),
  java('Files, writers, channels, RandomAccessFile, transferTo', 'files', {
    ...logging,
    files: {
      'app.log': `writeString\nlines\nof write\na writer\na channel\ngathered\nrandom access\n${seed}System.out elsewhere\n`,
    },
    untapped: { seed },
  }),
  java('threads', 'threads', {
    ...logging,
    order: 'lines',
    stdout: ofMany('t', 8, 100),
    files: { 'app.log': ofMany('t', 8, 100) },
  }),
  java('ProcessBuilder', 'children', {
    ...logging,
    stdout: 'before\ninherited\nempty environment\n7\nafter\n',
    stderr: 'err\n',
    files: { 'app.log': 'into the log\n' },
  }),
];

const outErrLog: Expected = {
  ...logging,
  stdout: lines('out', 0, 200),
  stderr: lines('err', 0, 200),
  files: { 'app.log': lines('log', 0, 200) },
};
const go = (name: string, source: string, linked: 'dynamically' | 'statically', expected: Expected): ZooCase => ({
  name: `Go: ${name}`,
  family: 'Go',
  command: () => [goProgram(source, linked)],
  needs: ['go'],
  ...expected,
});

const ofGo: readonly ZooCase[] = [
  go('through C, by cgo', 'cgo.go', 'dynamically', outErrLog),
  go('fmt, log and os in a dynamically linked program', 'direct_dynamic.go', 'dynamically', {
    ...outErrLog,
    exitCode: 3,
    untouchable: 'its runtime calls the kernel without the C library',
  }),
  go('fmt, log and os in a statically linked program', 'direct.go', 'statically', {
    ...outErrLog,
    exitCode: 3,
    untouchable: 'statically linked',
  }),
  go('what a static program starts', 'children.go', 'statically', {
    ...logging,
    stdout: `a child of Go\n${each(1, 51, (i) => `${i}\n`)}`,
    stderr: 'err\n',
    files: { 'app.log': 'log\n' },
  }),
];

const rust = language('Rust', (way) => [rustProgram(), way], ['rust']);

const ofRust: readonly ZooCase[] = [
  rust('println! and eprintln!', 'print', {
    ...alone,
    stdout: `${lines('out', 0, 300)}no end`,
    stderr: lines('err', 0, 300),
    exitCode: 5,
  }),
  rust('File, BufWriter, LineWriter', 'files', {
    ...logging,
    ...alone,
    files: {
      'app.log': `${lines('file', 0, 100)}of two\n${lines('buffered', 0, 1000)}${lines('line', 0, 100)}`,
    },
  }),
  rust('fs::copy and io::copy', 'copies', {
    ...logging,
    ...alone,
    stdout: seed,
    files: { 'app.log': seed + seed },
    untapped: { seed },
  }),
  rust('threads', 'threads', {
    ...logging,
    ...alone,
    order: 'lines',
    stdout: ofMany('t', 8, 100),
    files: { 'app.log': ofMany('t', 8, 100) },
  }),
  rust('process::Command', 'children', {
    ...logging,
    stdout: 'before\ninherited\n7\nempty environment\n',
    files: { 'app.log': 'into the log\n' },
  }),
];

export const cases: readonly ZooCase[] = [...ofPerl, ...ofPython, ...ofNode, ...ofJava, ...ofGo, ...ofRust];
