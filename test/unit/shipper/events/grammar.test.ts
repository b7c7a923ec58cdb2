/** Traces of runtimes between two ordinary lines, with what makes them hard: each is one record, however it is written. */
import type { EventSettings } from '../../../../src/shipper/events/room.js';
import { shareAssembly } from '../../../../src/shipper/source/frames/assembly.js';
import { LineAssembler } from '../../../../src/shipper/source/frames/line-assembler.js';
import { AUTO } from '../../../events/trial.js';
import { recordsOf, stdoutOrigin } from '../../../support/batches.js';

interface Step {
  readonly text: string;
  readonly timeMs?: number;
}

function recordsFrom(writes: readonly (string | Step)[], settings: EventSettings = AUTO): string[] {
  const shared = shareAssembly(1_000_000, Number.POSITIVE_INFINITY, settings);
  const assembler = new LineAssembler(stdoutOrigin, shared);
  writes.forEach((write, i) => {
    const { text, timeMs = 0 } = typeof write === 'string' ? { text: write } : write;
    const bytes = Buffer.from(text, 'latin1');
    assembler.write(bytes, 0, bytes.length, timeMs, i * 32_768, timeMs);
  });
  assembler.flush();
  return recordsOf(shared.builder.finish()).map(({ message }) => message);
}

const TRACES: Readonly<Record<string, string>> = {
  'Java: causes, suppressed, elided frames': `Exception in thread "main" java.lang.IllegalStateException: a
\tat pkg.Cls.lambda$main$0(Cls.java:3)
\tat java.base/java.lang.Thread.run(Thread.java:840)
\tSuppressed: java.io.IOException: b
\t\tat pkg.Cls.close(Cls.java:4)
\t\t... 3 more
Caused by: java.lang.RuntimeException: c
\tat pkg.Cls.f(Native Method)
\t... 23 more
Caused by: [CIRCULAR REFERENCE: java.lang.IllegalStateException: a]`,
  'Kotlin, root cause first': `kotlin.KotlinNullPointerException
\tat AppKt.main(App.kt:3) ~[app.jar:?]
Wrapped by: java.lang.Exception: x
\tat AppKt.run(App.kt:9)
\t... 23 common frames omitted`,
  'Java: a dump of threads': `2026-11-28 04:59:41
Full thread dump OpenJDK 64-Bit Server VM (17.0.15+6 mixed mode):

"main" #1 prio=5 os_prio=0 tid=0x00007f nid=0x1 waiting on condition
   java.lang.Thread.State: TIMED_WAITING (sleeping)
\tat java.lang.Thread.sleep(Native Method)
\t- locked <0x0000> (a java.lang.Object)

JNI global refs: 12, weak refs: 0

Heap
 def new generation   total 1K, used 1K
`,
  'Java: notice of a crash': `#
# A fatal error has been detected by the Java Runtime Environment:
#
#  SIGSEGV (0xb) at pc=0x00007f, pid=1, tid=2
#
# If you would like to submit a bug report, please visit:
#   https://bugreport.java.com/
#`,
  'Python: chained': `Traceback (most recent call last):
  File "a.py", line 3, in f
    return {}["x"]
           ~~^^^^^
  [Previous line repeated 18 more times]
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 5, in g
    raise ValueError("y")
ValueError: y

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "a.py", line 9, in <module>
RuntimeError`,
  'Python: an error of syntax': `  File "a.py", line 1
    def f(
         ^
SyntaxError: '(' was never closed`,
  'Node: a cause and errors of an aggregate': `AggregateError: all failed
    at main (/app/a.js:3:9)
    at async run (node:internal/process:95:5) {
  code: 'E_ALL',
  [errors]: [
    Error: one
        at main (/app/a.js:1:2)
  ],
  [cause]: TypeError [ERR_X]: two
      at main (/app/a.js:2:2)
}`,
  'Node: not caught': `/app/a.js:2
    throw new Error('x');
    ^

Error: x
    at Object.<anonymous> (/app/a.js:2:11)
    ... 2 lines matching cause stack trace ...

Node.js v20.20.2`,
  '.NET: inner exceptions': `Unhandled exception. System.InvalidOperationException: a
 ---> System.ArgumentException: b
   at App.Program.F(Int32 x) in /src/Program.cs:line 3
   --- End of inner exception stack trace ---
   at App.Program.Main() in /src/Program.cs:line 9
--- End of stack trace from previous location ---
   at App.Program.Run()`,
  'Go: a panic and its goroutines': `panic: a [recovered]
\tpanic: b

goroutine 1 [running]:
main.f(...)
\t/src/main.go:3
main.main()
\t/src/main.go:9 +0x25

goroutine 7 [chan receive]:
main.(*Shop).run(0xc000012345)
\t/src/shop.go:12 +0x1a
created by main.main in goroutine 1
\t/src/main.go:8 +0x11
exit status 2`,
  'Go: a signal': `panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48]

goroutine 1 [running]:
main.main()
\t/src/main.go:9 +0x25`,
  'Rust: with a backtrace': `thread 'main' (12) panicked at src/main.rs:2:65:
index out of bounds
stack backtrace:
   0: rust_begin_unwind
             at /rustc/lib.rs:1:2
   1: core::panicking::panic_fmt
note: Some details are omitted, run with \`RUST_BACKTRACE=full\` for a verbose backtrace.`,
  Ruby: `a.rb:14:in \`handle': cannot handle (ArgumentError)
\tfrom a.rb:11:in \`run'
\tfrom a.rb:20:in \`<main>'`,
  'Ruby 3.4': `a.rb:14:in 'Shop#handle': cannot handle (ArgumentError)
\tfrom a.rb:11:in 'Shop#run'`,
  'PHP: with a previous one': `PHP Fatal error:  Uncaught LogicException: a in /app/a.php:7
Stack trace:
#0 /app/a.php(9): fetch()
#1 {main}

Next RuntimeException: b in /app/a.php:9
Stack trace:
#0 {main}
  thrown in /app/a.php on line 9`,
  'Perl: confess': `no order at a.pl line 8.
\tmain::fetch(4, "two words") called at a.pl line 9
\tmain::run() called at a.pl line 12`,
  'C++: a report of a sanitizer': `=================================================================
==9==ERROR: AddressSanitizer: heap-use-after-free on address 0x602
READ of size 4 at 0x602 thread T0
    #0 0x55d in handle /src/shop.c:40

freed by thread T0 here:
    #0 0x55e in free
SUMMARY: AddressSanitizer: heap-use-after-free /src/shop.c:40 in handle
Shadow bytes around the buggy address:
  0x0c04: fa fa
=>0x0c05: fa[fd]
==9==ABORTING`,
  'C: frames of a debugger': `worker failed, stack:
#0  0x000055 in handle (i=4) at shop.c:40
#1  0x000056 in main () at shop.c:41`,
  Elixir: `** (ArgumentError) no order
    (stdlib 4.2) lists.erl:240: :lists.nth/2
    a.exs:2: (file)`,
  Lua: `lua: a.lua:5: attempt to index a nil value
stack traceback:
\ta.lua:5: in function 'fetch'
\t[C]: in ?`,
  OCaml: `Fatal error: exception Failure("x")
Raised at Stdlib.failwith in file "stdlib.ml", line 29, characters 17-33
Called from Dune__exe__Main in file "main.ml", line 1, characters 9-20`,
  Oracle: `ORA-06502: PL/SQL: numeric or value error
ORA-06512: at "SHOP.ORDERS", line 3
ORA-06512: at line 1`,
  'JSON over several lines': `{
  "order": 17,
  "items": [
    "a"
  ]
}`,
};

