/** A sink that answers as a test wrote down, and remembers what it was sent. */
import { NoAnswerError } from '../../src/shipper/errors.js';
import type { BatchLimits, RecordBatch, SendResult, Sink } from '../../src/shipper/parts.js';
import { messagesOf } from './batches.js';

/** `ok` takes all, `throw` gives no answer, `hang` never answers; a result says the rest. The last one repeats. */
export type Step = 'ok' | 'throw' | 'hang' | Partial<SendResult>;

export interface ScriptedSink extends Sink {
  /** The messages of every send, in order. */
  readonly sent: string[][];
}

export function scriptedSink(script: readonly Step[], limits: Partial<BatchLimits> = {}): ScriptedSink {
  const sent: string[][] = [];
  return {
    name: 'scripted',
    limits: { maxRecords: 1000, maxBytes: 1024 * 1024, recordOverheadBytes: 0, ...limits },
    sent,
    async send(batch: RecordBatch): Promise<SendResult> {
      const step = script[Math.min(sent.length, script.length - 1)] ?? 'ok';
      sent.push(messagesOf(batch));
      if (step === 'throw') throw new NoAnswerError({ code: 'ECONNREFUSED', detail: 'nothing listens' });
      if (step === 'hang') return new Promise(() => {});
      return { retry: [], rejected: [], ...(step === 'ok' ? {} : step) };
    },
    async close() {},
  };
}
