/** What is sent of what was read: each part of the bill, and the sum of all. */
import fc from 'fast-check';
import { recordRules } from '../../../../src/catalog/values/record-rules.js';
import { Tally } from '../../../../src/shipper/accounting/tally.js';
import type { Origin, RecordBatch } from '../../../../src/shipper/parts.js';
import { Bill, type BillOptions } from '../../../../src/shipper/stages/bill/bill.js';
import { batchOf, messagesOf, type PlainRecord, recordsOf, stdoutOrigin } from '../../../support/batches.js';

const LEVELS: Readonly<Record<string, number>> = { DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17, FATAL: 21 };

/** The level of these tests is the first word of a message. */
const levelOf = (bytes: Uint8Array, start: number, end: number) =>
  LEVELS[Buffer.from(bytes.subarray(start, end)).toString('latin1').split(' ')[0]!] ?? 0;

const stderr: Origin = { ...stdoutOrigin, id: '0000000000000abc-2', stream: 'stderr' };
const file = (path: string): Origin => ({ ...stdoutOrigin, id: `0000000000000abc-${path}`, stream: 'file', path });
const db: Origin = { ...stdoutOrigin, id: '0000000000000def-1', container: 'db' };

function setUp(options: Partial<Omit<BillOptions, 'rules'>> & { readonly rules?: string }) {
  const withheld: Record<string, string[]> = {};
  const made: string[] = [];
  const recalled: string[] = [];
  let seq = 0;
  const books = {
    made: (records: RecordBatch) => made.push(...messagesOf(records)),
    recalled: (records: RecordBatch) => recalled.push(...messagesOf(records)),
    redacted() {},
  };
  const bill = new Bill({
    levelOf,
    compile: (expression) => (text) => new RegExp(expression).test(text),
    ...options,
    rules: options.rules === undefined ? undefined : recordRules(options.rules),
  });
  const withhold = (records: RecordBatch, reason: string) => {
    withheld[reason] ??= [];
    withheld[reason].push(...messagesOf(records));
  };
  const send = (...records: readonly (PlainRecord | string)[]) =>
    messagesOf(
      bill.apply(
        batchOf(
          records.map((record) => ({ seq: seq++, ...(typeof record === 'string' ? { message: record } : record) })),
        ),
        withhold,
        books,
      ),
    );
  return { bill, send, books, withhold, withheld, made, recalled, end: () => messagesOf(bill.end(withhold, books)) };
}

/** The same text many times, a millisecond apart. */
const times = (count: number, message: string, timeMs = 0, origin = stdoutOrigin): PlainRecord[] =>
  Array.from({ length: count }, (_, i) => ({ message, timeMs: timeMs + i, origin }));

describe('rules', () => {
  test('the first that matches decides; a record that none matches is sent', () => {
    const { send, withheld } = setUp({
      rules: 'keep text~/important/; drop level<=info; drop stream=stderr level=warn',
    });
    expect(
      send('DEBUG important', 'DEBUG x', 'INFO y', 'plain', 'WARN z', { message: 'WARN e', origin: stderr }),
    ).toEqual(['DEBUG important', 'plain', 'WARN z']);
    expect(withheld).toEqual({ rule_2: ['DEBUG x', 'INFO y'], rule_3: ['WARN e'] });
  });

  test('containers and processes are told by their names', () => {
    const { send } = setUp({ rules: 'drop container=web-* process!=nginx; drop container=db' });
    const from = (container: string, process: string) => ({
      message: `${container} ${process}`,
      origin: { ...stdoutOrigin, id: `${container}-${process}`, container, process },
    });
    const records = [
      from('web-1', 'nginx'),
      from('web-1', 'php'),
      from('db', 'postgres'),
      from('dbx', 'x'),
      from('', ''),
    ];
    expect(send(...records)).toEqual(['web-1 nginx', 'dbx x', ' ']);
  });

  test('a file is told by its path, whole and negated', () => {
    const { send } = setUp({ rules: 'drop file=/var/log/*.log; drop file!=/srv/**' });
    const records = ['/var/log/a.log', '/srv/x/y', '/var/log/d/a.log'].map((path) => ({
      message: path,
      origin: file(path),
    }));
    // No file at all is none of that path.
    expect(send(...records, 'stdout')).toEqual(['/srv/x/y']);
  });

  test('nothing withheld: the batch itself, not a copy', () => {
    const { bill, withhold, books } = setUp({ rules: 'drop level=debug' });
    const batch = batchOf(['INFO a', 'b']);
    expect(bill.apply(batch, withhold, books)).toBe(batch);
  });

  test('an expression that the engine does not know is refused with its rule', () => {
    const compile = () => {
      throw new Error('missing )');
    };
    expect(() => setUp({ rules: 'drop text~/x/', compile })).toThrow(/LOGTAP_RULES: text~\/x\/: missing \)/);
  });
});