const BEFORE = 'order 1 accepted';
const AFTER = 'order 2 accepted';
const lines = (text: string) => text.split('\n').map((line) => `${line}\n`);

describe.each(Object.entries(TRACES))('%s', (_, trace) => {
  const expected = [BEFORE, trace, AFTER];

  test('a write per line', () => {
    expect(recordsFrom([...lines(BEFORE), ...lines(trace), ...lines(AFTER)])).toEqual(expected);
  });

  test('a write per event', () => {
    expect(recordsFrom([`${BEFORE}\n`, `${trace}\n`, `${AFTER}\n`])).toEqual(expected);
  });

  test('writes of a few bytes', () => {
    const text = `${expected.join('\n')}\n`;
    expect(recordsFrom(text.match(/[\s\S]{1,7}/g)!)).toEqual(expected);
  });

  test('twice, it is two records', () => {
    const twice = recordsFrom([...lines(trace), { text: `${AFTER}\n` }, ...lines(trace)]);
    expect(twice).toEqual([trace, AFTER, trace]);
  });
});

describe('what is not joined', () => {
  test.each([
    ['JSON lines', ['{"a":1}\n', '{"b":{"c":2}}\r\n', '  {"d":3}\n']],
    ['lines that look like parts of sentences', ['at noon\n', 'at night\n', '... done\n', 'from here on\n']],
    ['a ruled line and a title', ['==========\n', 'Nightly job\n', '==========\n', 'ready\n']],
    ['a numbered list', ['#1 first\n', '#2 second\n']],
    ['a name that ends in Error, and lines of others', ['Error: disk full\n', 'retrying\n', 'ready\n']],
    ['empty lines', ['a\n', '\n', '\n', 'b\n']],
    [
      'an event that says nothing of trouble, and a trace',
      ['2026-11-28 10:00:00 INFO ok\n', 'Traceback (most recent call last):\n'],
    ],
    ['bare lines of one small write', ['alpha\nbeta\ngamma\n'.repeat(3)]],
    ['comments', ['# one\n', '#\n', '# two\n']],
    ['the version of Node', ['ready\n', 'Node.js v20.20.2\n']],
  ])('%s', (_, writes) => {
    const expected = writes.join('').replace(/\n$/, '').split('\n');
    expect(recordsFrom(writes)).toEqual(expected.map((line) => line.replace(/\r$/, '')));
  });
});

