/** Lines that are taken for the first of an event by a few bytes: the grammar says the same of each of them, with all its questions. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { isRepeated } from '../../../../src/shipper/events/families/data.js';
import { kindOf, modeOfLine, ruleOf } from '../../../../src/shipper/events/grammar.js';
import { KIND, LOGGED } from '../../../../src/shipper/events/kinds.js';
import { Line } from '../../../../src/shipper/events/line.js';
import { Prefix } from '../../../../src/shipper/events/prefix.js';
import { isOrdinaryStart } from '../../../../src/shipper/events/starts.js';

const line = (text: string) => {
  // Of a slab: what is around the line is of others.
  const bytes = Buffer.from(`9 ${text}\n2026-11-28 `, 'latin1');
  return new Line().set(bytes, 2, 2 + text.length);
};

/** What the assembler asks of a line, but for `isDetail`, which it asks of these, too. */
const grammarOf = (text: string) => ({
  kind: kindOf(line(text)),
  mode: modeOfLine(),
  isRepeated: isRepeated(line(text)),
  hasPrefix: new Prefix().read(line(text)),
});
const ORDINARY = { kind: KIND.START, mode: LOGGED, isRepeated: false, hasPrefix: false };

test('an event after them has no rule of its own', () => {
  expect(ruleOf(LOGGED)).toBeUndefined();
});

test('of 30 programs: some thousands, all of which the grammar takes for the same', () => {
  const directory = join(__dirname, '../../../events/ordinary');
  let found = 0;
  for (const name of readdirSync(directory).filter((each) => each.endsWith('.log.gz'))) {
    for (const text of gunzipSync(readFileSync(join(directory, name)))
      .toString('latin1')
      .split('\n')) {
      if (!isOrdinaryStart(line(text))) continue;
      found += 1;
      const grammar = grammarOf(text);
      if (grammar.kind !== ORDINARY.kind || grammar.mode !== ORDINARY.mode)
        expect([text, grammar]).toEqual([text, ORDINARY]);
    }
  }
  expect(found).toBeGreaterThan(5000);
});

const EXAMPLES = [
  '10.1.2.3 - - [28/Nov/2026:10:00:03 +0000] "GET / HTTP/1.1" 200 5',
  '2.3.4.255:8080 GET /items [Recovery] panic recovered:',
  '2026-11-28 10:00:03,123 INFO [main] com.example.Shop: order 9 was accepted',
  '2026-11-28 10:00:03 UTC [9] DETAIL:  Key (id)=(1) already exists.',
  '2026/11/28 10:00:03 [Recovery] 2026/11/28 panic recovered:',
  '2026-11-28 14:38:45',
  '2026-11-28T10:00:00.123456789Z stderr F text',
  '1234 | const a = 1; // and more',
  '10:00:00 web.1  | text that goes on',
  '0|app  | 2026-11-28T10:00:00: text',
];

test('with any bytes changed, left out and put in', () => {
  const byte = fc.constantFrom(...'0123456789.-/:| \tTFZ[]{"\r', '\xe2', '\x1b');
  const change = fc.record({
    at: fc.nat(24),
    isEnd: fc.boolean(),
    cut: fc.nat(2),
    put: fc.array(byte, { maxLength: 2 }),
  });
  let found = 0;
  fc.assert(
    fc.property(fc.constantFrom(...EXAMPLES), fc.array(change, { maxLength: 4 }), (example, changes) => {
      let text = example;
      for (const { at, isEnd, cut, put } of changes) {
        const from = isEnd ? Math.max(0, text.length - at) : at;
        text = text.slice(0, from) + put.join('') + text.slice(from + cut);
      }
      if (!isOrdinaryStart(line(text))) return;
      found += 1;
      expect([text, grammarOf(text)]).toEqual([text, ORDINARY]);
    }),
    { numRuns: 20_000 },
  );
  expect(found).toBeGreaterThan(1000);
});
