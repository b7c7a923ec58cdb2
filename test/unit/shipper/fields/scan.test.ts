/** The scan of a JSON object and its twin, which parses it. */
import fc from 'fast-check';
import { fieldsOfObject, fieldsOfScan } from '../../../../src/shipper/fields/named';
import { jsonObjectIn } from '../../../../src/shipper/records/json-object';

const KEYS = [
  ...[
    'logger',
    'log.logger',
    'log',
    'process',
    'thread',
    'time',
    'ts',
    '@t',
    't',
    'instant',
    'trace_id',
    'trace',
    'span_id',
  ],
  ...['traceparent', 'dd.trace_id', 'dd.span_id', 'dd', 'contextMap', 'name', 'level', 'pid', 'hostname', 'levelname'],
  ...['__proto__', 'constructor', '', 'é', 'a b', 'log"ger'],
];
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const leaf = fc.oneof(
  fc.constantFrom<unknown>(TRACE, TRACE.slice(16), '2026-11-23T07:21:44.123Z', `00-${TRACE}-${TRACE.slice(16)}-01`),
  fc.constantFrom<unknown>(
    '',
    'main',
    'C:\\shop',
    'é\u2028',
    0,
    -0,
    1e21,
    12.5,
    '17',
    null,
    true,
    false,
    [],
    {},
    '\ud800',
  ),
  fc.string(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const { object } = fc.letrec<{ value: unknown; object: Readonly<Record<string, unknown>> }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(leaf, { maxLength: 3 }), tie('object')),
  object: fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 6 }),
}));
/** Objects as programs write them, and with one part taken out or replaced. */
const text = fc
  .tuple(
    object,
    fc.constantFrom(0, 1, '\t'),
    fc.nat(),
    fc.nat(3),
    fc.constantFrom('', '"', '\\', '{', '}', ',', '0', ' ', '\u0000', '\\u00e9'),
  )
  .map(([value, space, at, length, replacement]) => {
    const json = JSON.stringify(value, null, space);
    const place = at % (json.length * 2);
    return json.slice(0, place) + (place < json.length ? replacement + json.slice(place + length) : '');
  });

/** Within other bytes, which the scan must not read. */
const within = (bytes: Uint8Array) => Buffer.concat([Buffer.from('{"'), bytes, Buffer.from('"}1,"logger":"x"}')]);

function expectTwins(bytes: Buffer): void {
  const around = within(bytes);
  const [from, to] = [2, 2 + bytes.length];
  const scanned = fieldsOfScan(around, from, to);
  const parsed = jsonObjectIn(around, from, to);
  if (scanned === 'complex') return;
  // The caller cuts blanks off.
  const isWhole = parsed?.start === from && parsed.end === to;
  expect(scanned).toEqual(isWhole ? fieldsOfObject(parsed.value) : 'none');
}

describe('fields of a scanned object', () => {
  it('are those of the parsed one', () => {
    fc.assert(
      fc.property(text, (json) => expectTwins(Buffer.from(json))),
      { numRuns: 3000 },
    );
  });

  it('are none where the bytes are no UTF-8', () => {
    const bytes = fc.tuple(object, fc.nat(), fc.integer({ min: 0x80, max: 0xff })).map(([value, at, byte]) => {
      const json = Buffer.from(JSON.stringify(value));
      json[at % json.length] = byte;
      return json;
    });
    fc.assert(fc.property(bytes, expectTwins), { numRuns: 1000 });
  });

  it.each([
    '{"logger":"a","logger":"b"}',
    '{"logger":"a","logger":null}',
    '{"time":01}',
    '{"time":1.}',
    '{"time":-}',
    '{"time":1e+}',
    '{"time":.5}',
    '{"time":-12.5E-3}',
    '{"time":nulll}',
    '{"time":tru}',
    '{"a":"\\u12g4"}',
    '{"a":"\\x"}',
    '{"a":1,}',
    '{,}',
    '{"a"}',
    '{"a":}',
    '{"a":[1,]}',
    '{"a":[}',
    '{"a":"b',
    '{"a":"b\\',
    '{ "a" : [ ] , "logger" : "b" }',
    '{}',
    '{',
  ])('%s', (json) => expectTwins(Buffer.from(json)));

  it.each([
    ['{"logger":"a"}', { logger: 'a' }],
    ['{"message":"C:\\\\shop","data":{"logger":"no"},"logger":"é"}', { logger: 'é' }],
    [`{"a":[{"b":[1,2.5e3,true,null,"]"]}],"trace_id":"${TRACE}"}`, { traceId: TRACE }],
  ])('of %s need no parser', (json, expected) => {
    const bytes = Buffer.from(json);
    expect(fieldsOfScan(bytes, 0, bytes.length)).toEqual(expected);
  });

  it.each([
    '{"logger":"\\u0061"}',
    '{"logg\\u0065r":"a"}',
    '{"log":{"logger":"a"}}',
    `{"a":${'['.repeat(99)}${']'.repeat(99)}}`,
  ])('of %.40s are left to the parser', (json) => {
    const bytes = Buffer.from(json);
    expect(fieldsOfScan(bytes, 0, bytes.length)).toBe('complex');
  });
});
