import fc from 'fast-check';
import { levelOf } from '../../../../src/shipper/fields/level/level';

const of = (line: string): number => {
  const bytes = Buffer.from(`x${line}y`);
  return levelOf(bytes, 1, bytes.length - 1);
};
const [TRACE, DEBUG, INFO, WARN, ERROR, FATAL] = [1, 5, 9, 13, 17, 21];

describe('the level of a record', () => {
  it.each([
    // JSON
    ['{"level":"error","msg":"x"}', ERROR],
    ['{"level":30,"time":1700000000000,"msg":"pino"}', INFO],
    ['{"name":"bunyan","level":50}', ERROR],
    ['{"level":35}', INFO],
    ['{"msg":"a \\"level\\":\\"debug\\" b","severity":"WARNING"}', WARN],
    ['{"@t":"2026-11-28T14:08:44Z","@mt":"hi"}', INFO],
    ['{"@t":"2026-11-28T14:08:44Z","@mt":"hi","@l":"Fatal"}', FATAL],
    ['{"log.level":"warn","message":"ecs"}', WARN],
    ['{"log":{"level":"error"},"message":"ecs"}', ERROR],
    ['{"lvl":"dbug"}', DEBUG],
    ['{"levelname":"CRITICAL"}', FATAL],
    ['{"levelno":40,"name":"python"}', ERROR],
    ['{"version":"1.1","short_message":"gelf","level":3}', ERROR],
    ['{"PRIORITY":"4","MESSAGE":"journald"}', WARN],
    ['{"level_value":40000}', ERROR],
    ['{"severityNumber":18,"body":"otel"}', 18],
    ['{"time":"t","level":"ERROR+2","msg":"slog"}', 19],
    ['{"time":"t","level":"INFO-4","msg":"slog"}', DEBUG],
    ['{"t":{"$date":"2026-11-28"},"s":"E","c":"NETWORK"}', ERROR],
    ['{ "level" : "Warning" }\r', WARN],
    ['{\n  "level": "error"\n}', ERROR],
    ['app-1 | {"level":"error"}', ERROR],
    ['2026-11-28T14:08:44Z stdout F {"level":"warn"}', WARN],
    ['[worker] {"a":[{"level":"x"}],"level":"info"}', INFO],
    // logfmt
    ['level=error msg="x"', ERROR],
    ['time=2026-11-28T14:08:44Z level=WARN msg="level=error"', WARN],
    ['ts=1 caller=x.go:1 lvl=dbug msg=a', DEBUG],
    ['2026-11-28T14:08:44Z level=error msg=x', ERROR],
    ['msg="said level=fatal" severity=info', INFO],
    // Java
    ['2026-11-28 14:08:44,123 [main] ERROR com.foo.Bar - boom', ERROR],
    ['14:08:44.123 [http-nio-8080-exec-1] WARN  c.e.Foo -- slow', WARN],
    ['123 [main] DEBUG com.foo.Bar  - x', DEBUG],
    ['2026-11-28 14:08:44,123 ERROR [com.foo.Bar] (default task-1) x', ERROR],
    ['2026-11-28T14:08:44.123Z  INFO 1 --- [app] [main] c.e.Foo : x', INFO],
    ['[2026-11-28 14:08:44,123] INFO [KafkaServer id=0] started (kafka.server.KafkaServer)', INFO],
    ['[2026-11-28T14:08:44,123][WARN ][o.e.n.Node] [n1] x', WARN],
    ['INFO  [main] 2026-11-28 14:08:44,123 Foo.java:12 - x', INFO],
    ['17/06/09 20:10:40 INFO executor.Executor: x', INFO],
    ['081109 203615 148 INFO dfs.DataNode$PacketResponder: x', INFO],
    ['2026-11-28 14:08:44,123 - INFO  [main:Foo@12] - x', INFO],
    ['28-Nov-2026 14:08:44.123 SEVERE [main] org.apache.catalina.Foo x', ERROR],
    ['Nov 28, 2026 2:08:44 PM com.foo.Bar main\nSEVERE: boom', ERROR],
    ['Nov 28, 2026 2:08:44 PM com.foo.Bar main\nINFO: fine', INFO],
    ['<Nov 28, 2026 2:08:44 PM UTC> <Error> <Server> <BEA-000001> <x>', ERROR],
    ['2026-11-28 14:08:44,123 [1] FATAL Company.Program [(null)] - x', FATAL],
    // Python
    ['ERROR:root:boom', ERROR],
    ['WARNING:django.request:Not Found: /x', WARN],
    ['2026-11-28 14:08:44,123 - my.app - CRITICAL - x', FATAL],
    ['2026-11-28 14:08:44,123 root ERROR x', ERROR],
    ['[2026-11-28 14:08:44 +0000] [12] [INFO] Booting worker', INFO],
    ['[2026-11-28 14:08:44,123: ERROR/MainProcess] x', ERROR],
    ['[2026-11-28T14:08:44.123+0000] {job.py:12} WARNING - x', WARN],
    ['INFO:     127.0.0.1:1234 - "GET / HTTP/1.1" 200 OK', INFO],
    // C, C++, Go, Rust
    ['I1128 14:08:44.123456       1 main.go:12] x', INFO],
    ['E1128 14:08:44.123456       1 main.go:12] x', ERROR],
    ['F20261128 14:08:44.123456 12 main.cc:12] x', FATAL],
    ['2026/11/28 14:08:44 ERROR failed err=x', ERROR],
    ['2026/11/28 14:08:44 main.go:12: ERROR: x', ERROR],
    ['ERRO[0012] x', ERROR],
    ['2026-11-28T14:08:44.123Z\tinfo\tserver/main.go:12\tx\t{"a":1}', INFO],
    ['2026-11-28T14:08:44.123Z [ERROR] agent: x', ERROR],
    ['2026-11-28 14:08:44.123456 I | etcdserver: x', INFO],
    ['[2026-11-28T14:08:44Z ERROR app::db] x', ERROR],
    ['2026-11-28T14:08:44.123456Z  WARN app::db: x', WARN],
    ['\u001b[2m2026-11-28T14:08:44Z\u001b[0m \u001b[31mERROR\u001b[0m app: x', ERROR],
    ['2026-11-28T14:08:44.123+0000 E NETWORK  [conn1] x', ERROR],
    // syslog and systemd
    ['<34>Nov 28 14:08:44 host su: x', FATAL - 3],
    ['<165>1 2026-11-28T14:08:44Z host app 1 ID47 - x', 10],
    ['<3>Category[0] x', ERROR],
    ['Nov 28 14:08:44 web-1 sshd[12]: error: PAM failed', ERROR],
    ['Nov 28 14:08:44 web postgres[12]: [3-1] ERROR:  x', ERROR],
    // servers
    ['2026/11/28 14:08:44 [error] 12#13: *5 open() failed', ERROR],
    ['nginx: [emerg] bind() failed', 23],
    ['[Sat Nov 28 14:08:44.123456 2026] [core:error] [pid 1:tid 2] [client 1.2.3.4:5] AH00: x', ERROR],
    ['[Sat Nov 28 14:08:44 2026] [notice] x', 10],
    ['127.0.0.1 - - [28/Nov/2026:14:08:44 +0000] "GET / HTTP/1.1" 502 12', ERROR],
    ['127.0.0.1 - frank [28/Nov/2026:14:08:44 +0000] "GET /a\\"b HTTP/1.1" 404 12 "-" "ERROR"', WARN],
    ['::1 - - [28/Nov/2026:14:08:44 +0000] "GET / HTTP/1.1" 200 12', INFO],
    ['2026-11-28 14:08:44.123 UTC [12] ERROR:  relation "x" does not exist', ERROR],
    ['2026-11-28 14:08:44.123 UTC [12] user@db FATAL:  x', FATAL],
    ['2026-11-28 14:08:44.123 UTC [12] LOG:  started', INFO],
    ['2026-11-28 14:08:44.123 UTC [12] STATEMENT:  select 1', INFO],
    ['2026-11-28T14:08:44.123456Z 0 [ERROR] [MY-012345] [Server] x', ERROR],
    ['2026-11-28 14:08:44 0 [Warning] x', WARN],
    ['261128 14:08:44 [Note] x', INFO],
    // others
    ['E, [2026-11-28T14:08:44.123456 #12] ERROR -- : x', ERROR],
    ['14:08:44.123 [error] x', ERROR],
    ['14:08:44.123 request_id=abc [warning] x', WARN],
    ['=ERROR REPORT==== 28-Nov-2026::14:08:44 ===\nx', ERROR],
    ['2026-11-28 14:08:44.123456+00:00 [error] <0.1.0> x', ERROR],
    ['error: x', ERROR],
    ['2026-11-28T14:08:44.123Z warn: x', WARN],
    ['fail: Company.Program[0]', ERROR],
    ['crit: Company.Program[0]', FATAL],
    ['2026-11-28 14:08:44 trce: Company.Program[0]', TRACE],
    ['[14:08:44 ERR] x', ERROR],
    ['2026-11-28 14:08:44.1234|ERROR|Company.Program|x', ERROR],
    ['[2026-11-28T14:08:44.123456+00:00] app.ERROR: x {} []', ERROR],
    ['[28-Nov-2026 14:08:44] NOTICE: fpm is running', 10],
    ['PHP Fatal error:  Uncaught x', FATAL],
    ['Traceback (most recent call last):\n  File "x"', ERROR],
    ['panic: boom', FATAL],
    ['Exception in thread "main" java.lang.Error: x', ERROR],
    ['2026-11-28 14:08:44, Info                  CBS    x', INFO],
    ['12:M 28 Nov 2026 14:08:44.123 # x', WARN],
    ['12:C 28 Nov 2026 14:08:44.123 . x', DEBUG],
    ['[ERROR] x', ERROR],
    ['ERROR x', ERROR],
  ])('%j is %i', (line, severity) => {
    expect(of(line)).toBe(severity);
  });

  it.each([
    '',
    '   ',
    'an ERROR occurred',
    'Server started',
    'The word ERROR in a message',
    '2026-11-28 14:08:44 request failed with ERROR 5',
    '2026-11-28 14:08:44 error while reading',
    '[main] the INFO desk',
    'Retrying after WARN from peer',
    'ERRORS: 3',
    'ERROR_CODE 12',
    'errors: none',
    'information is power',
    'Note that level=error is text',
    'we use level=error for that',
    '{"msg":"level: error"}',
    '{"data":{"level":"error"}}',
    '{"items":[{"level":"error"}]}',
    '{"level":"7 floors"}',
    '{"level":7,"msg":"ERROR"}',
    'waterlevel=error msg=x',
    'X1128 14:03:12.345678',
    '{"sealevel":"error"}',
    '{level: error}',
    '{"level":',
    'levels=error',
    'x.level==error',
    'TRACE /x HTTP/1.1',
    'TRACE',
    'FAIL test/x.test.js',
    'config: loaded',
    'I0128',
    'E1128 x',
    'W is a letter',
    '3 ERROR lines found',
    '<html><body>ERROR</body></html>',
    '<400>x',
    '<0.12.0> x',
    '127.0.0.1 - - [28/Nov/2026:14:08:44 +0000] "GET / HTTP/1.1" x',
    '[Error handler thread] started',
    '[DEBUG mode is on]',
    '(see ERROR above)',
    '2026-11-28 14:08:44 I AM HERE',
    'a='.repeat(3),
    '    at com.foo.ErrorHandler.handle(ErrorHandler.java:12)',
    'GET /error HTTP/1.1',
    'https://example.com/ERROR',
    '=== ERROR ===',
    'INFORMATION_SCHEMA.TABLES',
    '\u0000\u0001ERROR',
    'é ERROR',
  ])('%j has none', (line) => {
    expect(of(line)).toBe(0);
  });

  it('never reads beyond the record', () => {
    const bytes = Buffer.from('{"level":"error"}{"level":"info"} ERROR');
    expect(levelOf(bytes, 0, 8)).toBe(0);
    expect(levelOf(Buffer.from('2026-11-28 14:08:44 ERRORS'), 0, 25)).toBe(17);
    expect(levelOf(bytes, 34, 34)).toBe(0);
  });

  it('of any bytes is a number from 0 to 24', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const level = levelOf(bytes, 0, bytes.length);
        expect(level >= 0 && level <= 24).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  it('does not depend on what is around the record', () => {
    const parts = [
      'ERROR',
      ' ',
      '[',
      ']',
      ':',
      '{',
      '"',
      'level',
      '=',
      '2026-11-28',
      '14:08:44',
      '-',
      '|',
      'x',
      '\n',
      '<3>',
      'a.b',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 12 }), (words) => {
        const bytes = Buffer.from(words.join(''));
        const around = Buffer.concat([Buffer.from('ERROR ['), bytes, Buffer.from('] INFO: "level":"error"}')]);
        expect(levelOf(around, 7, 7 + bytes.length)).toBe(levelOf(bytes, 0, bytes.length));
      }),
      { numRuns: 5000 },
    );
  });
});
