/** The kernel that reads the fields of JSON objects, beside its twin: the same members, or it leaves the object to the twin. */
import fc from 'fast-check';
import { LEVEL_KEYS } from '../../../src/shipper/fields/level/level-of-keys.js';
import { HINTS } from '../../../src/shipper/fields/level/level-of-members.js';
import { WORDS } from '../../../src/shipper/fields/level/severity.js';
import { NAMES, ROLES } from '../../../src/shipper/fields/named.js';
import { FieldReader } from '../../../src/shipper/fields/reader.js';
import { DocumentColumns, IS_READ } from '../../../src/shipper/sinks/opensearch/document-columns.js';
import { BulkEncoder, type BulkForm } from '../../../src/shipper/sinks/opensearch/encoder.js';
import { fieldTexts } from '../../../src/shipper/sinks/opensearch/parsed.js';
import { SCHEMAS, type SchemaName } from '../../../src/shipper/sinks/opensearch/schema.js';
import { batchOf, noResource } from '../../support/batches.js';
import { withoutKernels } from '../../support/kernels.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const ORIGIN = { id: 'app-1', stream: 'stdout', pid: 42, process: 'app', container: 'web' } as const;

const recordsOf = (messages: readonly Buffer[]) =>
  batchOf(messages.map((message, seq) => ({ message, timeMs: 1e12, seq, origin: ORIGIN })));

function encoderOf(schema: SchemaName): BulkEncoder {
  const fields = new FieldReader({ fields: 'auto', time: 'write', timeZone: 'UTC' });
  return new BulkEncoder({ index: 'logs', schema, resource: noResource, fields });
}

/** One of each, as each has megabytes for its kernels. */
const ENCODERS = Object.fromEntries(
  (Object.keys(SCHEMAS) as SchemaName[]).map((schema) => [
    schema,
    { kernel: encoderOf(schema), twin: withoutKernels(() => encoderOf(schema)) },
  ]),
);

function documentsOf(encoder: BulkEncoder, messages: readonly Buffer[], form: BulkForm): string[] {
  const { bytes } = encoder.encode(recordsOf(messages), 0, messages.length, 1e9, form);
  return bytes.toString('latin1').split('\n');
}

function compare(messages: readonly Buffer[], schema: SchemaName = 'otel'): void {
  const { kernel, twin } = ENCODERS[schema]!;
  for (const withData of [false, true]) {
    const form = { withFields: true, withData };
    expect(documentsOf(kernel, messages, form)).toEqual(documentsOf(twin, messages, form));
  }
}

/** Whether the kernel reads each of these by itself. */
function areRead(messages: readonly (Buffer | string)[], withData = true): boolean[] {
  const columns = DocumentColumns.open()!;
  columns.keepTexts(fieldTexts('otel'));
  columns.begin({ idToTime: Buffer.of(), timeToMessage: Buffer.of(), messageToSeq: Buffer.of() });
  const batch = recordsOf(messages.map((message) => Buffer.from(message)));
  for (let i = 0; i < batch.count; i++) columns.add(batch, i, 0);
  columns.load(batch);
  return Array.from(columns.readFields(withData).subarray(0, batch.count), (mark) => mark === IS_READ);
}

/** What tells the level of an object that names none. */
const TELLING = [...HINTS, 'method', 'request', 'caller', 'msg', 'ts'];
const name = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(...NAMES, ...LEVEL_KEYS.map((key) => key.name.toString()), ...TELLING, '@t', 'time'),
  },
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const word = fc
  .constantFrom(...Object.keys(WORDS), 'trance', 'none')
  .chain((each) => fc.constantFrom(each, each.toUpperCase(), each[0]!.toUpperCase() + each.slice(1), `${each}+2`));
const value = fc.oneof(
  { weight: 3, arbitrary: word },
  { weight: 2, arbitrary: fc.constantFrom(TRACE, SPAN, TRACE.toUpperCase(), '0'.repeat(32), '0'.repeat(16), '') },
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('é', 'l"', 'a\\b', 'n\n', 'E', '30', 'x'.repeat(1024), 'é'.repeat(600)),
  fc.oneof(fc.integer({ min: -2, max: 70 }), fc.double(), fc.constantFrom(20_000, 1e21, 404, 503, 500)),
  fc.constantFrom(null, true, false),
  fc.jsonValue({ maxDepth: 3 }),
);
const blank = fc.constantFrom('', '', '', ' ', '\t', '\r', '\n');
/** As JSON.stringify would write it, but that names may come twice, and blanks are anywhere. */
const object = fc.array(fc.tuple(name, value, blank, blank, blank), { maxLength: 8 }).map((members) => {
  const each = members.map(([key, own, a, b, c]) => `${a}${JSON.stringify(key)}${b}:${c}${JSON.stringify(own)}${a}`);
  return Buffer.from(`{${each.join(',')}}`);
});
const byte = fc.constantFrom(...Buffer.from('"\\{}[]:,0-.eEtfnu \n\r'), 0, 0x1f, 0x7f, 0x80, 0xc3, 0xe2, 0xff);
const changed = fc.tuple(object, fc.nat(), byte, fc.nat(1)).map(([bytes, place, other, gone]) => {
  const at = place % bytes.length;
  return Buffer.concat([bytes.subarray(0, at), Buffer.of(other), bytes.subarray(at + gone)]);
});

