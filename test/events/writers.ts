/** The programs that are recorded. Each writes events, every fifth a trace, and marks each one's end in the file $TRUTH. */
import { join } from 'node:path';
import type { Header } from './recording.js';

export type Load = Header['load'];

export interface Writer {
  readonly name: string;
  readonly loads: readonly Load[];
  readonly version?: readonly string[];
  /** Run in a directory of its own, which has a file `truth`, and may have `*.log`. */
  command(load: Load, directory: string): readonly string[];
  /** First lines of its events, where the library cannot see all its marks. */
  readonly starts?: RegExp;
  env?(load: Load): Readonly<Record<string, string>>;
}

/** Builds of compiled programs, made by `programs/build.sh`, and a copy of the others: traces name no directory of a user. */
const built = '/tmp/logtap-recorded';
const programs = join(built, 'programs');
const EVENTS: Readonly<Record<Load, string>> = { low: '40', burst: '120', threads: '40', block: '40', pipe: '40' };

const shell = (words: readonly string[]) => words.map((word) => `'${word}'`).join(' ');

/** A program that takes the count of its events and the load. `pipe`: its streams go through cat. */
const program = (
  name: string,
  words: readonly string[],
  loads: readonly Load[],
  more: Partial<Writer> = {},
): Writer => ({
  name,
  loads,
  command: (load) => {
    // Buffers have to fill.
    const command = [...words, loads.includes('block') ? '400' : EVENTS[load], load];
    return load === 'pipe' ? ['sh', '-c', `${shell(command)} 2>&1 | cat`] : command;
  },
  ...more,
});

const PYTHONS = ['2.7.18', '3.6.15', '3.9.18', '3.11.7', '3.13.0'];
const python = (version: string) => join(process.env.HOME ?? '/root', '.pyenv/versions', version, 'bin/python');
const java = (jar: string) => [
  'java',
  '-Xshare:auto',
  '-XX:TieredStopAtLevel=1',
  '-cp',
  `${built}/${jar}:${built}/lib/*`,
];

