/** Crashes of Dart, Julia, Swift and Zig, line by line between ordinary lines, and lines that only begin as they do. */
import { recordAt } from '../../../../src/shipper/records/record-batch.js';
import { shareAssembly } from '../../../../src/shipper/source/frames/assembly.js';
import { StreamAssembler } from '../../../../src/shipper/source/frames/stream-assembler.js';
import { AUTO } from '../../../events/trial.js';

const PLACES = 2 ** 15;

/** Records of lines of which each is a write of its own. */
function assembled(lines: readonly string[]): string[] {
  const shared = shareAssembly(1_000_000, Number.POSITIVE_INFINITY, AUTO);
  const origin = { id: 'x-1', stream: 'stdout', pid: 1, process: 'app', container: '' } as const;
  const assembler = new StreamAssembler(origin, shared, false);
  lines.forEach((text, i) => {
    const bytes = Buffer.from(`${text}\n`, 'latin1');
    assembler.write(bytes, 0, bytes.length, i, (i + 1) * PLACES, i, 0, false, 0);
  });
  assembler.flush();
  const batch = shared.builder.finish();
  return Array.from({ length: batch.count }, (_, i) => Buffer.from(recordAt(batch, i).message).toString('latin1'));
}

const BEFORE = 'order 1 accepted';
const AFTER = 'order 2 accepted';

test.each<[string, string[]]>([
  ['Dart', ['Unhandled exception:', 'Exception: order 7', '#0      f (file:///app/a.dart:3:3)']],
  [
    'Dart, a message of several lines',
    ['Unhandled exception:', 'FormatException: no number', 'x7', '^', '#0      int._throw (dart:core/int.dart:3:3)'],
  ],
  [
    'Dart, asynchronous',
    [
      'Unhandled exception:',
      'Bad state: closed',
      '#0      f (a.dart:3)',
      '<asynchronous suspension>',
      '#1      g (a.dart:4)',
    ],
  ],
  ['Julia', ['ERROR: LoadError: order 7', 'Stacktrace:', ' [1] error(s::String)', '   @ Base ./error.jl:35']],
  [
    'Julia, a message of two lines',
    [
      'ERROR: DomainError with -1.0:',
      'sqrt was called with a negative',
      'Stacktrace:',
      ' [1] f(x)',
      'in expression starting at /app/a.jl:3',
    ],
  ],
  [
    'Julia, a cause',
    [
      'ERROR: KeyError: key 7 not found',
      'Stacktrace:',
      ' [1] f(x)',
      '',
      'caused by: BoundsError: 7',
      'Stacktrace:',
      ' [1] g(x)',
    ],
  ],
  [
    'Swift',
    [
      'Fatal error: Index out of range: file a.swift, line 6',
      'Current stack trace:',
      '0    libswiftCore.so   0x00007f1 f + 109',
    ],
  ],
  [
    'Swift, a place before it',
    [
      'app/main.swift:12: Fatal error: order 7',
      'Current stack trace:',
      '0    app    0x0055 main + 12',
      '10   libc.so.6   0x007f start + 1',
    ],
  ],
  [
    'Zig',
    [
      'thread 4242 panic: integer overflow',
      '/app/main.zig:4:16: 0x103a in fetch (app)',
      '    return a + b;',
      '             ^',
    ],
  ],
  [
    'Zig, two frames and one without a place',
    [
      'thread 1 panic: reached unreachable code',
      '/a.zig:4:1: 0x10 in f (a)',
      '    f();',
      '???:?:?: 0x7f in ??? (libc.so.6)',
    ],
  ],
])('%s: one event', (_, lines) => {
  expect(assembled([BEFORE, ...lines, AFTER])).toEqual([BEFORE, lines.join('\n'), AFTER]);
});

test.each<[string, string[]]>([
  ['errors of C programs', ['Fatal error: cannot open a.txt', 'order 7', 'Fatal error: cannot open b.txt', 'order 8']],
  ['errors with a level', ['ERROR: LoadError in order 7', 'next order', 'ERROR: ValueError: order 8', 'next order']],
  ['threads that do not panic', ['thread 12 started', 'thread 12 panicked not', 'thread 12 ended']],
  ['a frame without a head', ['order 7', '0    app    0x0055 main + 12', '1    app    0x0056 f + 1']],
  ['a source file that is named', ['main.swift:12: warning: unused', 'main.swift:13: note: here']],
])('%s: each an event', (_, lines) => {
  expect(assembled([BEFORE, ...lines, AFTER])).toEqual([BEFORE, ...lines, AFTER]);
});
