/** Any combination of stages on the way into the buffer: every record is left or withheld once, in order, and the ledger balances. */
import fc from 'fast-check';
import { recordRules } from '../../../../src/catalog/values/record-rules.js';
import { Ledger } from '../../../../src/shipper/accounting/ledger.js';
import { RecordBuffer } from '../../../../src/shipper/buffer/record-buffer.js';
import { runPipeline } from '../../../../src/shipper/delivery/pipeline.js';
import { levelOf } from '../../../../src/shipper/fields/level/level.js';
import type { Origin, RecordBatch, Source, Stage } from '../../../../src/shipper/parts.js';
import { Bill } from '../../../../src/shipper/stages/bill/bill.js';
import { PlainText } from '../../../../src/shipper/stages/bytes/plain-text.js';
import { matcherOf } from '../../../../src/shipper/stages/matcher.js';
import { Redaction } from '../../../../src/shipper/stages/redaction/redaction.js';
import { withMark } from '../../../../src/shipper/stages/redaction/replacement.js';
import { acknowledgeAll, batchOf, type PlainRecord, recordsOf, stdoutOrigin } from '../../../support/batches.js';

const never = new AbortController().signal;
const stderr: Origin = { ...stdoutOrigin, id: '0000000000000abc-2', stream: 'stderr' };

/** The stages with what each makes of a message, written down a second time for these few messages. */
const STAGES = {
  text: {
    open: (): Stage =>
      new PlainText({ charsets: { stdout: 'windows-1252', stderr: 'windows-1252' }, removesAnsi: true }),
    change: (message: string) => message.replaceAll('\x1b[31m', '').replaceAll('\xe9', '\xc3\xa9'),
  },
  redaction: {
    open: (): Stage => new Redaction({ kinds: ['card', 'email'], patterns: [], replace: withMark }),
    change: (message: string) =>
      message.replaceAll('4111111111111111', '[redacted:card]').replaceAll('bob@example.com', '[redacted:email]'),
  },
  rules: {
    open: (): Stage => new Bill({ rules: recordRules('drop text~/noise/'), compile: matcherOf, levelOf }),
    change: (message: string) => (message.includes('noise') ? undefined : message),
  },
} as const;
type StageName = keyof typeof STAGES;

const message = fc.array(
  fc.constantFrom('a', 'noise', '4111111111111111', 'bob@example.com', '\x1b[31m', '\xe9', '', 'ERROR', '\0', '\n'),
  { maxLength: 4 },
);
const record = fc.record({ parts: message, isError: fc.boolean() });

test('no combination of stages loses, doubles or reorders a record', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray<StageName>(['text', 'redaction', 'rules']),
      fc.array(fc.array(record, { minLength: 1, maxLength: 6 }), { maxLength: 6 }),
      async (names, batches) => {
        let seq = 0;
        const sent = batches.map((batch) =>
          batch.map(({ parts, isError }): PlainRecord => {
            const bytes = Buffer.from(parts.join(' '), 'latin1');
            return { message: bytes, timeMs: seq, seq: seq++, origin: isError ? stderr : stdoutOrigin };
          }),
        );
        const { found, statement, acknowledged } = await pass(
          names.map((name) => STAGES[name].open()),
          sent.map(batchOf),
        );
        const expected = sent.flat().flatMap((each) => {
          let text: string | undefined = Buffer.from(each.message).toString('latin1');
          for (const name of names) if (text !== undefined) text = STAGES[name].change(text);
          return text === undefined
            ? []
            : [{ message: text, timeMs: each.timeMs, seq: each.seq, origin: each.origin!.id }];
        });
        expect(found).toEqual(expected);
        const count = sent.flat().length;
        const withheld = Object.values(statement.withheld ?? {}).reduce((sum, { records }) => sum + records, 0);
        expect([statement.balanced, withheld + expected.length, acknowledged]).toEqual([true, count, batches.length]);
      },
    ),
    { numRuns: 300, seed: 11 },
  );
});

async function pass(stages: readonly Stage[], batches: readonly RecordBatch[]) {
  let acknowledged = 0;
  const source: Source = {
    async *batches() {
      for (const batch of batches) yield { ...batch, acknowledge: () => acknowledged++ };
    },
  };
  const ledger = new Ledger(['one']);
  const buffer = new RecordBuffer({ maxBytes: 10_000_000, sinks: ['one'], now: () => 0 });
  await runPipeline({ sources: [source], stages, buffer, ledger, deliveries: [], stop: never, cutOff: never });
  const statement = ledger.statement((name) => buffer.cursor(name).held);
  const found = [];
  for (;;) {
    const taken = await buffer.cursor('one').take({ maxRecords: 3, maxBytes: 1e6, recordOverheadBytes: 0 }, never);
    if (taken === undefined) break;
    found.push(...recordsOf(taken.batch));
    acknowledgeAll(taken);
  }
  return { found, statement, acknowledged };
}