describe('sampling', () => {
  test.each([0, 1, 10, 50, 99.5, 100])('%d %% of the records, however they are batched', (percent) => {
    const records = Array.from({ length: 20_000 }, (_, i) => ({ message: `${i}`, seq: 1_000_000 + i * 65_536 }));
    const one = setUp({ rules: `sample ${percent}%` }).send(...records);
    const { send } = setUp({ rules: `sample ${percent}%` });
    const other = Array.from({ length: 200 }, (_, i) => send(...records.slice(i * 100, (i + 1) * 100))).flat();
    expect(other).toEqual(one);
    expect(Math.abs(one.length / records.length - percent / 100)).toBeLessThan(0.01);
  });

  test('streams are sampled apart: not all have the same part of their records', () => {
    const records = (origin: Origin) => Array.from({ length: 1000 }, (_, seq) => ({ message: `${seq}`, seq, origin }));
    const { send } = setUp({ rules: 'sample 50%' });
    const [one, other] = [send(...records(stdoutOrigin)), send(...records(stderr))];
    expect(one.filter((message) => other.includes(message)).length).toBeLessThan(350);
  });
});

describe('the rate limit', () => {
  test('is each stream’s, by the times of records, and reports at the next window', () => {
    const { send, withheld, made } = setUp({ rateLimit: { records: 2, perMs: 1000 } });
    expect(send(...times(4, 'a', 100), ...times(2, 'b', 100, stderr))).toEqual(['a', 'a', 'b', 'b']);
    expect(withheld).toEqual({ rate_limit: ['a', 'a'] });
    expect(send({ message: 'c', timeMs: 1500, origin: stderr })).toEqual([
      'c',
      'logtap: 2 records, 2 bytes withheld between 1970-01-01T00:00:00.102Z and 1970-01-01T00:00:00.103Z: over the rate limit of this stream',
    ]);
    expect(made).toHaveLength(1);
    expect(send(...times(3, 'd', 2000))).toEqual(['d', 'd']);
  });

  test('reports at the end, under a name of its own', () => {
    const { bill, send, withhold, books } = setUp({ rateLimit: { records: 1, perMs: 60_000 } });
    send(...times(3, 'a', 61_000));
    const [notice, ...others] = recordsOf(bill.end(withhold, books));
    expect(notice).toMatchObject({ origin: '0000000000000abc-1-rate', seq: 1, timeMs: 61_002 });
    expect(others).toEqual([]);
    expect(bill.end(withhold, books).count).toBe(0);
  });

  test('a record of an earlier window counts in the present one', () => {
    const { send } = setUp({ rateLimit: { records: 2, perMs: 1000 } });
    expect(send({ message: 'late', timeMs: 5000 }, ...times(3, 'early', 100))).toEqual(['late', 'early']);
  });

  test('kept records are exempt, and do not count', () => {
    const { send } = setUp({ rules: 'keep level>=error', rateLimit: { records: 1, perMs: 1000 } });
    expect(send('ERROR 1', 'a', 'ERROR 2', 'b', 'ERROR 3')).toEqual(['ERROR 1', 'a', 'ERROR 2', 'ERROR 3']);
  });
});

describe('the budget', () => {
  const DAY_MS = 86_400_000;

  test('is spent at the first record that does not fit, and begins anew with the next day', () => {
    const { send, withheld } = setUp({ budgetBytesPerDay: 10 });
    expect(send(...times(3, 'four'), 'x')).toEqual([
      'four',
      'four',
      'logtap: the budget of 10 bytes per day is spent: records are withheld until 1970-01-02T00:00:00.000Z',
    ]);
    expect(withheld).toEqual({ budget: ['four', 'x'] });
    expect(send({ message: 'next', timeMs: DAY_MS })).toEqual([
      'next',
      'logtap: 2 records, 5 bytes withheld between 1970-01-01T00:00:00.000Z and 1970-01-01T00:00:00.002Z: over the budget of the day',
    ]);
  });

  test('kept records are sent beyond it, and cost', () => {
    const { send } = setUp({ rules: 'keep level>=error', budgetBytesPerDay: 10 });
    expect(send('ERROR 6789', 'x', 'ERROR').filter((message) => !message.startsWith('logtap'))).toEqual([
      'ERROR 6789',
      'ERROR',
    ]);
  });

  test('a day without a record has no notice; the end has that of the last one', () => {
    const { send, end } = setUp({ budgetBytesPerDay: 10 });
    send(
      { message: 'fits', timeMs: 0 },
      { message: 'fits', timeMs: 5 * DAY_MS },
      { message: 'too long for it', timeMs: 5 * DAY_MS },
    );
    expect(end()).toEqual([
      expect.stringMatching(/^logtap: 1 records, 15 bytes withheld .* over the budget of the day$/),
    ]);
    expect(end()).toEqual([]);
  });
});

