import { fieldsOf } from '../../../../src/shipper/fields/fields';
import { levelOf } from '../../../../src/shipper/fields/level/level';
import { CORPUS } from './corpus';

const of = (line: string) => {
  const bytes = Buffer.from(`x${line}y`);
  return fieldsOf(bytes, 1, bytes.length - 1);
};

describe('fields of a record', () => {
  it.each(CORPUS)('%s', (_, line, { severity = 0, attributes, ...expected }) => {
    const { object, attributes: found, ...fields } = of(line) ?? { severity: 0 };
    expect(fields).toEqual({ ...expected, severity });
    expect({ ...found }).toEqual(attributes ?? {});
    expect(object === undefined).toBe(!line.includes('{"') || line.endsWith('[]'));
    const bytes = Buffer.from(line);
    expect(levelOf(bytes, 0, bytes.length)).toBe(severity);
  });

  it.each([
    'Server started',
    'an ERROR occurred',
    'It is 14:08:44 now',
    'see [1] and [2]',
    'a = b',
    'Usage: prog [options] file',
    '    at com.example.Shop.pay(Shop.java:12)',
    'Nov is a month',
    '<html><body>x</body></html>',
    '[1, 2, 3]',
    '{not json}',
    '{"a":1} and {"b":2}',
    '3 files changed',
    '12:M is a pid',
    'https://example.com/?level=error',
    'x'.repeat(10_000),
    '\ud800\u0000 binary',
    '|  ERROR  |  a table',
    'the trace_id=0af7651916cd43dd8448eb211c80319c of a sentence',
  ])('%.40j has none', (line) => {
    expect(of(line)).toBeUndefined();
  });

  it('are those of the first line', () => {
    expect(of('plain\n2026-11-28 14:08:44,123 [main] ERROR com.example.Shop - x')).toBeUndefined();
    expect(of('ERROR:a:x\nWARNING:b:y')).toEqual({ severity: 17, logger: 'a' });
  });

  it('of an object are those of all its lines', () => {
    expect(of('{\n  "level": "error",\n  "logger": "a"\n}\n')).toMatchObject({
      severity: 17,
      logger: 'a',
      object: { start: 1 },
    });
  });

  it('name nothing that no tracer wrote', () => {
    const zeros = '0'.repeat(32);
    expect(of(`{"level":"info","trace_id":"${zeros}","span_id":"x"}`)).not.toHaveProperty('traceId');
    expect(of('{"level":"info","trace_id":"not an id"}')).not.toHaveProperty('traceId');
    expect(of('{"level":"info","trace_id":{"a":1},"logger":7,"thread":["x"]}')).toEqual({
      severity: 9,
      object: expect.anything(),
    });
    expect(of('{"__proto__":{"logger":"x"},"constructor":1}')).toEqual({ severity: 0, object: expect.anything() });
  });

  it.each([
    '2026-11-28 14:08:44 '.padEnd(4000, '$'),
    `2026-11-28 14:08:44 ERROR [${'a.'.repeat(2000)}`,
    `[2026-11-28 14:08:44,123] INFO ${'('.repeat(4000)}`,
    `[2026-11-28 14:08:44,123] INFO ${'(a.b'.repeat(1000)}`,
    `2026-11-28 14:08:44 - INFO [${'a:b@1] '.repeat(570)}`,
    `127.0.0.1 - ${' '.repeat(4000)}`,
    `127.0.0.1 - - [10/Oct/2026:13:55:36 -0700] "${'\\"'.repeat(1900)}`,
    `2026/11/28 14:08:44 [error] 1#1: ${', client: a'.repeat(360)}`,
    `a=${'"\\'.repeat(2000)}`,
    `${'a=b '.repeat(1000)}`,
    `ERROR trace_id=${'-'.repeat(4000)} ${'trace_id='.repeat(400)}`,
    `2026-11-28 14:08:44${' ERROR'.repeat(600)}`,
    '[14:08:44 '.repeat(400),
  ])('cost no more than a line of that length may: %.40j', (line) => {
    const bytes = Buffer.from(line);
    const before = process.cpuUsage();
    for (let i = 0; i < 20; i++) fieldsOf(bytes, 0, bytes.length);
    const { user } = process.cpuUsage(before);
    // Far above what was measured, and far below a pattern that looks at a line once for each of its bytes.
    expect(user / 20).toBeLessThan(20_000);
  });
});
