/** Traces in which supervisors and web servers put a prefix before every line: each is one record, prefixes included. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { shareAssembly } from '../../../../src/shipper/source/frames/assembly.js';
import { LineAssembler } from '../../../../src/shipper/source/frames/line-assembler.js';
import { AUTO } from '../../../events/trial.js';
import { recordsOf, stdoutOrigin } from '../../../support/batches.js';

function recordsFrom(writes: readonly string[], apartMs = 0): string[] {
  const shared = shareAssembly(1_000_000, Number.POSITIVE_INFINITY, AUTO);
  const assembler = new LineAssembler(stdoutOrigin, shared);
  writes.forEach((write, i) => {
    const bytes = Buffer.from(write, 'latin1');
    assembler.write(bytes, 0, bytes.length, i * apartMs, i * 32_768, 0);
  });
  assembler.flush();
  return recordsOf(shared.builder.finish()).map(({ message }) => message);
}

const JAVA = [
  'java.lang.IllegalStateException: a',
  '\tat pkg.Cls.f(Cls.java:3)',
  'Caused by: java.io.IOException: b',
  '\t... 1 more',
];
const PYTHON = [
  'Traceback (most recent call last):',
  '  File "/srv/a.py", line 3, in f',
  '    raise ValueError("x")',
  'ValueError: x',
];
const PHP = [
  'PHP Fatal error:  Uncaught Exception: x in /srv/a.php:3',
  'Stack trace:',
  '#0 /srv/a.php(9): f()',
  '#1 {main}',
  '  thrown in /srv/a.php on line 3',
];
const GO = ['panic: x', '', 'goroutine 1 [running]:', 'main.f(...)', '\t/srv/a.go:3 +0x25'];
const PERL = ['x at a.pl line 1.', '\tmain::f(1) called at a.pl line 9'];
const TRACES = { JAVA, PYTHON, PHP, GO, PERL };

type Wrap = (text: string, n: number) => string;
const fpm = (text: string, n: number) =>
  `[28-Nov-2026 10:00:0${n}] WARNING: [pool www] child 5059 said into stderr: "${text}"`;
const apache = (n: number) => `[Sat Nov 28 10:00:0${n}.177049 2026]`;

const WRAPPERS: Readonly<Record<string, Wrap>> = {
  'php-fpm': fpm,
  'php-fpm, which says when the pipe is closed': (text, n) => `${fpm(text, n)}${n === 4 ? ', pipe is closed' : ''}`,
  'php-fpm, with the notice of PHP on the first line': (text, n) =>
    fpm(n === 1 ? `NOTICE: PHP message: ${text}` : text, n),
  'Apache, stderr of a CGI program': (text, n) =>
    `${apache(n)} [cgi:error] [pid 1:tid 2] [client 1.2.3.4:5] AH01215: stderr from /srv/x.cgi: ${text}`,
  'Apache, the program behind the text': (text, n) =>
    `${apache(n)} [cgid:error] [pid 1] [client 1.2.3.4:5] AH01215: ${text}: /srv/x.cgi`,
  'Apache, with a referer': (text, n) =>
    `${apache(n)} [cgi:error] [pid 1] [client 1.2.3.4:5] AH01215: ${text}: /srv/x.cgi, referer: http://a.example/`,
  'Apache, mod_wsgi': (text, n) => `${apache(n)} [wsgi:error] [pid 1:tid 2] [remote 1.2.3.4:5] ${text}`,
  'docker compose': (text) => `app_1  | ${text}`,
  foreman: (text) => `web.1 | ${text}`,
  'foreman with a time': (text, n) => `10:00:0${n} web.1  | ${text}`,
  CRI: (text, n) => `2026-11-28T10:00:00.${n}23456789Z stderr F ${text}`,
  'CRI, fractions of several lengths': (text, n) => `2026-11-28T10:00:00.${'1234567'.slice(n)}Z stdout F ${text}`,
  'CRI, with an offset': (text, n) => `2026-11-28T10:00:0${n}.1+01:00 stderr F ${text}`,
  syslog: (text, n) => `Nov 28 10:00:0${n} host app[123]: ${text}`,
  'syslog, a day of one digit': (text, n) => `Nov  8 10:00:0${n} host app: ${text}`,
  'syslog with a priority': (text, n) => `<14>Nov 28 10:00:0${n} host app[123]: ${text}`,
  'syslog, RFC 5424': (text, n) => `<14>1 2026-11-28T10:00:0${n}.003Z host app 123 - - ${text}`,
  'docker compose logs -t': (text, n) => `app-1  | 2026-11-28T10:00:00.${n}23456789Z ${text}`,
  'docker service logs': (text) => `shop_app.1.k2x8z@node-1    | ${text}`,
  'docker logs -t': (text, n) => `2026-11-28T10:00:00.${n}23456789Z ${text}`,
  'kubectl logs --timestamps': (text, n) => `2026-11-28T10:00:00.${n}23456789+01:00 ${text}`,
  'kubectl logs --prefix': (text) => `[pod/shop-6d4cf56db6-x2x7k/app] ${text}`,
  'kubectl logs --prefix --timestamps': (text, n) => `[pod/shop-0/app] 2026-11-28T10:00:00.${n}23456789Z ${text}`,
  'podman-compose': (text) => `[app] | ${text}`,
  'pm2 logs': (text) => `0|app      | ${text}`,
  'pm2 logs with a time': (text, n) => `12|shop-api | 2026-11-28T10:00:0${n}: ${text}`,
  'pm2 logs with a date format': (text, n) => `0|app | 2026-11-28 10:00:0${n} +00:00: ${text}`,
  'pm2 --time': (text, n) => `2026-11-28T10:00:0${n}: ${text}`,
  'supervisor-stdout': (text) => `app stderr | ${text}`,
  'supervisor-stdout of a group': (text) => `shop:app_00 stdout | ${text}`,
  heroku: (text, n) => `2026-11-28T10:00:00.${n}23456+00:00 app[web.1]: ${text}`,
  'multilog, TAI64N': (text, n) => `@400000006569b0a${n}1dcd6500 ${text}`,
  'journald, ISO times': (text, n) => `2026-11-28T10:00:0${n}+0000 host app[123]: ${text}`,
  'Rails, the id of a request': (text) => `[c0ffee00-1111-4222-8333-444455556666] ${text}`,
  'Rails, two tags': (text) => `[c0ffee00-1111-4222-8333-444455556666] [10.0.0.1] ${text}`,
  'the kernel': (text, n) => `[12345.67890${n}] ${text}`,
  'the kernel, by syslog': (text, n) => `Nov 28 10:00:00 host kernel: [    1.00000${n}] ${text}`,
  'dmesg -T': (text, n) => `[Sat Nov 28 10:00:0${n} 2026] ${text}`,
  'Airflow, a program': (text, n) => `[2026-11-28, 10:00:0${n} UTC] {subprocess.py:93} INFO - ${text}`,
  logcat: (text, n) => `11-28 10:00:00.12${n}  1234  1250 E app: ${text}`,
  'logcat, brief': (text) => `E/app     ( 1234): ${text}`,
};
const cases = Object.entries(WRAPPERS).flatMap(([name, wrap]) =>
  Object.entries(TRACES).map(([language, trace]) => ({ name, language, wrap, trace })),
);

describe.each(cases)('$name, $language', ({ wrap, trace }) => {
  const event = trace.map((text, i) => wrap(text, i + 1));
  const lines = [wrap('order 1 accepted', 0), ...event, wrap('order 2 accepted', 9), wrap('order 3 accepted', 9)];
  const expected = [lines[0]!, event.join('\n'), ...lines.slice(-2)];

  test('a write per line', () => {
    expect(recordsFrom(lines.map((line) => `${line}\n`))).toEqual(expected);
  });

  test('one write, and writes cut anywhere', () => {
    const text = `${lines.join('\n')}\n`;
    expect(recordsFrom([text])).toEqual(expected);
    expect(recordsFrom(text.match(/[\s\S]{1,97}/g)!)).toEqual(expected);
  });

  test('two traces are two records', () => {
    expect(recordsFrom([...event, ...event].map((line) => `${line}\n`))).toEqual([event.join('\n'), event.join('\n')]);
  });
});

describe('lines of several origins are never joined', () => {
  test.each([
    ['two containers', (n: number) => `app_${n}  | `],
    ['two process ids of syslog', (n: number) => `Nov 28 10:00:00 host app[${n}]: `],
    ['two hosts', (n: number) => `Nov 28 10:00:00 host${n} app[1]: `],
    ['two streams of CRI', (n: number) => `2026-11-28T10:00:00.1Z ${n === 1 ? 'stdout' : 'stderr'} F `],
    [
      'two clients of Apache',
      (n: number) => `${apache(1)} [cgi:error] [pid 1] [client 1.2.3.4:${n}] AH01215: stderr from /a: `,
    ],
    [
      'two children of php-fpm',
      (n: number) => `[28-Nov-2026 10:00:00] WARNING: [pool www] child ${n} said into stderr: "`,
    ],
    ['two pods of kubectl', (n: number) => `[pod/shop-${n}/app] `],
    ['two containers of kubectl', (n: number) => `[pod/shop-0/app${n}] `],
    ['two programs of pm2', (n: number) => `${n}|app | `],
    ['two streams of a program of supervisord', (n: number) => `app ${n === 1 ? 'stdout' : 'stderr'} | `],
    ['two dynos', (n: number) => `2026-11-28T10:00:00.1+00:00 app[web.${n}]: `],
    ['two replicas of a service', (n: number) => `app.${n}.k2x8z@node-1 | 2026-11-28T10:00:00.123456789Z `],
    ['two requests of Rails', (n: number) => `[c0ffee00-1111-4222-8333-44445555666${n}] `],
    ['two threads of logcat', (n: number) => `11-28 10:00:00.123  1234  125${n} E app: `],
    ['two files of Airflow', (n: number) => `[2026-11-28, 10:00:00 UTC] {a${n}.py:93} INFO - `],
    ['two processes of RFC 5424', (n: number) => `<14>1 2026-11-28T10:00:00Z host app ${n} - - `],
  ])('%s', (_, prefix) => {
    const lines = PYTHON.map((text, i) => `${prefix((i % 2) + 1)}${text}`);
    expect(recordsFrom(lines.map((line) => `${line}\n`))).toEqual(lines);
  });

  test('a line without the prefix, after lines with it', () => {
    const lines = PYTHON.slice(0, 3).map((text) => `app_1  | ${text}`);
    expect(recordsFrom([...lines, 'server ready', ''].map((line) => `${line}\n`))[0]).toBe(lines.join('\n'));
  });
});

describe('lines of RabbitMQ', () => {
  const at = (micros: number, process = 1) => `2026-11-28 10:00:00.12345${micros}+00:00 [error] <0.${process}.0> `;

  test('of one time and process are one event', () => {
    const lines = [`${at(1)}connection closed`, `${at(1)}reason: x`, `${at(2)}connection closed`];
    expect(recordsFrom(lines.map((line) => `${line}\n`))).toEqual([lines.slice(0, 2).join('\n'), lines[2]]);
  });

  test('of two processes are not', () => {
    const lines = [`${at(1)}connection closed`, `${at(1, 2)}reason: x`];
    expect(recordsFrom(lines.map((line) => `${line}\n`))).toEqual(lines);
  });
});

describe('a partial line of CRI', () => {
  const at = (n: number, tag: string) => `2026-11-28T10:00:00.${n}Z stdout ${tag} `;

  test('goes on in the next one, also in one that begins as an event does', () => {
    const lines = [
      `${at(1, 'P')}2026-11-28 INFO a`,
      `${at(2, 'P')}{"b":1}`,
      `${at(3, 'F')}2026-11-28 c`,
      `${at(4, 'F')}d`,
    ];
    expect(recordsFrom(lines.map((line) => `${line}\n`))).toEqual([lines.slice(0, 3).join('\n'), lines[3]]);
  });

  test('of another stream does not', () => {
    const lines = [`${at(1, 'P')}a`, '2026-11-28T10:00:00.2Z stderr F b'];
    expect(recordsFrom(lines.map((line) => `${line}\n`))).toEqual(lines);
  });

  test('may be part of a trace', () => {
    const lines = [
      `${at(1, 'P')}java.io.IOException: a`,
      `${at(2, 'F')}b`,
      `${at(3, 'F')}\tat a.B.c(B.java:1)`,
      `${at(4, 'F')}d`,
    ];
    expect(recordsFrom(lines.map((line) => `${line}\n`))).toEqual([lines.slice(0, 3).join('\n'), lines[3]]);
  });
});

test('a time that goes on to the next minute is the same prefix', () => {
  const lines = PYTHON.map((text, i) => `Nov 28 10:0${i < 2 ? '0:59' : '1:00'} host app[1]: ${text}`);
  expect(recordsFrom(lines.map((line) => `${line}\n`))).toEqual([lines.join('\n')]);
});

test('a prefix on the first line only is what it was', () => {
  const lines = [`Nov 28 10:00:00 host app[1]: ERROR ${JAVA[0]}`, ...JAVA.slice(1)];
  expect(recordsFrom([...lines, 'x'].map((line) => `${line}\n`))).toEqual([lines.join('\n'), 'x']);
});

describe('ordinary logs stay as they are behind a prefix', () => {
  const directory = join(__dirname, '../../../events/ordinary');
  const PREFIXES = ['syslog', 'docker compose', 'CRI', 'php-fpm', 'Apache, stderr of a CGI program'];
  test.each(readdirSync(directory))('%s', (name) => {
    const lines = gunzipSync(readFileSync(join(directory, name)))
      .toString('latin1')
      .replace(/\n$/, '')
      .split('\n')
      .slice(0, 1000);
    for (const prefix of PREFIXES) {
      const wrapped = lines.map((line, i) => `${WRAPPERS[prefix]!(line, i % 10)}\n`);
      expect(recordsFrom(wrapped).filter((record) => record.includes('\n'))).toEqual([]);
      expect(recordsFrom(wrapped.join('').match(/[\s\S]{1,8192}/g)!).filter((record) => record.includes('\n'))).toEqual(
        [],
      );
    }
  });
});

test.each(Object.entries(TRACES))('%s, written slowly behind a prefix, waits for its lines as without', (_, trace) => {
  const lines = trace.map((text) => `app_1  | ${text}\n`);
  const joined = (writes: readonly string[]) => recordsFrom(writes, 400).length;
  expect(joined(lines)).toBe(joined(trace.map((text) => `${text}\n`)));
});
