/** What each stage costs: CPU per million records of an ordinary log. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REDACTION_KINDS, type RedactionKind } from '../src/catalog/records/redaction.js';
import { recordRules } from '../src/catalog/values/record-rules.js';
import { fieldsOf } from '../src/shipper/fields/fields.js';
import { levelOf } from '../src/shipper/fields/level/level.js';
import type { Origin, RecordBatch, Stage } from '../src/shipper/parts.js';
import { BatchBuilder } from '../src/shipper/records/batch-builder.js';
import { Bill, type BillOptions } from '../src/shipper/stages/bill/bill.js';
import { PlainText } from '../src/shipper/stages/bytes/plain-text.js';
import { matcherOf } from '../src/shipper/stages/matcher.js';
import { ModuleStage } from '../src/shipper/stages/module/module-stage.js';
import { startThread } from '../src/shipper/stages/module/start-thread.js';
import { patternsOf } from '../src/shipper/stages/redaction/patterns.js';
import { Redaction } from '../src/shipper/stages/redaction/redaction.js';
import { withMark } from '../src/shipper/stages/redaction/replacement.js';
import { directory, print, root } from './workshop.js';

const BATCHES = 20;
const RECORDS = 10_000;
const ROUNDS = 5;
const NO_BOOKS = { made() {}, recalled() {}, redacted() {} };
const LEVELS = ['DEBUG', 'INFO', 'INFO', 'INFO', 'WARN', 'ERROR'];

function log(number: number): string {
  const milliseconds = String(number % 1000).padStart(3, '0');
  return `2026-11-28T14:03:12.${milliseconds}Z ${LEVELS[number % LEVELS.length]} [worker-${number % 8}] com.example.Shop order=${number} took ${number % 97} ms`;
}

/** Not a stage: what a rule or a sink reads of each record. */
const reading = (read: (bytes: Uint8Array, start: number, end: number) => unknown): Stage => ({
  name: 'reading',
  apply(batch) {
    for (let i = 0; i < batch.count; i++) read(batch.bytes, batch.start[i]!, batch.start[i]! + batch.length[i]!);
    return batch;
  },
});

function ordinary(text: (number: number) => string = log): RecordBatch[] {
  const origin: Origin = { id: '0000000000000abc-1', stream: 'stdout', pid: 7, process: 'app', container: 'web' };
  return Array.from({ length: BATCHES }, (_, b) => {
    const builder = new BatchBuilder();
    for (let i = 0; i < RECORDS; i++) {
      const number = b * RECORDS + i;
      const bytes = Buffer.from(text(number));
      builder.record(origin, builder.copy(bytes, 0, bytes.length), bytes.length, number * 10, number);
    }
    return builder.finish();
  });
}

function billOf(options: Partial<Omit<BillOptions, 'rules'>> & { readonly rules?: string }): Stage {
  const rules = options.rules === undefined ? undefined : recordRules(options.rules);
  return new Bill({ levelOf, compile: matcherOf, ...options, rules });
}

/** The built-in kinds as expressions: candidates only, without checks of digits, words and contexts. */
const AS_EXPRESSIONS = [
  'p-email [A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}',
  'p-card \\b(?:\\d[ -]?){13,19}\\b',
  'p-iban \\b[A-Z]{2}\\d{2}[A-Z0-9]{10,30}\\b',
  'p-jwt eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]*',
  'p-bearer (?i)bearer\\s+[\\w.~+/=-]+',
  'p-aws (?:AKIA|ASIA)[A-Z2-7]{16}',
  'p-password (?i)(?:password|passwd|secret|token|api_?key)["\']?\\s*[=:]\\s*["\']?[^\\s"\',;&]+',
  'p-pem -----BEGIN [A-Z ]+-----',
];