describe('de-duplication', () => {
  test('sends a text once, then how often it was repeated', () => {
    const { send, withheld, end } = setUp({ deduplicateSeconds: 10 });
    expect(send(...times(4, 'down'), 'up', ...times(1, 'down', 9000))).toEqual(['down', 'up']);
    expect(withheld).toEqual({ duplicate: ['down', 'down', 'down', 'down'] });
    expect(send(...times(1, 'down', 10_001))).toEqual([
      'down',
      'logtap: repeated 4 more times until 1970-01-01T00:00:09.000Z: down',
    ]);
    expect(end()).toEqual([]);
  });

  test('another stream, another text, a blank line and a text beyond the bound are no repetition', () => {
    const { send } = setUp({ deduplicateSeconds: 10 });
    const long = 'x'.repeat(8193);
    const records = ['a', { message: 'a', origin: stderr }, 'a ', '', '', long, long];
    expect(send(...records)).toHaveLength(records.length);
  });

  test('bytes that are no text are compared as bytes', () => {
    const { send } = setUp({ deduplicateSeconds: 10 });
    const messages = [Buffer.of(0xff), Buffer.of(0xfe), Buffer.of(0xff)].map((message) => ({ message }));
    expect(send(...messages)).toHaveLength(2);
  });

  test('what it remembers is bounded, and nothing that it forgets is lost', () => {
    const { send, withheld, end } = setUp({ deduplicateSeconds: 3600 });
    send('twice', 'twice', ...Array.from({ length: 17_000 }, (_, i) => `${i}`));
    expect(withheld).toEqual({ duplicate: ['twice'] });
    expect(send('twice')).toEqual(['twice']);
    expect(end()).toEqual([]);
  });
});

describe('the flight recorder', () => {
  const recorder = { minutes: 5, fromLevel: 13, maxBytes: 1_000_000 };
  const MINUTE = 60_000;

  test('sends what came before an error, and after it for a minute', () => {
    const { send, withheld, recalled } = setUp({ recorder });
    expect(send('DEBUG 1', 'WARN 2', 'INFO 3')).toEqual(['WARN 2']);
    expect(send('plain 4', 'ERROR 5', 'DEBUG 6')).toEqual(['DEBUG 1', 'INFO 3', 'plain 4', 'ERROR 5', 'DEBUG 6']);
    expect(recalled).toEqual(['DEBUG 1', 'INFO 3']);
    expect(send({ message: 'INFO 7', timeMs: MINUTE })).toEqual(['INFO 7']);
    expect(send({ message: 'INFO 8', timeMs: MINUTE + 1 })).toEqual([]);
    expect(withheld).toEqual({ recorder: ['DEBUG 1', 'INFO 3', 'INFO 8'] });
  });

  test('forgets what is too old, and what is too much: that stays withheld', () => {
    const { send, withheld, recalled } = setUp({ recorder });
    send('INFO old');
    send({ message: 'INFO 2', timeMs: 5 * MINUTE + 1 });
    expect(send({ message: 'FATAL', timeMs: 5 * MINUTE + 2 })).toEqual(['INFO 2', 'FATAL']);
    const small = setUp({ recorder: { ...recorder, maxBytes: 10_000 } });
    for (let i = 0; i < 100; i++) small.send(`INFO ${i}`);
    const sent = small.send('ERROR');
    expect(sent.at(-2)).toBe('INFO 99');
    expect(sent.length).toBeLessThan(10);
    expect([withheld, recalled]).toEqual([{ recorder: ['INFO old', 'INFO 2'] }, ['INFO 2']]);
  });

  test('an error of another container sends nothing', () => {
    const { send } = setUp({ recorder });
    send('INFO web', { message: 'INFO db', origin: db });
    expect(send({ message: 'ERROR db', origin: db })).toEqual(['INFO db', 'ERROR db']);
  });

  test('a command sends all, and the next minute; a crash sends that of its container', () => {
    const { bill, send, withhold, books } = setUp({ recorder });
    send('INFO web', { message: 'INFO db', origin: db });
    expect(messagesOf(bill.recall(withhold, books, ({ id }) => id.startsWith('0000000000000def')))).toEqual([
      'INFO db',
    ]);
    expect(send({ message: 'INFO db 2', origin: db }, 'INFO web 2')).toEqual(['INFO db 2']);
    expect(messagesOf(bill.recall(withhold, books))).toEqual(['INFO web', 'INFO web 2']);
    expect(messagesOf(bill.recall(withhold, books))).toEqual([]);
  });

  test('what it sends goes through the limits', () => {
    const { send, withheld } = setUp({ recorder, rateLimit: { records: 3, perMs: 1000 } });
    send(...times(5, 'INFO'));
    expect(send('ERROR')).toEqual(['INFO', 'INFO', 'INFO']);
    expect(withheld.rate_limit).toEqual(['INFO', 'INFO', 'ERROR']);
  });
});

