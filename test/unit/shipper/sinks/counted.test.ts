/** A sink whose requests are counted is that sink in all its members. */
import { NoAnswerError } from '../../../../src/shipper/errors.js';
import type { RecordBatch, Sink } from '../../../../src/shipper/parts.js';
import { counted } from '../../../../src/shipper/sinks/counted.js';
import { batchOf } from '../../../support/batches.js';

/** With every member that a sink may have: the compiler refuses this class when `Sink` gains one that is missing here. */
class WholeSink implements Required<Sink> {
  readonly name = 'whole';
  readonly limits = { maxRecords: 7, maxBytes: 8, recordOverheadBytes: 9 };
  readonly requestsMax = 10;
  readonly isReadByTime = true;
  readonly releasesBatches = true;
  readonly fillMs = 0;
  readonly #calls: string[] = [];
  answer: () => Awaited<ReturnType<Sink['send']>> = () => ({ retry: [], rejected: [] });

  get calls(): readonly string[] {
    return this.#calls;
  }

  async send() {
    this.#calls.push('send');
    return this.answer();
  }
  destinations({ count }: RecordBatch) {
    this.#calls.push('destinations');
    return Array.from({ length: count }, () => 'place');
  }
  taken() {
    this.#calls.push('taken');
  }
  claims() {
    this.#calls.push('claims');
    return [];
  }
  async check() {
    this.#calls.push('check');
    return { isRight: true, text: 'there' };
  }
  reopen() {
    this.#calls.push('reopen');
  }
  async close() {
    this.#calls.push('close');
  }
}

const signal = new AbortController().signal;

function setUp() {
  const codes: string[] = [];
  const sink = new WholeSink();
  return { codes, sink, wrapped: counted(sink, (code) => codes.push(code)) as Required<Sink> };
}

test('every member of the sink is there, and is called on the sink', async () => {
  const { sink, wrapped } = setUp();
  const members = [...Object.getOwnPropertyNames(WholeSink.prototype), ...Object.keys(sink)] as (keyof Sink)[];
  expect(members.filter((member) => typeof wrapped[member] !== typeof (sink as Required<Sink>)[member])).toEqual([]);
  expect([wrapped.name, wrapped.limits, wrapped.requestsMax]).toEqual([sink.name, sink.limits, sink.requestsMax]);
  wrapped.reopen();
  expect(wrapped.destinations(batchOf(['a', 'b']))).toEqual(['place', 'place']);
  expect(wrapped.claims(batchOf(['a']))).toEqual([]);
  expect(await wrapped.check(signal)).toEqual({ isRight: true, text: 'there' });
  await wrapped.send(batchOf(['a']), signal, () => {});
  await wrapped.close();
  expect(sink.calls).toEqual(['reopen', 'destinations', 'claims', 'check', 'send', 'close']);
});

test('an optional member that the sink lacks stays absent', () => {
  const { send, close } = new WholeSink();
  const wrapped = counted({ name: 'small', limits: new WholeSink().limits, send, close }, () => {});
  expect([wrapped.destinations, wrapped.check, wrapped.reopen]).toEqual([undefined, undefined, undefined]);
});

test('each send is counted by its outcome', async () => {
  const { codes, sink, wrapped } = setUp();
  const send = () => wrapped.send(batchOf(['a']), signal, () => {});
  await send();
  sink.answer = () => ({ retry: [0], rejected: [], failure: { code: '429', detail: 'slow down' } });
  await send();
  sink.answer = () => {
    throw new NoAnswerError({ code: 'ECONNREFUSED', detail: 'nothing listens' });
  };
  await expect(send()).rejects.toThrow('nothing listens');
  expect(codes).toEqual(['ok', '429', 'ECONNREFUSED']);
});