describe('writes', () => {
  test('a write that begins as a log event does is one, up to the next such begin', () => {
    const one = '2026-11-28 10:00:00,000 WARN order 3:\nitem 1 of 2\n\titem 2 of 2';
    expect(recordsFrom([`${one}\n`, `${one}\n`])).toEqual([one, one]);
    expect(recordsFrom([`${one}\n${one}\n`])).toEqual([one, one]);
  });

  test('the same lines, a write each, are joined only where they are indented', () => {
    const writes = ['2026-11-28 10:00:00,000 WARN order 3:\n', 'item 1 of 2\n', '\titem 2 of 2\n'];
    expect(recordsFrom(writes)).toEqual(['2026-11-28 10:00:00,000 WARN order 3:', 'item 1 of 2\n\titem 2 of 2']);
  });

  test('a buffer that was full says nothing: its lines are taken by what they say', () => {
    const line = '2026-11-28 10:00:00,000 INFO order\nbare line\n';
    const records = recordsFrom([line.repeat(200).slice(0, 8192), line.repeat(200).slice(8192)]);
    expect(records).toEqual(line.repeat(200).trimEnd().split('\n'));
  });

  test('PostgreSQL explains an error in lines with its prefix', () => {
    const error = ['ERROR:  no relation', 'DETAIL:  none', 'HINT:  try', 'STATEMENT:  select 1']
      .map((text) => `2026-11-28 10:00:00.000 UTC [9] ${text}`)
      .join('\n');
    expect(recordsFrom([`${error}\n`, `${error}\n`])).toEqual([error, error]);
  });
});

describe('bounds', () => {
  const trace = (frames: number) => [
    'java.lang.Error: x\n',
    ...Array.from({ length: frames }, (_, i) => `\tat a.B.c(D.java:${i})\n`),
  ];

  test('an event with too many lines goes on in another record', () => {
    const records = recordsFrom(trace(24), { ...AUTO, maxLines: 10 });
    expect(records.map((record) => record.split('\n').length)).toEqual([10, 10, 5]);
    expect(records.join('\n')).toBe(trace(24).join('').trimEnd());
  });

  test('an event with too many bytes goes on in another record', () => {
    const records = recordsFrom(trace(100), { ...AUTO, maxBytes: 1000 });
    for (const record of records) expect(record.length).toBeLessThanOrEqual(1000);
    expect(records.join('\n')).toBe(trace(100).join('').trimEnd());
  });

  test('a line that is written long after the others is another event, by the times of writes', () => {
    const [head, ...frames] = trace(2);
    const steps = [{ text: head! }, { text: frames[0]!, timeMs: 999 }, { text: frames[1]!, timeMs: 1999 }];
    expect(recordsFrom(steps)).toEqual([`${head}${frames[0]}`.trimEnd(), frames[1]!.trimEnd()]);
  });
});

describe('waiting', () => {
  test('an indented line joins a line without a sign of trouble for a quarter of a second, by the times of writes', () => {
    expect(recordsFrom(['items:\n', { text: '  shoes\n', timeMs: 249 }])).toEqual(['items:\n  shoes']);
    expect(recordsFrom(['items:\n', { text: '  shoes\n', timeMs: 250 }])).toEqual(['items:', '  shoes']);
  });

  test('a line that says trouble waits longer', () => {
    expect(recordsFrom(['failed:\n', { text: '  shoes\n', timeMs: 999 }])).toEqual(['failed:\n  shoes']);
  });
});

describe('settings', () => {
  const isNotIndented: EventSettings = { ...AUTO, isFirstLine: (line) => line.at(0) !== 0x20 && line.at(0) !== 0x09 };

  test('indent: a line and the indented lines after it', () => {
    expect(recordsFrom(['a\n', ' b\n', '\tc\n', 'd\n'], isNotIndented)).toEqual(['a\n b\n\tc', 'd']);
  });

  test('a first line of its own kind: lines that are none join', () => {
    const settings: EventSettings = { ...AUTO, isFirstLine: (line) => line.has('>') };
    expect(recordsFrom(['x\n', '>a\n', '{"b":1}\n', '\n', '>c\n'], settings)).toEqual(['x', '>a\n{"b":1}\n', '>c']);
  });
});