test('with any settings, records and bytes add up, and nothing is altered or out of order', () => {
  const record = fc.record({
    message: fc.oneof(fc.constantFrom('DEBUG a', 'INFO b', 'WARN c', 'ERROR d', '', 'e'), fc.string({ maxLength: 9 })),
    step: fc.nat(40_000),
    origin: fc.constantFrom(stdoutOrigin, stderr, db, file('/a')),
  });
  const options = fc.record(
    {
      rules: fc.constantFrom(
        'drop level=debug; sample 50% level=unknown; keep level>=error',
        'keep stream=stderr; drop file=/**',
      ),
      deduplicateSeconds: fc.constantFrom(1, 100),
      recorder: fc.record({
        minutes: fc.constantFrom(1, 3),
        fromLevel: fc.constant(13),
        maxBytes: fc.constantFrom(5000, 1e6),
      }),
      rateLimit: fc.record({ records: fc.integer({ min: 1, max: 3 }), perMs: fc.constantFrom(1000, 60_000) }),
      budgetBytesPerDay: fc.integer({ min: 1, max: 60 }),
    },
    { requiredKeys: [] },
  );
  const steps = fc.array(fc.oneof(fc.array(record, { maxLength: 12 }), fc.constant('recall' as const)), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(options, steps, (given, all) => {
      const [read, sent, withheld] = [new Tally(), new Tally(), new Tally()];
      const output: RecordBatch[] = [];
      const seen = new Map<string, string>();
      let [timeMs, seq] = [0, 0];
      const { bill } = setUp(given);
      const books = {
        made: (records: RecordBatch) => read.add(Tally.of(records)),
        recalled: (records: RecordBatch) => withheld.subtract(Tally.of(records)),
        redacted() {},
      };
      const withhold = (records: RecordBatch) => withheld.add(Tally.of(records));
      const take = (batch: RecordBatch) => {
        sent.add(Tally.of(batch));
        output.push(batch);
        expect([read.records, read.bytes]).toEqual([sent.plus(withheld).records, sent.plus(withheld).bytes]);
      };
      for (const step of all) {
        if (step === 'recall') {
          take(bill.recall(withhold, books));
          continue;
        }
        const batch = batchOf(
          step.map(({ message, step: ms, origin }) => {
            timeMs += ms;
            seq += 1;
            seen.set(`${origin.id} ${seq}`, message);
            return { message, timeMs, seq, origin };
          }),
        );
        read.add(Tally.of(batch));
        take(bill.apply(batch, withhold, books));
      }
      take(bill.end(withhold, books));
      const own = output
        .flatMap(recordsOf)
        .filter(({ origin }) => !/-(rate|budget|budget-spent|repeated)$/.test(origin));
      const names = own.map(({ origin, seq: place }) => `${origin} ${place}`);
      expect(new Set(names).size).toBe(names.length);
      expect(own.map(({ message }) => Buffer.from(message, 'latin1').toString())).toEqual(
        names.map((name) => seen.get(name)),
      );
      if (given.recorder === undefined) {
        expect(own.map(({ seq: place }) => place)).toEqual(own.map(({ seq: place }) => place).sort((a, b) => a - b));
      }
    }),
    { numRuns: 300 },
  );
});
