/** The kernel that marks messages with a number that a card can have, beside the scanner that finds cards. */
import fc from 'fast-check';
import { CardMarks } from '../../../src/shipper/stages/redaction/card-marks.js';
import { Redaction } from '../../../src/shipper/stages/redaction/redaction.js';
import { withMark } from '../../../src/shipper/stages/redaction/replacement.js';
import { batchOf, recordsOf } from '../../support/batches.js';
import { withoutKernels } from '../../support/kernels.js';
import { Chance, card } from '../../support/redaction/secrets.js';

function marked(messages: readonly (string | Buffer)[]): number[] {
  const found: number[] = [];
  CardMarks.open()!.each(batchOf(messages.map((message) => ({ message }))), (i) => found.push(i));
  return found;
}

function compare(messages: readonly (string | Buffer)[]): void {
  const batch = batchOf(messages.map((message) => ({ message })));
  const redacted = () => {
    const counts: (readonly [string, number])[] = [];
    const stage = new Redaction({ kinds: ['card'], patterns: [], replace: withMark });
    const books = { made() {}, recalled() {}, redacted: (found: ReadonlyMap<string, number>) => counts.push(...found) };
    return [recordsOf(stage.apply(batch, () => {}, books)), counts];
  };
  expect(redacted()).toEqual(withoutKernels(redacted));
}

const chance = new Chance(7);
const cards = Array.from({ length: 40 }, () => card(chance));
const grouped = (digits: string, separator: string) => digits.replace(/(\d{4})(?=\d)/g, `$1${separator}`);
const number = fc
  .tuple(fc.constantFrom(...cards), fc.constantFrom('', ' ', '-', '+', '.', '%20', '--', ':'))
  .map(([digits, separator]) => grouped(digits.replace(/\D/g, ''), separator));
const noise = fc.oneof(
  fc.constantFrom(
    '2026-11-23 07:21:44.123',
    '10.1.2.3 - - [',
    '1795000000000',
    'a',
    '"',
    ',',
    'x:',
    '%',
    '.',
    ' ',
    '-',
  ),
  fc.nat(70).map((length) => ' '.repeat(length)),
  fc.nat(70).map((length) => 'z'.repeat(length)),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.integer().map(String),
);
const message = fc
  .array(fc.oneof({ weight: 3, arbitrary: noise }, number), { maxLength: 9 })
  .map((parts) => parts.join(''));

test('whatever the scanner finds in a message is found behind the kernel', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), (messages) => compare(messages)),
    { numRuns: 500 },
  );
});

test('a card at each place of a message, alone and with others around it', () => {
  const places = Array.from({ length: 140 }, (_, place) => place);
  const messages = places.flatMap((place) =>
    ['4111111111111111', '4111 1111 1111 1111', '3782%20822463%2010005'].map((text) => `${'x:'.repeat(place)}${text}`),
  );
  compare(messages);
  expect(marked(messages)).toEqual(messages.map((_, i) => i));
});

test('lines without so many digits in a row are not scanned', () => {
  const lines = [
    '',
    '2026-11-28 14:08:44.123 INFO order 17 was paid',
    '10.1.0.0 - - [23/Nov/2026:07:21:44 +0000] "GET / HTTP/1.1" 200 1000',
    `--------------------------------${' '.repeat(200)}. + -`,
    '{"time":"2026-11-23T07:21:44.123Z","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}',
    'seq=000000001 took 123456789012 ns',
  ];
  expect(marked(lines)).toEqual([]);
});

test('messages without room in the kernel are scanned, in their order', () => {
  const long = Buffer.alloc(600 * 1024, 'x');
  expect(marked(['4111111111111111', long, 'a', '4111111111111111'])).toEqual([0, 1, 3]);
  const many = Array.from({ length: 3000 }, (_, i) => (i % 7 === 0 ? `card 4111111111111111 ${i}` : 'y'.repeat(i)));
  compare(many);
});

test('a message that is one run takes time that is linear in its length', () => {
  // Looked at anew from each place, half a megabyte would take minutes.
  const runs = ['-', '1-', '4 ', '%20'].map((part) => Buffer.alloc(500 * 1024, part));
  expect(marked([runs[0]!])).toEqual([]);
  for (const run of runs.slice(1)) expect(marked([run])).toEqual([0]);
});
