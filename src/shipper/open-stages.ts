/** Settings to the stages between sources and buffer, in the order in which records pass them. */
import { join } from 'node:path';
import { severitiesOf } from '../catalog/values/record-rules.js';
import { levelOf } from './fields/level/level.js';
import type { Log } from './log.js';
import { openRedaction } from './open-redaction.js';
import type { Stage } from './parts.js';
import type { Settings } from './settings.js';
import { Bill } from './stages/bill/bill.js';
import { PlainText } from './stages/bytes/plain-text.js';
import { matcherOf } from './stages/matcher.js';
import { ModuleStage } from './stages/module/module-stage.js';
import type { Redaction } from './stages/redaction/redaction.js';

export interface OpenStagesOptions {
  readonly log: Log;
  readonly now: () => number;
  /** Bound on the memory of buffered records. */
  readonly memoryMaxBytes: number;
  /**
   * The bundle that runs the module stage in its thread.
   *
   * @default - the one next to this bundle
   */
  readonly threadFile?: string;
}

export interface Stages {
  /** Empty when nothing is set: then no batch passes any. */
  readonly stages: readonly Stage[];
  /** Whose flight recorder can be told to send. Absent without settings for it. */
  readonly bill: Bill | undefined;
  /** Also redacts the shipper's own log. Absent without settings for it. */
  readonly redaction: Redaction | undefined;
}

/** Part of the memory bound that the flight recorder may have. */
const RECORDER_PART = 1 / 4;

/** Part of the memory bound that is left for the buffer. */
export const bufferPart = ({ recorderMinutes }: Settings): number =>
  recorderMinutes === undefined ? 1 : 1 - RECORDER_PART;

/** Throws a ConfigError when a setting cannot work. */
export async function openStages(settings: Settings, options: OpenStagesOptions): Promise<Stages> {
  const { charset: charsets = {}, ansi } = settings;
  const isPlain = settings.charset === undefined && ansi === 'keep';
  const text = isPlain ? undefined : new PlainText({ charsets, removesAnsi: ansi === 'remove' });
  // Redaction searches text, so it comes after decoding, and before a module, which may print its input.
  const redaction = openRedaction(settings);
  const module = await openModuleStage(settings, options);
  const bill = openBill(settings, options);
  return { stages: [text, redaction, module, bill].filter((stage) => stage !== undefined), bill, redaction };
}

async function openModuleStage({ stage: path }: Settings, options: OpenStagesOptions) {
  if (path === undefined) return undefined;
  const { log, now, threadFile = join(__dirname, 'stage.js') } = options;
  const onProblem = (code: string, message: string) => log.problem('warn', `stage ${code}`, message);
  const { startThread } = await import('./stages/module/start-thread.js');
  const start = (module: string, onNotice: (text: string) => void) => startThread(threadFile, module, onNotice);
  return ModuleStage.open({ path, start, onProblem, now });
}

function openBill(settings: Settings, { memoryMaxBytes }: OpenStagesOptions): Bill | undefined {
  const { rules, deduplicateSeconds, recorderMinutes, recorderLevel, rateLimit, budgetBytesPerDay } = settings;
  const given = [rules, deduplicateSeconds, recorderMinutes, rateLimit, budgetBytesPerDay];
  if (given.every((each) => each === undefined)) return undefined;
  const [fromLevel] = severitiesOf(recorderLevel);
  return new Bill({
    ...{ rules, deduplicateSeconds, rateLimit, budgetBytesPerDay, levelOf },
    recorder:
      recorderMinutes === undefined
        ? undefined
        : { minutes: recorderMinutes, fromLevel, maxBytes: memoryMaxBytes * RECORDER_PART },
    compile: matcherOf,
  });
}
