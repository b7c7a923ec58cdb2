/** A module stage and its thread, which here is a script: what it answers, when it is replaced, and that no record is lost. */
import type { RecordBatch } from '../../../../src/shipper/parts.js';
import { ModuleStage, type Thread } from '../../../../src/shipper/stages/module/module-stage.js';
import { type Expected, movable } from '../../../../src/shipper/stages/module/protocol.js';
import { answerOf } from '../../../../src/shipper/stages/module/user-stage.js';
import { batchOf, messagesOf, recordsOf } from '../../../support/batches.js';

/** Answers a batch; an Error ends the thread. */
type Reply = (batch: RecordBatch) => Promise<Expected> | Expected | Error;

async function setUp(
  replies: readonly Reply[],
  greetings: readonly (Expected | Error)[] = [{ isReady: true }],
  notice?: string,
) {
  const problems: string[] = [];
  const clock = { ms: 0 };
  const threads: { isEnded: boolean }[] = [];
  const posted: string[][] = [];
  const start = (_: string, onNotice: (text: string) => void): Thread => {
    if (notice !== undefined) onNotice(notice);
    const state = { isEnded: false };
    threads.push(state);
    const waiting: (Promise<Expected> | Expected | Error)[] = [...greetings];
    return {
      async next() {
        const message = await waiting.shift();
        if (message instanceof Error) throw message;
        return message!;
      },
      post(batch) {
        waiting.push(replies[Math.min(posted.length, replies.length - 1)]!(batch));
        posted.push(messagesOf(batch));
      },
      end() {
        state.isEnded = true;
      },
    };
  };
  const withheld: string[] = [];
  const stage = await ModuleStage.open({
    ...{ path: '/m.mjs', start, now: () => clock.ms },
    onProblem: (_, message) => problems.push(message),
  });
  const send = async (...messages: string[]) =>
    messagesOf(
      await stage.apply(batchOf(messages), (records, reason) => {
        withheld.push(...messagesOf(records).map((message) => `${reason} ${message}`));
      }),
    );
  return { send, stage, problems, threads, posted, withheld, clock };
}

/** As the thread of a module with this function answers. */
const by =
  (apply: (batch: RecordBatch) => RecordBatch): Reply =>
  (batch) =>
    answerOf({ apply }, batch);
const dies: Reply = () => new Error('its thread has ended with code 7');

test('records keep their places and times, with any messages of the module', async () => {
  const batch = batchOf([
    { message: 'one', timeMs: 1.5, seq: 10 },
    { message: 'two', timeMs: 2.5, seq: 20 },
  ]);
  const stage = await ModuleStage.open({
    ...{ path: '/m.mjs', now: () => 0, onProblem() {} },
    start: () => {
      const answers: (Expected | Promise<Expected>)[] = [{ isReady: true }];
      return {
        next: async () => (await answers.shift())!,
        post: (given) =>
          answers.push(
            answerOf(
              { apply: (own) => ({ ...own, bytes: Buffer.from('xyz123'), timeMs: own.timeMs.map(() => 9) }) },
              given,
            ),
          ),
        end() {},
      };
    },
  });
  expect(recordsOf(await stage.apply(batch, () => {}))).toEqual([
    { message: 'xyz', timeMs: 1.5, seq: 10, origin: '0000000000000abc-1' },
    { message: '123', timeMs: 2.5, seq: 20, origin: '0000000000000abc-1' },
  ]);
});

test('what the module leaves out is withheld; the batch itself is handed on where nothing changes', async () => {
  const odd = (batch: RecordBatch) => ({ ...batch, count: 1 });
  const { send, withheld } = await setUp([by(odd), by((batch) => batch)]);
  expect(await send('a', 'b', 'c')).toEqual(['a']);
  expect(await send('d')).toEqual(['d']);
  expect(withheld).toEqual(['module b', 'module c']);
});

test('a module that throws stays: the batch goes on unchanged, and the next one is asked for', async () => {
  const throws: Reply = () => ({ error: 'no such user' });
  const { send, problems, threads, posted } = await setUp([throws, by((batch) => batch)]);
  expect([await send('a'), await send('b')]).toEqual([['a'], ['b']]);
  expect([posted, threads.length]).toEqual([[['a'], ['b']], 1]);
  expect(problems).toEqual(["LOGTAP_STAGE='module:/m.mjs': no such user. The batch goes on unchanged"]);
});

test('a thread that dies is replaced after a pause, which doubles; an answer ends it', async () => {
  const { send, threads, posted, clock, problems } = await setUp([dies, dies, by((batch) => batch), dies]);
  const at = async (ms: number, message: string) => {
    clock.ms = ms;
    expect(await send(message)).toEqual([message]);
  };
  await at(0, 'a');
  await at(499, 'unasked');
  await at(500, 'b');
  await at(1499, 'unasked');
  await at(1500, 'c');
  await at(1500, 'd');
  await at(1999, 'unasked');
  expect(posted).toEqual([['a'], ['b'], ['c'], ['d']]);
  expect(threads).toEqual([{ isEnded: true }, { isEnded: true }, { isEnded: true }]);
  expect(problems.map((problem) => /after (\d+) ms/.exec(problem)?.[1])).toEqual(['500', '1000', '500']);
});

test('batches of two sources wait for each other', async () => {
  const order: string[] = [];
  const slow: Reply = (batch) =>
    new Promise((resolve) => {
      order.push(`begin ${messagesOf(batch)}`);
      setImmediate(() => {
        order.push(`end ${messagesOf(batch)}`);
        resolve({ unchanged: true });
      });
    });
  const { send } = await setUp([slow]);
  await Promise.all([send('a'), send('b')]);
  expect(order).toEqual(['begin a', 'end a', 'begin b', 'end b']);
});

test('a notice is logged, also before the module is ready', async () => {
  const { problems } = await setUp([], [{ isReady: true }], 'hello');
  expect(problems).toEqual(['LOGTAP_STAGE: hello']);
});

test.each([
  [{ error: 'it exports no function openStage' }, 'it exports no function openStage'],
  [new Error('no answer within 10000 ms'), 'no answer within 10000 ms'],
])('a module that cannot be loaded ends the start', async (greeting, problem) => {
  await expect(setUp([], [greeting])).rejects.toThrow(`LOGTAP_STAGE='module:/m.mjs': cannot be loaded: ${problem}`);
});

test.each([
  ['bytes', new Uint8Array(3)],
  ['a Buffer, whose slice() shares memory', Buffer.allocUnsafeSlow(3)],
])('a thread takes none of the memory of a batch of %s', (_, bytes) => {
  bytes.set(Buffer.from('one'));
  const batch = { ...batchOf(['one']), bytes };
  const moved = movable(batch);
  structuredClone(moved.batch, { transfer: [...moved.buffers] });
  expect(messagesOf(batch)).toEqual(['one']);
});
