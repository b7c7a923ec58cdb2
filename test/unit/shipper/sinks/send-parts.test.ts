import { NoAnswerError } from '../../../../src/shipper/errors.js';
import { BodyLimit } from '../../../../src/shipper/sinks/body-limit.js';
import { REQUEST_MAX_BYTES, sendParts } from '../../../../src/shipper/sinks/send-parts.js';
import { batchOf, messagesOf } from '../../../support/batches.js';

const timeout = new NoAnswerError({ code: 'timeout', detail: 'no answer within 30000 ms' });
const lines = Array.from({ length: 1000 }, (_, i) => `${i} ${'x'.repeat(800)}`);

/** A peer that takes requests of so many bytes in time. */
function peerOf(mostBytes: number) {
  const limit = new BodyLimit(REQUEST_MAX_BYTES);
  const requests: string[][] = [];
  const taken: string[] = [];
  const peer = { mostBytes };
  const send = (messages: readonly string[]) =>
    sendParts(batchOf(messages), limit, async (part) => {
      const sent = messagesOf(part);
      requests.push(sent);
      if (sent.join('').length > peer.mostBytes) throw timeout;
      taken.push(...sent);
    });
  return { peer, send, requests, taken };
}

test('a batch is one request, until one of that size takes too long', async () => {
  const { send, requests, taken } = peerOf(200_000);
  await expect(send(lines)).rejects.toBe(timeout);
  await expect(send(lines)).rejects.toBe(timeout);
  await expect(send(lines)).rejects.toBe(timeout);
  expect(await send(lines)).toEqual({ retry: [], rejected: [] });
  // About halves, since each record has a little more than its message.
  expect(requests.slice(0, 3).map(({ length }) => Math.round(length / 50) * 50)).toEqual([1000, 500, 250]);
  expect(taken).toEqual(lines);
});

test('what was delivered before one that takes too long stays delivered', async () => {
  const { send, taken } = peerOf(200_000);
  for (let i = 0; i < 3; i++) await send(lines).catch(() => {});
  // Alone in its request, and still too long.
  const long = [...lines.slice(0, 300), 'y'.repeat(300_000), ...lines.slice(300)];
  const { retry, ...result } = await send(long);
  expect(result).toMatchObject({ rejected: [], failure: { code: 'timeout' } });
  expect(taken).toEqual(long.slice(0, retry[0]));
  expect(taken).not.toEqual([]);
  expect(retry).toEqual(Array.from({ length: long.length - taken.length }, (_, i) => taken.length + i));
});

test('requests grow again', async () => {
  const { send, requests, peer } = peerOf(100_000);
  while (requests.length < 20) await send(lines).catch(() => {});
  peer.mostBytes = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 60; i++) await send(lines);
  expect(requests.at(-1)).toHaveLength(1000);
});
