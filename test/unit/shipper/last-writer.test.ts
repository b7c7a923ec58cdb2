import { lastWriterEnded } from '../../../src/shipper/process/last-writer.js';

/** Each state lasts for so many milliseconds; the last one permanently. Answers when it resolved. */
async function endOf(states: readonly { ms: number; hasWriters: boolean; isDelivered: boolean }[], ms: number) {
  let now = 0;
  const state = () => {
    let end = 0;
    return (
      states.find(({ ms }) => {
        end += ms;
        return now < end;
      }) ?? states.at(-1)!
    );
  };
  const abort = new AbortController();
  const sleep = async (each: number) => {
    now += each;
    if (now > 60_000) abort.abort();
  };
  const hasWriters = () => state().hasWriters;
  const isDelivered = () => state().isDelivered;
  await lastWriterEnded({ hasWriters, isDelivered, ms, now: () => now, sleep }, abort.signal);
  return abort.signal.aborted ? 'never' : now;
}

const busy = { ms: 5000, hasWriters: true, isDelivered: false };
const between = { ms: 900, hasWriters: false, isDelivered: true };
const held = { ms: 10_000, hasWriters: false, isDelivered: false };

test.each([
  ['before any process has written', [{ ...between, isDelivered: false }], 'never'],
  ['after the last writer', [busy, between], 5900],
  ['not between two programs of a script', [busy, between, { ...busy, ms: 2000 }, between], 8800],
  ['not while the sink has not got all', [busy, held, between], 15_900],
  ['not while a process is there that says nothing', [{ ms: 1, hasWriters: true, isDelivered: true }], 'never'],
])('the work is done: %s', async (_, states, end) => {
  expect(await endOf(states, 1000)).toBe(end);
});
