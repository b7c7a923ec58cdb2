/** The checklist of `ship --check`: a failure leads to the runbook, also that of a sink that a user wrote. */
import { coloursFor } from '../../../src/colours.js';
import { CHECK_FORMATS, checkSinks } from '../../../src/shipper/check.js';
import type { Sink } from '../../../src/shipper/parts.js';

const sink = (name: string, check?: Sink['check']) => ({ name, check }) as Sink;

const CASES = [
  sink('silent'),
  sink('own', () => Promise.reject(new Error('it is closed'))),
  sink('known', async () => ({ isRight: false, text: 'no index (see docs/guides/runbook.md#no-such-service)' })),
];

test('a failure without a section has the page of symptoms', async () => {
  expect(CHECK_FORMATS.text(await checkSinks(CASES), coloursFor(false)).split('\n')).toEqual([
    'pass     silent: there is no service to ask',
    'failure  own: it is closed (see docs/guides/runbook.md)',
    'failure  known: no index (see docs/guides/runbook.md#no-such-service)',
    '',
  ]);
});

test('the data for programs has the words of the sink', async () => {
  const results = await checkSinks(CASES);
  expect(JSON.parse(CHECK_FORMATS.json(results))).toEqual(results);
  expect(results[1]).toEqual({ sink: 'own', isRight: false, text: 'it is closed' });
});
