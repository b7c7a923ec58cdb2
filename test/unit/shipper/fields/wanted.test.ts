/** Fields of a sink that wants few: the others are as if all had been read. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { fieldsOf } from '../../../../src/shipper/fields/fields';
import { CORPUS } from './corpus';

const FEW = { time: false, attributes: false };
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const lines = [
  ...CORPUS.map(([, line]) => line),
  ...readFileSync(join(__dirname, 'lines.txt'), 'utf8')
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('## '))
    .map((line) => line.split(' ').slice(2).join(' '))
    .map((line) => line.replaceAll('⏎', '\n').replaceAll('⇥', '\t').replaceAll('␛', '\u001b')),
];

/** Only what is wanted in either case. */
function named(text: string, wanted?: typeof FEW): unknown {
  const bytes = Buffer.from(text);
  const { severity = 0, logger, thread, traceId, spanId, object } = fieldsOf(bytes, 0, bytes.length, wanted) ?? {};
  return { severity, logger, thread, traceId, spanId, object };
}

test.each(lines)('%s', (line) => {
  expect(named(line, FEW)).toEqual(named(line));
});

test('lines that are changed in any place', () => {
  const piece = fc.constantFrom(
    ...[
      ' ',
      '  ',
      '\t',
      '\n',
      '\u00a0',
      ':',
      ',',
      '.',
      '-',
      '/',
      '"',
      '[',
      ']',
      '<',
      '>',
      '0',
      '12',
      '2026',
      'A',
      'I',
      'x',
    ],
    ...[
      '\u001b[0m',
      '\u001b[31m',
      '14:08:44',
      ' [main] ',
      'INFO',
      'fail: ',
      '{"logger":"a"}',
      'logger=a ',
      'race',
      'é',
    ],
    ...[`trace_id=${TRACE} span_id=${SPAN}`, `TRACEID=${TRACE}`, `[shop,${TRACE},${SPAN}]`, `[${SPAN}-${SPAN}]`],
    ...[`[${TRACE},${SPAN},true]`, `traceparent: 00-${TRACE}-${SPAN}-01`],
  );
  const edit = fc.record({ at: fc.nat(200), gone: fc.nat(3), piece });
  // Most pieces decide at the beginning.
  const early = fc.record({ at: fc.nat(12), gone: fc.nat(3), piece });
  fc.assert(
    fc.property(fc.constantFrom(...lines), fc.array(fc.oneof(edit, early), { maxLength: 4 }), (line, edits) => {
      let text = line;
      for (const { at, gone, piece } of edits) {
        const place = at % (text.length + 1);
        text = text.slice(0, place) + piece + text.slice(place + gone);
      }
      expect(named(text, FEW)).toEqual(named(text));
    }),
    { numRuns: 5000 },
  );
});

test('an access log of a busy server is not read further than its status', () => {
  const bytes = Buffer.from('10.1.2.3 - - [23/Nov/2026:07:21:44 +0000] "GET /a HTTP/1.1" 503 12 "-" "curl/8.5.0"');
  const fields = fieldsOf(bytes, 0, bytes.length, FEW);
  expect(fields).toEqual({ severity: 17 });
  expect(fieldsOf(bytes, 0, bytes.length, FEW)).toBe(fields);
});
