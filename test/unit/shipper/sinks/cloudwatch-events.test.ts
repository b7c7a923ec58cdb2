/** The limits of PutLogEvents at their boundaries. */
import fc from 'fast-check';
import {
  BATCH_MAX_BYTES,
  BATCH_MAX_EVENTS,
  type Events,
  eventsOf,
  MESSAGE_MAX_BYTES,
  PutEncoder,
  SPAN_MAX_MS,
} from '../../../../src/shipper/sinks/cloudwatch/events.js';
import { batchOf, type PlainRecord } from '../../../support/batches.js';

interface Request {
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly logEvents: readonly { readonly timestamp: number; readonly message: string }[];
}

/** All requests that these records make. */
function requestsOf(events: Events): Request[] {
  const encoder = new PutEncoder('/group');
  const requests: Request[] = [];
  for (let from = 0; from < events.count; ) {
    const body = encoder.encode(events, 'stream', [from, events.count]);
    expect(body.from).toBe(from);
    requests.push(JSON.parse(body.bytes.toString()));
    from = body.to;
  }
  return requests;
}

const requests = (records: readonly (PlainRecord | string)[], max = MESSAGE_MAX_BYTES) =>
  requestsOf(eventsOf(batchOf(records), max));
const counts = (records: readonly (PlainRecord | string)[]) => requests(records).map((r) => r.logEvents.length);
const messages = (records: readonly (PlainRecord | string)[], max?: number) =>
  requests(records, max).flatMap((r) => r.logEvents.map(({ message }) => message));
const many = (count: number, message: string) => Array.from({ length: count }, () => message);
const accounted = ({ logEvents }: Request) =>
  logEvents.reduce((sum, { message }) => sum + Buffer.byteLength(message) + 26, 0);

describe('size', () => {
  test('the service’s figures', () => {
    expect([BATCH_MAX_BYTES, BATCH_MAX_EVENTS, MESSAGE_MAX_BYTES, SPAN_MAX_MS]).toEqual([
      1_048_576, 10_000, 1_048_550, 86_400_000,
    ]);
  });

  test('rules 1, 2: the longest message goes whole, one byte more is split', () => {
    expect(messages(['x'.repeat(1_048_550)]).map((m) => m.length)).toEqual([1_048_550]);
    expect(messages(['x'.repeat(1_048_551)]).map((m) => m.length)).toEqual([1_048_550, 1]);
  });

  test('rule 3: a batch of exactly the limit is one request, one byte more are two', () => {
    const half = (BATCH_MAX_BYTES - 52) / 2;
    expect(counts(['x'.repeat(half), 'y'.repeat(half)])).toEqual([2]);
    expect(counts(['x'.repeat(half), 'y'.repeat(half + 1)])).toEqual([1, 1]);
  });

  test.each(['é', '€', '😀'])('rule 4: counts UTF-8 bytes of %s, not characters', (character) => {
    const message = character.repeat(100);
    const fit = Math.floor(BATCH_MAX_BYTES / (Buffer.byteLength(message) + 26));
    expect(counts(many(fit + 1, message))).toEqual([fit, 1]);
  });

  test('rule 11: 10,000 events of 78 bytes are one request, the next one begins another', () => {
    expect(counts(many(10_000, 'x'.repeat(78)))).toEqual([10_000]);
    expect(counts(many(10_001, 'x'.repeat(78)))).toEqual([10_000, 1]);
  });

  test('rule 12: 10,000 events of 79 bytes are bound by bytes', () => {
    expect(counts(many(10_000, 'x'.repeat(79)))).toEqual([9986, 14]);
  });

  test('rule 8: invalid bytes count as what they become', () => {
    const records = [{ message: Buffer.alloc(400_000, 0xff) }];
    const sent = messages(records);
    expect(sent.map((message) => Buffer.byteLength(message))).toEqual([1_048_548, 151_452]);
    expect(sent.join('')).toBe('\ufffd'.repeat(400_000));
  });
});

describe('splitting', () => {
  test('rules 5, 6: cuts no character, makes no empty part, loses nothing', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀'), minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 20 }), (message, max) => {
        const parts = messages([message], max);
        expect(parts.join('')).toBe(message);
        for (const part of parts) {
          expect(part).not.toBe('');
          expect(Buffer.byteLength(part)).toBeLessThanOrEqual(max);
        }
      }),
    );
  });

  test('parts stay together, in order, with their record’s time', () => {
    const [request] = requests(
      [
        { message: 'abcdef', timeMs: 5 },
        { message: 'later', timeMs: 5 },
      ],
      4,
    );
    expect(request?.logEvents).toEqual([
      { timestamp: 5, message: 'abcd' },
      { timestamp: 5, message: 'ef' },
      { timestamp: 5, message: 'late' },
      { timestamp: 5, message: 'r' },
    ]);
  });
});

