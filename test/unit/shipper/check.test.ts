/** The checklist of `ship --check`: a failure leads to the runbook, also that of a sink that a user wrote. */
import { coloursFor } from '../../../src/colours.js';
import { CHECK_FORMATS, checkSinks } from '../../../src/shipper/check.js';
import { NoAnswerError } from '../../../src/shipper/errors.js';
import type { Sink } from '../../../src/shipper/parts.js';
import { hintText, networkHint } from '../../../src/shipper/sinks/hints.js';

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

// Clients add the hint to their own words, and sinks with another connection do not.
test('a service that does not answer is reported with one hint', async () => {
  jest.useFakeTimers();
  const until = (signal: AbortSignal, words: (detail: string) => string) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () =>
        reject(new NoAnswerError({ code: 'timeout', detail: words(signal.reason.detail) })),
      );
    });
  const hint = hintText(networkHint('timeout')!);
  const results = checkSinks([
    sink('bare', (signal) => until(signal, (detail) => detail)),
    sink('full', (signal) => until(signal, (detail) => `request to x: ${detail}${hint}`)),
  ]);
  await jest.advanceTimersByTimeAsync(11_000);
  jest.useRealTimers();
  expect((await results).map(({ text }) => text)).toEqual([
    `no answer within 10 s${hint}`,
    `request to x: no answer within 10 s${hint}`,
  ]);
});
