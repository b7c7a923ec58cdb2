/** What libc itself prints: messages of its own, for which it may write inside, past every exported function. */
import { expectKept } from '../../native/test/zoo/coverage.js';
import { type Libc, program } from '../support/native-programs.js';
import { type Outcome, runPlain, runTapped, toSocket } from '../support/native-tap.js';
import { TapReceiver } from '../support/tap-receiver.js';

type Fate = 'captured' | 'not captured' | 'prints nothing';

interface Way {
  /** Of the program, which prints so. */
  readonly way: string;
  /** For the documentation; the way when absent. */
  readonly meaning?: string;
  readonly glibc: Fate;
  readonly musl: Fate;
  /** In what it prints without the library. */
  readonly text: string;
}

const everywhere = { glibc: 'captured', musl: 'captured' } as const;
const glibcOnly = { glibc: 'captured', musl: 'prints nothing' } as const;
const lost = { glibc: 'not captured', musl: 'prints nothing' } as const;

const WAYS: Way[] = [
  { way: 'perror', ...everywhere, text: 'perror: No such file' },
  { way: 'psignal', ...everywhere, text: 'psignal: Terminated' },
  { way: 'psiginfo', glibc: 'not captured', musl: 'captured', text: 'psiginfo: Terminated' },
  { way: 'warn', meaning: '`warn`, `warnx`', ...everywhere, text: 'warnx 2' },
  { way: 'errx', meaning: '`err`, `errx`', ...everywhere, text: 'errx 1' },
  { way: 'assert', ...everywhere, text: 'arguments == NULL' },
  { way: 'getopt_long', meaning: '`getopt`, `getopt_long`', ...everywhere, text: 'nothing' },
  { way: 'herror', ...everywhere, text: 'herror: ' },
  { way: 'fmtmsg', glibc: 'captured', musl: 'not captured', text: 'one:two: ERROR: fmtmsg' },
  { way: 'wordexp', meaning: '`wordexp` with `WRDE_SHOWERR`', ...everywhere, text: 'unset: wordexp' },
  { way: 'syslog', meaning: '`syslog`, `vsyslog` with `LOG_PERROR`', ...everywhere, text: 'disk 19 failed\n' },
  {
    way: 'syslog without stderr',
    meaning: '`syslog` with `LOG_PERROR`, after stderr was closed and came back',
    ...everywhere,
    text: 'app: to stderr again\n',
  },
  { way: 'error', meaning: '`error`, `error_at_line`', ...glibcOnly, text: 'file:7: error_at_line' },
  { way: 'argp_parse', ...glibcOnly, text: 'unrecognized option' },
  { way: 'malloc_stats', ...glibcOnly, text: 'system bytes' },
  { way: 'backtrace_symbols_fd', ...glibcOnly, text: '__libc_start_main' },
  {
    way: 'backtrace_symbols_fd in a handler',
    meaning: '`backtrace_symbols_fd` in a handler of SIGSEGV, on a stack of its own',
    ...glibcOnly,
    text: '__libc_start_main',
  },
  {
    way: 'free twice',
    meaning: '`free(): invalid pointer` and what else `malloc` says of a damaged heap',
    ...lost,
    text: 'free(): ',
  },
  { way: '__stack_chk_fail', meaning: '`*** stack smashing detected ***`', ...lost, text: 'stack smashing' },
  { way: '__chk_fail', meaning: '`*** buffer overflow detected ***` of fortified programs', ...lost, text: 'overflow' },
];

const LIBCS: Extract<Libc, 'glibc' | 'musl'>[] = ['glibc', 'musl'];

/** Numbers of processes and addresses differ from run to run. */
const comparable = (text: string) => text.replaceAll(/0x[0-9a-f]+/g, 'ADDRESS').replaceAll(/\[\d+\]/g, '[PID]');

let receiver: TapReceiver;
beforeEach(async () => {
  receiver = await TapReceiver.start();
});
afterEach(() => receiver.close());

async function run(way: string, libc: Libc, suppress: boolean) {
  const settings = toSocket(receiver.socket, { SUPPRESS_STDOUT: String(suppress), ON_FULL: 'block:5000' });
  const outcome = await runTapped(program('libc-prints', libc), [way], { settings });
  await receiver.settled();
  return { ...outcome, stderr: outcome.stderr.toString(), captured: receiver.text('stderr') };
}

const ending = ({ code, signal }: Pick<Outcome, 'code' | 'signal'>) => ({ code, signal });

describe.each(LIBCS)('%s', (libc) => {
  test.each(WAYS.filter((row) => row[libc] !== 'prints nothing'))('$way', async ({ way, text, [libc]: fate }) => {
    const plain = await runPlain(program('libc-prints', libc), [way]);
    const written = comparable(plain.stderr.toString());
    expect(written).toContain(text);

    const both = await run(way, libc, false);
    expect(ending(both)).toEqual(ending(plain));
    expect(comparable(both.stderr)).toBe(written);
    expect(both.captured).toBe(fate === 'captured' ? both.stderr : '');
    await receiver.close();

    receiver = await TapReceiver.start();
    const suppressed = await run(way, libc, true);
    expect(ending(suppressed)).toEqual(ending(plain));
    expect(comparable(suppressed.captured)).toBe(fate === 'captured' ? written : '');
    expect(comparable(suppressed.stderr)).toBe(fate === 'captured' ? '' : written);
  });
});

test.each([false, true])(
  'a backtrace for which there is no pipe is in the original, and counted; suppress %s',
  async (suppress) => {
    const outcome = await run('backtrace_symbols_fd without a descriptor', 'glibc', suppress);
    expect(ending(outcome)).toEqual({ code: 0, signal: null });
    const lines = outcome.stderr.split('\n').filter((line) => line.startsWith('[') || line.includes('['));
    expect(lines.length).toBeGreaterThan(2);
    expect(outcome.captured).toBe('begins\n');
    expect(receiver.processes()[0]?.lost.lines).toBe(BigInt(lines.length));
  },
);

test('docs/reference/coverage.md says the same', () => {
  const cell = { captured: 'yes', 'not captured': '**no**', 'prints nothing': '-' };
  const rows = WAYS.map(
    (row) => `| ${row.meaning ?? `\`${row.way}\``} | ${LIBCS.map((libc) => cell[row[libc]]).join(' | ')} |`,
  );
  expectKept('libc-prints', ['| printed by | glibc | musl |', '|---|---|---|', ...rows].join('\n'));
});
