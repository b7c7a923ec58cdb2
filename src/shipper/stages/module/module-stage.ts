/**
 * LOGTAP_STAGE: the user's own step, a JavaScript module in a thread of its own, so that a loop without end in it does not
 * stop the shipper. A batch that it does not answer in time, or not as it must, goes on as it was.
 */
import { ConfigError, messageOf } from '../../errors.js';
import type { RecordBatch, Stage, Withhold } from '../../parts.js';
import { select, withColumns } from '../../records/record-batch.js';
import { type Changed, type Expected, movable } from './protocol.js';

/** Reason of records that the module leaves out. */
const LEFT_OUT = 'module';
/** For one batch. */
const ANSWER_MS = 5000;
/** For the module to load. */
const START_MS = 10_000;
/** After a failure batches go on as they are for so long: the first, doubled with each failure in a row, and the longest. */
const PAUSE_MS = 500;
const PAUSE_MAX_MS = 60_000;

/** A thread, or what takes its place in a test. */
export interface Thread {
  /** The next message but for notices; rejects when the thread ends. */
  next(withinMs: number): Promise<Expected>;
  post(batch: RecordBatch, buffers: readonly ArrayBuffer[]): void;
  end(): void;
}

export interface ModuleStageOptions {
  readonly path: string;
  readonly start: (path: string, onNotice: (text: string) => void) => Thread;
  /** Called with failures, and with notices of the module. */
  readonly onProblem: (code: string, message: string) => void;
  readonly now: () => number;
}

export class ModuleStage implements Stage {
  readonly name = 'module';
  readonly #options: ModuleStageOptions;
  #thread: Thread | undefined;
  #failures = 0;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** One batch at a time. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: ModuleStageOptions) {
    this.#options = options;
  }

  /** Throws a ConfigError when the module cannot be loaded. */
  static async open(options: ModuleStageOptions): Promise<ModuleStage> {
    const stage = new ModuleStage(options);
    try {
      await stage.#start();
    } catch (error) {
      throw new ConfigError(
        [
          `LOGTAP_STAGE='module:${options.path}': cannot be loaded: ${messageOf(error)}. Correct the path, or the module.`,
        ],
        { cause: error },
      );
    }
    return stage;
  }

  apply(batch: RecordBatch, withhold: Withhold): Promise<RecordBatch> {
    const result = this.#last.then(() => this.#apply(batch, withhold));
    this.#last = result;
    return result;
  }

  end(): undefined {
    this.#thread?.end();
    this.#thread = undefined;
  }

  async #apply(batch: RecordBatch, withhold: Withhold): Promise<RecordBatch> {
    if (this.#options.now() < this.#pausedUntilMs) return batch;
    let answer: Expected;
    try {
      const thread = this.#thread ?? (await this.#start());
      const { batch: moved, buffers } = movable(batch);
      thread.post(moved, buffers);
      answer = await thread.next(ANSWER_MS);
    } catch (error) {
      this.#failed(error);
      return batch;
    }
    this.#failures = 0;
    if ('changed' in answer) return changed(batch, answer.changed, withhold);
    if ('error' in answer) this.#problem(`${answer.error}. The batch goes on unchanged`);
    return batch;
  }

  async #start(): Promise<Thread> {
    const { path, start, onProblem } = this.#options;
    const thread = start(path, (text) => onProblem(`notice ${text}`, `LOGTAP_STAGE: ${text}`));
    try {
      const message = await thread.next(START_MS);
      if ('error' in message) throw new Error(message.error);
    } catch (error) {
      thread.end();
      throw error;
    }
    this.#thread = thread;
    return thread;
  }

  /** The next batch gets a new thread: nothing is known of what this one still does. */
  #failed(error: unknown): void {
    this.end();
    this.#failures += 1;
    const pauseMs = Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** (this.#failures - 1));
    this.#pausedUntilMs = this.#options.now() + pauseMs;
    this.#problem(`${messageOf(error)}. Records go on unchanged; it is started again after ${pauseMs} ms`);
  }

  #problem(text: string): void {
    this.#options.onProblem('failed', `LOGTAP_STAGE='module:${this.#options.path}': ${text}`);
  }
}

function changed(batch: RecordBatch, { index, bytes, start, length }: Changed, withhold: Withhold): RecordBatch {
  if (index.length < batch.count) {
    const left = new Set(index);
    const others = Array.from({ length: batch.count }, (_, i) => i).filter((i) => !left.has(i));
    withhold(select(batch, others), LEFT_OUT);
  }
  return withColumns(select(batch, [...index]), { bytes, start, length });
}