export const writers: readonly Writer[] = [
  ...PYTHONS.flatMap((version) => {
    const short = version.split('.').slice(0, 2).join('.');
    return [
      program(
        `python-${short}-traceback`,
        [python(version), join(programs, 'raises.py')],
        ['low', 'burst', 'threads', 'pipe'],
      ),
      program(`python-${short}-logging`, [python(version), join(programs, 'logs.py')], ['low', 'burst', 'threads']),
      program(`python-${short}-print`, [python(version), join(programs, 'prints.py')], ['low', 'burst', 'block'], {
        env: (load): Record<string, string> => (load === 'block' ? { LLT_PYTHON_UNBUFFERED: 'false' } : {}),
      }),
    ].map((writer) => ({ ...writer, version: [python(version), '--version'] }));
  }),
  program('python-3.13-group', [python('3.13.0'), join(programs, 'groups.py')], ['low', 'burst']),
  ...['print', 'jul', 'log4j2', 'logback'].map((style) =>
    program(`java-${style}`, [...java('java'), 'Logs', style], ['low', 'burst', 'threads', 'pipe'], {
      version: ['java', '-version'],
      // With two threads one write may have two events, of which the marks know one.
      ...(style === 'jul' && { starts: /^[A-Z][a-z]{2} \d+, \d{4} / }),
    }),
  ),
  program(
    'java-log4j2-file',
    [...java('java'), '-Dlog4j2.configurationFile=log4j2-file.xml', 'Logs', 'log4j2'],
    ['low', 'burst'],
  ),
  {
    name: 'java-log4j2-block',
    loads: ['low', 'block'],
    command: (load) => {
      const file = load === 'block' ? 'log4j2-block.xml' : 'log4j2-file.xml';
      return [...java('java'), `-Dlog4j2.configurationFile=${file}`, 'Logs', 'log4j2', '200', load];
    },
  },
  program('java-dump', [...java('java'), 'Dump'], ['low'], { version: ['java', '-version'] }),
  program('kotlin', [...java('kotlin.jar'), 'LogsKt'], ['low', 'burst', 'threads']),
  program('scala', ['scala', '-nc', '-cp', `${built}/scala`, 'Logs'], ['low', 'burst']),
  program('clojure', ['clojure', join(programs, 'logs.clj')], ['low', 'burst']),
  ...['console', 'uncaught'].map((style) =>
    program(
      `node-${style}`,
      ['node', join(programs, 'logs.js'), style],
      style === 'console' ? ['low', 'burst', 'pipe'] : ['low'],
      { version: ['node', '--version'] },
    ),
  ),
  ...['pino', 'winston', 'bunyan'].map((style) =>
    program(`node-${style}`, ['node', join(programs, 'logs.js'), style], ['low', 'burst'], {
      env: () => ({ NODE_PATH: `${built}/node_modules` }),
    }),
  ),
  ...['logger', 'puts', 'warn', 'uncaught'].map((style) =>
    program(
      `ruby-${style}`,
      ['ruby', join(programs, 'logs.rb'), style],
      style === 'uncaught' ? ['low'] : ['low', 'burst', 'threads', 'pipe'],
      {
        version: ['ruby', '--version'],
      },
    ),
  ),
  ...['error_log', 'stderr', 'uncaught'].map((style) =>
    program(
      `php-${style}`,
      ['php', join(programs, 'logs.php'), style],
      style === 'uncaught' ? ['low'] : ['low', 'burst', 'pipe'],
      { version: ['php', '--version'] },
    ),
  ),
  ...['warn', 'carp', 'stdout'].map((style) =>
    program(
      `perl-${style}`,
      ['perl', join(programs, 'logs.pl'), style],
      style === 'stdout' ? ['low', 'block'] : ['low', 'burst', 'pipe'],
      {
        version: ['perl', '--version'],
      },
    ),
  ),
  ...Object.entries({ log: /^\d{4}\//, slog: /^/, panic: /^(\d{4}\/|panic: )/, stack: /^(\d{4}\/|goroutine )/ }).map(
    ([style, starts]) =>
      program(`go-${style}`, [`${built}/go`, style], ['pipe'], { version: ['go', 'version'], starts }),
  ),
  ...['print', 'panic', 'backtrace'].map((style) =>
    program(`rust-${style}`, [`${built}/rust`, style], ['low', 'burst', 'pipe'], {
      version: ['rustc', '--version'],
      env: () => ({ RUST_BACKTRACE: style === 'backtrace' ? '1' : '0' }),
    }),
  ),
  ...['stderr', 'stdout'].map((style) =>
    program(
      `c-${style}`,
      [`${built}/c`, style],
      style === 'stdout' ? ['low', 'block'] : ['low', 'burst', 'threads', 'pipe'],
      {
        version: ['gcc', '--version'],
      },
    ),
  ),
  ...['cerr', 'cout'].map((style) =>
    program(
      `cpp-${style}`,
      [`${built}/cpp`, style],
      style === 'cout' ? ['low', 'block'] : ['low', 'burst', 'threads', 'pipe'],
    ),
  ),
  ...['console', 'uncaught'].map((style) =>
    program(
      `mono-${style}`,
      ['mono', `${built}/logs.exe`, style],
      style === 'uncaught' ? ['low'] : ['low', 'burst', 'threads'],
      { version: ['mono', '--version'] },
    ),
  ),
  program('elixir-logger', ['elixir', join(programs, 'logs.exs')], ['low', 'burst', 'pipe'], {
    version: ['elixir', '--short-version'],
  }),
  program('erlang-logger', ['escript', join(programs, 'logs.erl')], ['low', 'burst']),
  program('lua', ['lua5.4', join(programs, 'logs.lua')], ['low', 'burst'], { version: ['lua5.4', '-v'] }),
  program('tcl', ['tclsh', join(programs, 'logs.tcl')], ['low', 'burst', 'pipe']),
  program('r', ['Rscript', join(programs, 'logs.R')], ['low', 'burst'], { version: ['Rscript', '--version'] }),
  program('ocaml', [`${built}/ocaml`], ['low', 'burst', 'pipe'], {
    version: ['ocaml', '-version'],
    env: () => ({ OCAMLRUNPARAM: 'b' }),
  }),
  program('guile', ['guile', '--no-auto-compile', join(programs, 'logs.scm')], ['low', 'burst'], {
    version: ['guile', '--version'],
  }),
  program('fortran', [`${built}/fortran`], ['low', 'pipe'], { version: ['gfortran', '--version'] }),
  program('bash-xtrace', ['bash', join(programs, 'xtrace.sh')], ['low', 'burst'], { version: ['bash', '--version'] }),
  program('gawk', ['gawk', '-f', join(programs, 'logs.awk'), '--'], ['low', 'burst']),
  ...['traceback', 'logging', 'print'].map((style) => {
    const script = { traceback: 'raises.py', logging: 'logs.py', print: 'prints.py' }[style] ?? '';
    return program(`pypy-${style}`, ['pypy3', join(programs, script)], ['low', 'burst', 'threads'], {
      version: ['pypy3', '--version'],
    });
  }),
  program('groovy', ['groovy', join(programs, 'logs.groovy')], ['low', 'burst', 'pipe'], {
    version: ['groovy', '--version'],
  }),
  program('sbcl', ['sbcl', '--script', join(programs, 'logs.lisp')], ['low', 'burst', 'pipe'], {
    version: ['sbcl', '--version'],
  }),
  program('racket', ['racket', join(programs, 'logs.rkt')], ['low', 'burst', 'pipe'], {
    version: ['racket', '--version'],
  }),
  program(
    'swi-prolog',
    ['swipl', '-g', 'main', '-t', 'halt', join(programs, 'logs-prolog.pl'), '--'],
    ['low', 'burst', 'pipe'],
    { version: ['swipl', '--version'] },
  ),
  program('raku', ['raku', join(programs, 'logs.raku')], ['low', 'burst', 'pipe'], { version: ['raku', '--version'] }),
  ...Object.entries({ nim: 'nim', crystal: 'crystal', ada: 'gnatmake', d: 'ldc2', haskell: 'ghc' }).map(
    ([name, compiler]) =>
      // Each failure of nim is a process of its own, whose lines a pipe brings into one stream.
      program(name, [`${built}/${name}`], name === 'nim' ? ['low', 'burst'] : ['low', 'burst', 'pipe'], {
        version: [compiler, '--version'],
      }),
  ),
  program('postgres', ['sh', join(programs, 'postgres.sh')], ['burst'], {
    version: ['postgres', '--version'],
    starts: /^\S+ \S+ \S+ \[\d+\] (\S+ )?(LOG|ERROR|FATAL|WARNING|NOTICE): /,
  }),
];