describe('content', () => {
  test('names group and stream', () => {
    expect(requests(['x'])[0]).toMatchObject({ logGroupName: '/group', logStreamName: 'stream' });
  });

  test('rule 14: a blank line goes as a space, in its place', () => {
    expect(messages(['a', '', ' ', ''])).toEqual(['a', ' ', ' ', ' ']);
    expect(messages(['', '', 'b'])).toEqual([' ', ' ', 'b']);
  });

  test('rules 3, 14: the space counts', () => {
    const blanks = Array.from({ length: 200 }, () => '');
    // 200 blank lines of 27 bytes leave room for a message that is as much smaller.
    const message = 'x'.repeat(BATCH_MAX_BYTES - 200 * 27 - 26);
    expect(requests([...blanks, message])).toHaveLength(1);
    expect(requests([...blanks, `${message}x`])).toHaveLength(2);
  });

  test('rule 13: nothing to send is not sent', () => {
    expect(requests([])).toEqual([]);
  });

  test('rule 10: marks, controls and line separators arrive as they are', () => {
    const message = '\ufeff\0\x1b[31m\t\r\u2028"\\';
    expect(messages([message])).toEqual([message]);
  });
});

describe('time', () => {
  const at = (...times: number[]) => times.map((timeMs, i) => ({ message: `${i}`, timeMs }));

  test('rule 15: ascends, and equal milliseconds keep their order', () => {
    expect(messages(at(3, 1, 2.9, 1, 2, 0))).toEqual(['5', '1', '3', '2', '4', '0']);
  });

  test('rule 16: is a whole number of milliseconds', () => {
    const [request] = requests(at(1.5, 1.999));
    expect(request?.logEvents.map(({ timestamp }) => timestamp)).toEqual([1, 1]);
  });

  test('rule 16: is the time of sending where there is none', () => {
    const events = eventsOf(batchOf(at(5, Number.NaN, 6)), MESSAGE_MAX_BYTES, undefined, 7);
    expect(requestsOf(events)[0]?.logEvents).toEqual([
      { timestamp: 5, message: '0' },
      { timestamp: 6, message: '2' },
      { timestamp: 7, message: '1' },
    ]);
  });

  test('rule 17: a span of 24 hours less 1 ms is one request, 24 hours are two', () => {
    expect(counts(at(0, 86_399_999))).toEqual([2]);
    expect(counts(at(0, 86_400_000))).toEqual([1, 1]);
  });

  test('rule 18: also when records come out of order', () => {
    expect(requests(at(86_400_000, 0, 86_400_001)).map((r) => r.logEvents.map(({ message }) => message))).toEqual([
      ['1'],
      ['0', '2'],
    ]);
  });
});

test('rules 1, 3, 6, 15, 17: no request ever passes a limit, none is made too soon, and all is in them, in order', () => {
  const record = fc.record({
    length: fc.integer({ min: 0, max: 300_000 }),
    timeMs: fc.integer({ min: 0, max: 3 * SPAN_MAX_MS }),
  });
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 30 }), (plain) => {
      const records = plain.map(({ length, timeMs }, i) => ({
        message: `${i}`.padEnd(length, 'y').slice(0, length),
        timeMs,
      }));
      const sent = requests(records);
      for (const request of sent) {
        const times = request.logEvents.map(({ timestamp }) => timestamp);
        expect(accounted(request)).toBeLessThanOrEqual(BATCH_MAX_BYTES);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        expect(times.at(-1)! - times[0]!).toBeLessThan(SPAN_MAX_MS);
      }
      sent.slice(1).forEach((request, i) => {
        const before = sent[i]!;
        const [next] = request.logEvents;
        const isFull = accounted(before) + Buffer.byteLength(next!.message) + 26 > BATCH_MAX_BYTES;
        const isWide = next!.timestamp - before.logEvents[0]!.timestamp >= SPAN_MAX_MS;
        expect(isFull || isWide).toBe(true);
      });
      const expected = records
        .map(({ message, timeMs }, i) => ({ message: message || ' ', timestamp: timeMs, i }))
        .sort((one, other) => one.timestamp - other.timestamp || one.i - other.i)
        .map(({ message, timestamp }) => ({ timestamp, message }));
      expect(sent.flatMap((r) => r.logEvents)).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});
