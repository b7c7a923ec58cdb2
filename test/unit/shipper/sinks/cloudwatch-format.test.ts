/** What CloudWatch Logs gets of a record, as text and as JSON. */
import fc from 'fast-check';
import { MESSAGE_MAX_BYTES } from '../../../../src/shipper/sinks/cloudwatch/events.js';
import { EventFormat } from '../../../../src/shipper/sinks/cloudwatch/format.js';
import { batchOf } from '../../../support/batches.js';

const WRITTEN = Date.UTC(2026, 10, 28, 14, 8, 45);
const formatOf = (options: object = {}) =>
  new EventFormat({
    ...{ fields: 'auto', time: 'write', timeZone: 'UTC', cloudwatchFormat: 'json', containerName: undefined },
    ...options,
  });
const textsOf = (messages: readonly string[], format = formatOf(), max = MESSAGE_MAX_BYTES) => {
  const { bytes, start, length } = format.apply(batchOf(messages), max);
  return messages.map((_, i) => Buffer.from(bytes).toString('utf8', start[i]!, start[i]! + length[i]!));
};
const objectOf = (message: string, format?: EventFormat): unknown => JSON.parse(textsOf([message], format)[0]!);

test('as text a record is what it was, at no cost', () => {
  const batch = batchOf(['ERROR:root:x']);
  expect(formatOf({ cloudwatchFormat: 'text' }).apply(batch, 100)).toBe(batch);
});

test('a line becomes an object with its text and its fields', () => {
  expect(objectOf('ERROR:root:a "b"')).toEqual({
    ...{ severity: 'ERROR', logger: 'root', stream: 'stdout', container: 'web', message: 'ERROR:root:a "b"' },
  });
  expect(objectOf('plain')).toEqual({ stream: 'stdout', container: 'web', message: 'plain' });
  expect(objectOf('web | {"level":"warn"}')).toMatchObject({ severity: 'WARN', data: { level: 'warn' } });
  expect(objectOf('a=b')).toMatchObject({ data: { a: 'b' } });
});

test('an object keeps its members', () => {
  const format = formatOf({ staticFields: { team: 'red' } });
  expect(objectOf('{"level":"warn","a":{"b":[1]}}\r', format)).toEqual({
    ...{ level: 'warn', a: { b: [1] } },
    logtap: { severity: 'WARN', stream: 'stdout', container: 'web', labels: { team: 'red' } },
  });
  expect(objectOf('{ }')).toEqual({ logtap: { stream: 'stdout', container: 'web' } });
});

test('metrics in the embedded format go as they were', () => {
  const metrics = '{"_aws":{"Timestamp":1},"x":1}';
  expect(textsOf([metrics])).toEqual([metrics]);
});

test('an object is at most as long as an event; what would be longer goes as it was', () => {
  const [whole] = textsOf(['ERROR:root:x']);
  const size = Buffer.byteLength(whole!);
  expect(textsOf(['ERROR:root:x'], formatOf(), size)).toEqual([whole]);
  expect(textsOf(['ERROR:root:x', 'y'], formatOf(), size - 1)).toEqual([
    'ERROR:root:x',
    expect.stringContaining('"y"'),
  ]);
});

test('any text comes back from its object', () => {
  const format = formatOf({ staticFields: { team: 'red' } });
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { minLength: 1, maxLength: 5 }), (messages) => {
      const objects = textsOf(messages, format).map((text) => JSON.parse(text));
      objects.forEach((object, i) => {
        const isObject = object.message === undefined;
        expect(isObject ? JSON.parse(messages[i]!) : object.message).toEqual(
          isObject ? expect.anything() : Buffer.from(messages[i]!).toString(),
        );
      });
    }),
  );
});

test('the time is that of the text within 12 hours, and otherwise that of the write', () => {
  const format = formatOf({ cloudwatchFormat: 'text', time: 'text' });
  const times = (message: string) => [...format.apply(batchOf([{ message, timeMs: WRITTEN }]), 1000).timeMs];
  expect(times('2026-11-28 14:08:44 ERROR x')).toEqual([WRITTEN - 1000]);
  expect(times('2026-11-28 02:08:45 ERROR x')).toEqual([WRITTEN - 12 * 3_600_000]);
  expect(times('2026-11-28 02:08:44 ERROR x')).toEqual([WRITTEN]);
  expect(times('2026-11-28 14:18:46 ERROR x')).toEqual([WRITTEN]);
  expect(times('x')).toEqual([WRITTEN]);
});
