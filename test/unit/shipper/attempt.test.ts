/** How long a send is waited for. */
import { type AttemptOptions, attempt } from '../../../src/shipper/delivery/attempt.js';
import type { Sink } from '../../../src/shipper/parts.js';
import { batchOf } from '../../support/batches.js';
import { scriptedSink } from '../../support/scripted-sink.js';

const PATIENCE_MS = 30_000;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** A send whose sink ends when it is told to, and reports progress at these times. */
function begin(progressMs: readonly number[] = [], more: Partial<AttemptOptions> = {}) {
  const hurry = new AbortController();
  const send: Sink['send'] = (_, signal, onProgress) =>
    new Promise((_resolve, reject) => {
      for (const ms of progressMs) setTimeout(() => onProgress?.(), ms);
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  const options: AttemptOptions = {
    sink: { ...scriptedSink([]), send },
    attemptMs: PATIENCE_MS,
    hurry: hurry.signal,
    deadline: new AbortController().signal,
    ...more,
  };
  const start = Date.now();
  const ended = attempt(options, batchOf(['a'])).then(({ failure }) => [Date.now() - start, failure?.code]);
  return { hurry, ended };
}

const endOf = async (ended: Promise<unknown>) => {
  await jest.advanceTimersByTimeAsync(1_000_000);
  return ended;
};

test('rule 44: a send without progress ends after its patience', async () => {
  expect(await endOf(begin().ended)).toEqual([PATIENCE_MS, 'timeout']);
});

test('one that moves goes on, but not without end', async () => {
  const every20 = Array.from({ length: 100 }, (_, i) => i * 20_000);
  expect(await endOf(begin([20_000, 40_000]).ended)).toEqual([70_000, 'timeout']);
  expect(await endOf(begin(every20).ended)).toEqual([10 * PATIENCE_MS, 'timeout']);
});

test('rule 45: one that hangs when the shipper stops has a third of what remains', async () => {
  const { hurry, ended } = begin([], { remainingMs: () => 24_000 });
  await jest.advanceTimersByTimeAsync(5000);
  hurry.abort();
  expect(await endOf(ended)).toEqual([13_000, 'timeout']);
});

test('so has one that begins while it stops; a moment at least', async () => {
  const hurried = AbortSignal.abort();
  expect(await endOf(begin([], { hurry: hurried, remainingMs: () => 9000 }).ended)).toEqual([3000, 'timeout']);
  expect(await endOf(begin([], { hurry: hurried, remainingMs: () => 100 }).ended)).toEqual([1000, 'timeout']);
});

test('one that moves while the shipper stops is not cut off', async () => {
  const { hurry, ended } = begin([2000, 4000, 6000, 8000], { remainingMs: () => 9000 });
  hurry.abort();
  expect(await endOf(ended)).toEqual([11_000, 'timeout']);
});

describe('a sink that throws', () => {
  const thrown = (error: unknown) => {
    const send = () => Promise.reject(error);
    const signal = new AbortController().signal;
    const options = { sink: { ...scriptedSink([]), send }, attemptMs: PATIENCE_MS, hurry: signal, deadline: signal };
    return attempt(options, batchOf(['a', 'b']));
  };

  test('an error of its code keeps every record, is named with its place, and is retried seldom', async () => {
    const result = await thrown(new TypeError("Cannot read properties of undefined (reading 'length')"));
    expect(result).toMatchObject({ retry: [0, 1], rejected: [], retryAfterMs: 5000, failure: { code: 'TypeError' } });
    expect(result.failure!.detail).toMatch(/^Cannot read .*\(an error in the sink's code, at .*attempt\.test\.ts:\d+/);
  });

  test('a network that fetch does not reach is no error of its code', async () => {
    const error = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
    expect(await thrown(error)).toEqual({
      ...{ retry: [0, 1], rejected: [] },
      failure: { code: 'TypeError', detail: 'fetch failed' },
    });
  });
});
