/** What a service without ids may store twice is counted before it leaves again: once for each copy that may be stored. */
import { PossibleDuplicates } from '../../../../src/shipper/sinks/unsettled/possible-duplicates.js';
import { batchOf, messagesOf } from '../../../support/batches.js';

function counting(isContinued = false) {
  const counted: string[] = [];
  const duplicates = new PossibleDuplicates({
    isContinued,
    onPossibleDuplicates: (records) => counted.push(...messagesOf(records)),
  });
  return { duplicates, counted };
}

const three = batchOf(['a', 'b', 'c']);
const HOUR_MS = 3_600_000;

test('nothing is in doubt until an answer is lost; then only the records of that request are', () => {
  const { duplicates, counted } = counting();
  duplicates.leaving(three);
  duplicates.lost(three, 1, 2);
  expect(counted).toEqual([]);
  duplicates.leaving(three);
  expect(counted).toEqual(['b']);
  duplicates.settled(three);
  duplicates.leaving(three);
  expect(counted).toEqual(['b']);
});

test('each lost answer counts once: an attempt that stored nothing for certain is no further copy', () => {
  const { duplicates, counted } = counting();
  duplicates.lost(three, 0, 1);
  for (let attempt = 0; attempt < 3; attempt++) {
    duplicates.leaving(three);
    duplicates.unstored(three);
  }
  expect(counted).toEqual(['a']);
  duplicates.leaving(three);
  duplicates.lost(three);
  expect(counted).toEqual(['a']);
  duplicates.leaving(three);
  expect(counted).toEqual(['a', 'a', 'b', 'c']);
});

test('records of an earlier shipper are in doubt, and each second copy that it left is one more', () => {
  const { duplicates, counted } = counting(true);
  const mixed = batchOf([
    { message: 'before', timeMs: Date.now() - HOUR_MS, seq: 1 },
    { message: 'now', timeMs: Date.now(), seq: 2 },
    // The wall clock was set back since.
    { message: 'to come', timeMs: Date.now() + HOUR_MS, seq: 3 },
    { message: 'before', timeMs: Date.now() - HOUR_MS, seq: 1 },
  ]);
  duplicates.leaving(mixed);
  expect(counted).toEqual(['before', 'to come', 'before']);
  duplicates.unstored(mixed);
  duplicates.leaving(mixed);
  expect(counted).toEqual(['before', 'to come', 'before']);
});
