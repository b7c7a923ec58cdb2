/** A delivery to a sink whose requests stay open until a test answers them. */
import { Ledger } from '../../src/shipper/accounting/ledger.js';
import { RecordBuffer } from '../../src/shipper/buffer/record-buffer.js';
import type { SegmentStore } from '../../src/shipper/buffer/segment-store.js';
import { deliver, healthySink } from '../../src/shipper/delivery/deliver.js';
import { createLog } from '../../src/shipper/log.js';
import type { RecordBatch, SendResult, Sink } from '../../src/shipper/parts.js';

const NAME = 'open';

/** A request that a test has to answer, and what the test wants to see of it. */
export interface OpenRequest<Seen> {
  readonly seen: Seen;
  answer(result: SendResult): void;
}

const ends: (() => Promise<void>)[] = [];

/** After each test: a send that is out has timers. */
export async function endDeliveries(): Promise<void> {
  for (const end of ends.splice(0)) await end();
}

/** `see` is called with the records of each request, when it leaves. Records are in memory without a `store`. */
export function deliverOpen<Seen>(
  see: (batch: RecordBatch) => Seen,
  maxRecords: number,
  more: Partial<Sink> = {},
  store?: SegmentStore,
) {
  const open: OpenRequest<Seen>[] = [];
  const [deadline, hurry] = [new AbortController(), new AbortController()];
  const sink: Sink = {
    name: NAME,
    limits: { maxRecords, maxBytes: 1_000_000, recordOverheadBytes: 0 },
    send: (batch, signal) =>
      new Promise((resolve, reject) => {
        open.push({ seen: see(batch), answer: resolve });
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
    async close() {},
    ...more,
  };
  const ledger = new Ledger([NAME]);
  const buffer = new RecordBuffer({
    ...{ maxBytes: 1_000_000, sinks: [NAME], now: () => 0, ...(store && { store }) },
    onDropped: (_, reason, dropped) => ledger.countDropped(NAME, reason, dropped),
    sleep: () => new Promise(setImmediate),
  });
  const running = deliver({
    ...{ sink, ledger, cursor: buffer.cursor(NAME), health: healthySink(), now: () => 0, random: () => 0.5 },
    log: createLog({ write: () => {}, now: () => 0 }),
    sleep: async () => {},
    attemptMs: 60_000,
    hurry: hurry.signal,
    deadline: deadline.signal,
  });
  ends.push(() => {
    deadline.abort();
    return running;
  });
  /** Lets everything happen that waits for nothing. */
  const settle = async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    ...{ open, ledger, buffer, deadline, running, settle },
    /** Answers the open request of this number; the records are taken by default. */
    answer: async (at: number, result: SendResult = { retry: [], rejected: [] }) => {
      open.splice(at, 1)[0]!.answer(result);
      await settle();
    },
    totals: () => ledger.totals(() => buffer.cursor(NAME).held),
  };
}
