/** The level of a message, as programs write it. */
import fc from 'fast-check';
import { levelOf } from '../../../../src/shipper/fields/level.js';

const NUMBERS = {
  none: 0,
  trace: 1,
  debug: 5,
  info: 9,
  notice: 10,
  warn: 13,
  error: 17,
  fatal: 21,
  alert: 22,
} as const;

test.each<[keyof typeof NUMBERS, string]>([
  ['error', '2026-11-28 14:03:12,345 ERROR [main] com.example.Shop - payment failed'],
  ['warn', '14:03:12.345 [http-nio-8080-exec-1] WARN  o.s.web.Servlet - slow'],
  ['error', 'Nov 28, 2026 2:03:12 PM com.example.Shop pay\nSEVERE: failed'],
  ['warn', 'WARNING:root:disk is nearly full'],
  ['fatal', 'CRITICAL:root:disk is full'],
  ['info', '{"time":"2026-11-28T14:03:12Z","level":"info","msg":"an ERROR of another service"}'],
  ['error', '{"msg":"x", "severity" : "ERROR"}'],
  ['warn', '{"level":40,"time":1700000000000,"msg":"pino"}'],
  ['none', '{"level":7,"msg":"ERROR"}'],
  ['none', '{"sublevel":"error","msg":"x"}'],
  ['debug', 'time=2026-11-28T14:03:12Z level=debug msg="no ERROR"'],
  ['error', 'level=error msg=x'],
  ['none', 'waterlevel=error msg=x'],
  ['warn', 'W1128 14:03:12.345678    1 controller.go:12] retrying'],
  ['error', 'E1128 14:03:12.345678    1 controller.go:12] failed'],
  ['none', 'X1128 14:03:12.345678'],
  ['fatal', '<34>1 2026-11-28T14:03:12Z host su - ID47 - failed'],
  ['info', '<14>Nov 28 14:03:12 host app: hello'],
  ['none', '<html><body>'],
  ['error', '2026/11/28 14:03:12 [error] 7#7: *1 open() failed'],
  ['error', '[Sat Nov 28 14:03:12.345 2026] [core:error] [pid 7] File does not exist'],
  ['notice', '2026/11/28 14:03:12 [notice] 1#1: start worker processes'],
  ['error', '2026-11-28 14:03:12.345 UTC [42] ERROR:  relation "x" does not exist'],
  ['fatal', '2026-11-28 14:03:12.345 UTC [42] FATAL:  the database system is starting up'],
  ['error', 'fail: Shop.Payment[0]'],
  ['trace', 'trce: Shop.Payment[0]'],
  ['error', 'Traceback (most recent call last):'],
  ['error', 'Exception in thread "main" java.lang.IllegalStateException: x'],
  ['fatal', 'panic: runtime error: index out of range [5] with length 3'],
  ['none', 'the error rate is low, and information is everything'],
  ['none', 'GET /error/INFO_PAGE HTTP/1.1'],
  ['none', 'ERROR_CODE=7'],
  ['none', ''],
  ['none', '   '],
  ['none', `${'x'.repeat(200)} ERROR`],
  ['alert', 'ALERT: on fire'],
])('%s: %s', (level, message) => {
  const bytes = Buffer.from(`ERROR${message}ERROR`);
  expect(levelOf(bytes, 5, bytes.length - 5)).toBe(NUMBERS[level]);
});

test('any bytes have some level, and never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const level = levelOf(bytes, 0, bytes.length);
      expect(level >= 0 && level <= 24).toBe(true);
    }),
    { numRuns: 5000 },
  );
}, 60_000);