function redactions(): (readonly [name: string, make: () => Stage])[] {
  const make = (kinds: readonly RedactionKind[], lines: readonly string[] = []) => {
    const patterns = lines.length === 0 ? [] : patternsOf('bench', lines.join('\n'), REDACTION_KINDS);
    return () => new Redaction({ kinds, patterns, replace: withMark });
  };
  const one = `p-all ${AS_EXPRESSIONS.map((line) => `(?:${line.slice(line.indexOf(' ') + 1)})`).join('|')}`;
  return [
    ['redaction of cards', make(['card'])],
    ['redaction of every kind', make(REDACTION_KINDS)],
    ['one pattern of your own', make([], ['employee EMP-\\d{4,6}'])],
    ['eight kinds as patterns', make([], AS_EXPRESSIONS)],
    ['eight kinds as one pattern', make([], [one])],
  ];
}

async function measure(batches: readonly RecordBatch[], make: () => Stage | Promise<Stage>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const stage = await make();
    const before = process.cpuUsage();
    for (const batch of batches) await stage.apply(batch, () => {}, NO_BOOKS);
    const { user, system } = process.cpuUsage(before);
    stage.end?.(() => {}, NO_BOOKS);
    best = Math.min(best, (user + system) / 1e6 / ((BATCHES * RECORDS) / 1e6));
  }
  return best;
}

export async function stages(): Promise<void> {
  const batches = ordinary();
  const module = join(directory, 'stage.mjs');
  writeFileSync(
    module,
    'export const openStage = ({ edit }) => ({ apply: (batch) => edit(batch, ({ message }) => message) });\n',
  );
  const thread = join(root, 'dist', 'shipper', 'stage.js');
  const parts: readonly (readonly [name: string, make: () => Stage | Promise<Stage>])[] = [
    ['drop level<info', () => billOf({ rules: 'drop level<info' })],
    ['drop text~/order=\\d*7 /', () => billOf({ rules: 'drop text~/order=\\d*7 /' })],
    ['sample 10%', () => billOf({ rules: 'sample 10%' })],
    ['de-duplication', () => billOf({ deduplicateSeconds: 60 })],
    ['rate limit', () => billOf({ rateLimit: { records: 50, perMs: 1000 } })],
    ['budget', () => billOf({ budgetBytesPerDay: 1e12 })],
    ['flight recorder', () => billOf({ recorder: { minutes: 5, fromLevel: 13, maxBytes: 16e6 } })],
    ...redactions(),
    ['character set, ASCII', () => new PlainText({ charsets: { stdout: 'shift_jis' }, removesAnsi: false })],
    ['sequences of terminals, none there', () => new PlainText({ charsets: {}, removesAnsi: true })],
    [
      'module that copies',
      () =>
        ModuleStage.open({
          path: module,
          start: (path) => startThread(thread, path, () => {}),
          onProblem: (_, message) => {
            throw new Error(message);
          },
          now: () => performance.now(),
        }),
    ],
  ];
  const bytes = Math.round(batches[0]!.bytes.length / RECORDS);
  const plain = ordinary(
    (number) =>
      `order ${number} of worker ${number % 8} was paid and took ${number % 97} ms, thank you very much for it`,
  );
  const json = ordinary(
    (number) =>
      `{"level":30,"time":${1_795_000_000_000 + number},"pid":7,"hostname":"web-0","order":${number},"msg":"paid"}`,
  );
  const reads: readonly (readonly [
    name: string,
    records: readonly RecordBatch[],
    read: typeof fieldsOf | typeof levelOf,
  ])[] = [
    ['level of an ordinary log', batches, levelOf],
    ['level of JSON', json, levelOf],
    ['level of text without one', plain, levelOf],
    ['fields of an ordinary log', batches, fieldsOf],
    ['fields of JSON', json, fieldsOf],
    ['fields of text without any', plain, fieldsOf],
  ];
  const rows = [
    ['', 'CPU s'],
    ['none set: no call', '0.00'],
  ];
  for (const [name, make] of parts) rows.push([name, (await measure(batches, make)).toFixed(2)]);
  for (const [name, records, read] of reads)
    rows.push([name, (await measure(records, () => reading(read))).toFixed(2)]);
  print(`stages, for a million records of ${bytes} bytes, best of ${ROUNDS} rounds`, rows);
}
