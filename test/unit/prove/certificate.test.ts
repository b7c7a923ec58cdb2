/** The checks of a proof: which sums let it fail. */
import { checksOf, type Found, sumsOf } from '../../../src/prove/certificate.js';
import { Seen } from '../../../src/prove/lines.js';
import type { LastLine } from '../../../src/prove/proof-shipper.js';

const END: LastLine = { held: 0, balanced: true, dropped: {} };

interface Case {
  /** How often each line of writer 0 is stored. */
  readonly stored: readonly number[];
  /** Numbers of lines in the original output. */
  readonly original?: readonly number[];
  readonly last?: Partial<LastLine>;
  readonly found?: Partial<Found>;
}

function failing({ stored, original = [], last = {}, found = {} }: Case): string[] {
  const seen = [new Seen(), new Seen()] as const;
  stored.forEach((times, i) => {
    for (let each = 0; each < times; each++) seen[0].add(0, i + 1);
  });
  for (const number of original) seen[1].add(0, number);
  const end = { ...END, ...last };
  const all: Found = {
    ...{ proof: 'abc', written: [stored.length], stored: seen[0], original: seen[1], lastLines: [end] },
    ...{ end: { code: 0, last: end }, auditVerdict: 'proven' },
    ...found,
  };
  return checksOf(all, sumsOf(all))
    .filter(({ holds }) => !holds)
    .map(({ name }) => name);
}

const ACCOUNTED = 'every line is stored, in the original output, or counted';
const ONCE = 'no line is stored twice without being counted';
const HANDED_OVER = 'what was not handed over is in the original output';
const ENDED = 'the last shipper ended with balanced books and nothing held';
const AUDIT = 'the audit of the service';

test.each<[string, Case, string[]]>([
  ['each line once', { stored: [1, 1, 1] }, []],
  ['nothing was written', { stored: [] }, [ACCOUNTED]],
  ['a line is missing', { stored: [1, 0, 1] }, [ACCOUNTED]],
  ['a missing line is counted', { stored: [1, 0, 1], last: { dropped: { opensearch: { full: 1 } } } }, []],
  [
    'two are missing and one is counted',
    { stored: [0, 0], last: { deadLettered: { opensearch: { rejected: 1 } } } },
    [ACCOUNTED],
  ],
  ['a line is stored twice', { stored: [1, 2] }, [ONCE]],
  ['a copy is counted', { stored: [1, 2], last: { possibleDuplicates: { cloudwatch: 1 } } }, []],
  [
    'a line is stored three times, and one copy is counted',
    { stored: [3], last: { possibleDuplicates: { cloudwatch: 1 } } },
    [ONCE],
  ],
  ['a line passed by, and is not counted', { stored: [1, 0], original: [2] }, [HANDED_OVER]],
  [
    'a line passed by, and is counted',
    { stored: [1, 0], original: [2], last: { dropped: { tap: { not_handed_over: 1 } } } },
    [],
  ],
  [
    'a count of lines that passed by explains no missing one',
    { stored: [0], last: { dropped: { tap: { not_handed_over: 1 } } } },
    [ACCOUNTED, HANDED_OVER],
  ],
  ['the audit is not proven', { stored: [1], found: { auditVerdict: 'unproven' } }, [AUDIT]],
  ['the shipper ended with another code', { stored: [1], found: { end: { code: 74, last: END } } }, [ENDED]],
  ['it held a record', { stored: [1], found: { end: { code: 0, last: { ...END, held: 1 } } } }, [ENDED]],
  [
    'its books do not balance',
    { stored: [1], found: { end: { code: 0, last: { ...END, balanced: false } } } },
    [ENDED],
  ],
  ['it has no last line', { stored: [1], found: { end: { code: 0, last: undefined } } }, [ENDED]],
])('%s', (_, given, expected) => {
  expect(failing(given)).toEqual(expected);
});
