/** The user's side of a module stage, in a thread of its own: loads the module, applies it, checks what it returns. */
import { pathToFileURL } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import { messageOf } from '../../errors.js';
import type { RecordBatch } from '../../parts.js';
import { BatchBuilder } from '../../records/batch-builder.js';
import { type RecordView, recordAt, select } from '../../records/record-batch.js';
import type { Answer, ToShipper } from './protocol.js';

/** The type of the module's export `openStage`. */
export type OpenStage = (context: StageContext) => UserStage | Promise<UserStage>;

export interface StageContext {
  /** One record of a batch. */
  readonly recordAt: (batch: RecordBatch, index: number) => RecordView;
  /** The records at these indexes, which ascend; the others are withheld. */
  readonly select: (batch: RecordBatch, indexes: readonly number[]) => RecordBatch;
  /** The batch with the messages that `change` returns; a record for which it returns nothing is withheld. */
  readonly edit: (batch: RecordBatch, change: (record: RecordView) => Uint8Array | string | undefined) => RecordBatch;
  /** Logs a line, the same one at most once a minute. */
  readonly notice: (message: string) => void;
}

export interface UserStage {
  /** The records that are left, in their order, with the messages that they shall have. */
  readonly apply: (batch: RecordBatch) => RecordBatch | Promise<RecordBatch>;
}

/** Answers every batch that comes through the port. */
export async function serve(path: string, port: MessagePort): Promise<void> {
  const say = (message: ToShipper, buffers: readonly ArrayBuffer[] = []) => port.postMessage(message, [...buffers]);
  try {
    const stage = await open(path, (notice) => say({ notice }));
    port.on('message', async (batch: RecordBatch) => {
      const answer = await answerOf(stage, batch);
      const { bytes, start, length, index } = 'changed' in answer ? answer.changed : NOTHING;
      const buffers = new Set([bytes, start, length, index].map(({ buffer }) => buffer as ArrayBuffer));
      say(answer, 'changed' in answer ? [...buffers] : []);
    });
    say({ isReady: true });
  } catch (error) {
    say({ error: messageOf(error) });
  }
}

const NOTHING = {
  bytes: new Uint8Array(),
  start: new Uint32Array(),
  length: new Uint32Array(),
  index: new Uint32Array(),
};

async function open(path: string, notice: (message: string) => void): Promise<UserStage> {
  const { openStage, default: inner } = (await import(pathToFileURL(path).href)) as {
    readonly openStage?: OpenStage;
    readonly default?: { readonly openStage?: OpenStage };
  };
  const found = openStage ?? inner?.openStage;
  if (typeof found !== 'function') throw new Error('it exports no function openStage');
  const stage = await found({ recordAt, select, edit, notice });
  if (typeof stage?.apply !== 'function')
    throw new Error('openStage() gave no stage: return an object with a method apply(batch)');
  return stage;
}

function edit(batch: RecordBatch, change: (record: RecordView) => Uint8Array | string | undefined): RecordBatch {
  const builder = new BatchBuilder(batch.bytes.length);
  for (let i = 0; i < batch.count; i++) {
    const record = recordAt(batch, i);
    const changed = change(record);
    if (changed === undefined) continue;
    const bytes = typeof changed === 'string' ? Buffer.from(changed) : changed;
    const at = builder.copy(bytes, 0, bytes.length);
    builder.record(record.origin, at, bytes.length, record.timeMs, record.seq);
  }
  return builder.finish();
}

/** Exported for tests. */
export async function answerOf(stage: UserStage, batch: RecordBatch): Promise<Answer> {
  try {
    const result = await stage.apply(batch);
    if (result === batch) return { unchanged: true };
    const index = indexesIn(batch, result);
    const count = result.count;
    // Copies, because the module may keep parts of its batch.
    const [start, length] = [result.start.slice(0, count), result.length.slice(0, count)];
    for (let i = 0; i < count; i++) {
      if (!(start[i]! + length[i]! <= result.bytes.length)) throw new Error(`message ${i} lies outside of the bytes`);
    }
    return { changed: { bytes: new Uint8Array(result.bytes), start, length, index } };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/** Where the records of a result are in the batch. Throws an Error unless each is there, at most once, and in order. */
function indexesIn(batch: RecordBatch, result: RecordBatch): Uint32Array {
  if (!(result?.bytes instanceof Uint8Array) || !Array.isArray(result.origins)) {
    throw new Error('apply() must return a batch');
  }
  const indexes = new Uint32Array(result.count);
  let at = 0;
  for (let i = 0; i < result.count; i++) {
    const origin = result.origins[result.origin[i]!]?.id;
    while (at < batch.count && !(batch.seq[at] === result.seq[i] && batch.origins[batch.origin[at]!]!.id === origin))
      at++;
    if (at === batch.count) {
      throw new Error(`apply() returned a record that is not in the batch, comes twice or out of order: number ${i}`);
    }
    indexes[i] = at++;
  }
  return indexes;
}