test('any objects, whole and broken in any place, in each schema', () => {
  const schemas = Object.keys(SCHEMAS) as SchemaName[];
  fc.assert(
    fc.property(
      fc.array(fc.oneof(object, changed), { minLength: 1, maxLength: 12 }),
      fc.constantFrom(...schemas),
      compare,
    ),
    { numRuns: 400 },
  );
});

test('each name with each kind of value, beside a level, a trace and a name', () => {
  const values = ['"warn"', '"main"', '""', `"${TRACE}"`, `"${SPAN}"`, '30', '-1', 'null', '{"a":1}', '[]', '"a\\n"'];
  const more = [`"level":"info","trace_id":"${TRACE}","name":"app"`, '"level":30,"pid":1,"hostname":"h","name":"app"'];
  const names = [...new Set([...NAMES, ...LEVEL_KEYS.map((key) => key.name.toString()), ...TELLING])];
  const objects = names.flatMap((key) =>
    values.flatMap((own) => more.flatMap((others) => [`{"${key}":${own},${others}}`, `{${others},"${key}":${own}}`])),
  );
  compare(objects.map((text) => Buffer.from(text)));
});

test('of two names with one role the same one counts, in either order', () => {
  const other = (id: string) => id.replaceAll('4', '5').replaceAll('0', '1');
  const pairs = Object.entries({ logger: 'a', thread: 'a', trace: TRACE, span: SPAN }).flatMap(([role, first]) => {
    const names = ROLES[role as 'logger' | 'thread' | 'trace' | 'span'];
    const second = first === 'a' ? 'b' : other(first);
    const trace = role === 'span' ? { trace_id: TRACE } : {};
    return names.flatMap((one) =>
      names.filter((each) => each !== one).map((each) => JSON.stringify({ ...trace, [one]: first, [each]: second })),
    );
  });
  expect(areRead(pairs)).toEqual(pairs.map(() => true));
  compare(pairs.map((pair) => Buffer.from(pair)));
});

test('ordinary lines are read without the twin', () => {
  const lines = [
    `{"time":"2026-11-23T07:21:44.123Z","level":"info","logger":"com.example.A","thread":"exec-1","trace_id":"${TRACE}","span_id":"${SPAN}","msg":"a \\"b\\" \\u00e9 é","n":-1.5e3,"ok":true,"no":null,"o":{"a":[1,{}]}}`,
    '{"level":30,"time":1795000000000,"pid":7,"hostname":"web-0","name":"app","msg":"paid"}',
    '{"severity":"WARNING","message":"m","logging.googleapis.com/trace":""}',
    '{ "msg" : "m" }',
    '{}',
  ];
  expect(areRead(lines)).toEqual(lines.map(() => true));
  expect(areRead(lines, false)).toEqual(lines.map(() => true));
  compare(lines.map((line) => Buffer.from(line)));
});

test.each([
  ['a name that comes twice', '{"logger":"a","logger":1}'],
  ['a name with an escape', '{"log\\u0067er":"a"}'],
  ['a logger with an escape', '{"logger":"a\\"b"}'],
  ['an id in capitals', `{"trace_id":"${TRACE.toUpperCase()}"}`],
  ['a level with an offset', '{"level":"ERROR+2"}'],
  ['a word that is no level', '{"level":"red"}'],
  ['GELF', '{"short_message":"a","level":3}'],
  ['the context of a logger', `{"mdc":{"traceId":"${TRACE}"}}`],
  ['a line feed between members', '{"a":1,\n"b":2}'],
  ['a number with a leading zero', '{"a":01}'],
  ['a control character in a string', '{"a":"\u0001"}'],
  ['bytes that are no UTF-8', Buffer.from('{"a":"\xff"}', 'latin1')],
  ['an object in a line', 'ERROR {"level":"info"}'],
  ['a cut object', '{"level":"info"'],
  ['two objects', '{"a":1}{"b":2}'],
  ['an object that nests deeply', `{"a":${'['.repeat(45)}${']'.repeat(45)}}`],
  ['a long object', `{"a":"${'x'.repeat(17_000)}"}`],
])('%s is left to the twin', (_, line) => {
  expect(areRead([line])).toEqual([false]);
  compare([Buffer.from(line)]);
});

test('more members than the kernel has room for', () => {
  const long = { level: 'info', logger: 'l'.repeat(1000), thread: 't'.repeat(1000), text: 'é'.repeat(4000) };
  compare(Array.from({ length: 200 }, () => Buffer.from(JSON.stringify(long))));
});
