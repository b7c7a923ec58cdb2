/** Lines that are lost, in the words of an operator: where, how many, why, and what keeps it from happening again. */
import { runbook, type Symptom } from '../../catalog/runbook.js';
import { BUFFER_REASONS } from '../buffer/record-buffer.js';
import { CORRUPT } from '../buffer/segments/segment-bodies.js';
import type { UncountedRings } from './journal-sum.js';
import { CONNECTION_CLOSED, INVALID_FRAMES, LATER_VERSION, NOT_HANDED_OVER, SHIPPER_KILLED } from './reasons.js';
import type { Totals } from './statement.js';

/** What is set for lines that could be lost. */
export interface LossSettings {
  readonly deadLetterFile?: string | undefined;
  readonly spoolDir?: string | undefined;
}

interface Loss {
  /** `application`, `hold`, or a sink. */
  readonly where: string;
  readonly reason: string;
  readonly records: number;
  readonly remedy: string;
}

/** Every kind of loss, in words. Empty when no line is lost. */
export const lossTexts = (
  totals: Pick<Totals, 'dropped' | 'uncountedRings'>,
  settings: LossSettings,
): readonly string[] => [
  ...lossesOf(totals, settings).map(lossText),
  ...Object.entries(totals.uncountedRings ?? {}).map(uncountedText),
];

/** `application: an unknown number of lines in 1 damaged ring of 5 bytes dropped (cut): ...`. */
function uncountedText([reason, { rings, bytes }]: readonly [string, UncountedRings]): string {
  const damaged = rings === 1 ? '1 damaged ring' : `${rings} damaged rings`;
  const why = REASONS_OF_RINGS[reason] ?? reason;
  return `application: an unknown number of lines in ${damaged} of ${bytes} bytes dropped (${reason}): ${why} (see ${runbook('the-ring-is-damaged')})`;
}

const REASONS_OF_RINGS: Readonly<Record<string, string>> = {
  cut: 'a process of the pod that may write there has cut it off',
  size: 'its header is damaged, and it is too large to look through',
};

/** Every kind of loss of which the number is known. */
function lossesOf({ dropped }: Pick<Totals, 'dropped'>, settings: LossSettings): readonly Loss[] {
  return Object.entries(dropped).flatMap(([where, reasons]) =>
    Object.entries(reasons)
      .filter(([, records]) => records > 0)
      .map(([reason, records]) => {
        const remedy = `${remedyOf(reason, settings)} (see ${runbook(symptomOf(reason))})`;
        return { where, reason, records, remedy };
      }),
  );
}

/** `opensearch: 3 dropped (mapper_parsing_exception): the sink ...`. */
const lossText = ({ where, reason, records, remedy }: Loss): string =>
  `${where}: ${records} dropped (${reason}): ${remedy}`;

const OF_BUFFER = 'raise LOGTAP_MEMORY_MAX_BYTES or LOGTAP_SPOOL_MAX_BYTES, or set LOGTAP_ON_FULL=block';

function symptomOf(reason: string): Symptom {
  if (reason === NOT_HANDED_OVER || reason === CONNECTION_CLOSED) return 'the-ring-is-full';
  if (reason === INVALID_FRAMES) return 'the-ring-is-damaged';
  if (reason === SHIPPER_KILLED) return 'the-shipper-was-killed';
  if (reason === CORRUPT) return 'the-spool-is-full';
  return BUFFER_REASONS.has(reason) ? 'the-buffer-is-full' : 'every-record-is-refused';
}

function remedyOf(reason: string, { deadLetterFile, spoolDir }: LossSettings): string {
  if (reason === NOT_HANDED_OVER) {
    return 'the application found no room in time; raise LOGTAP_RING_BYTES, or let it wait with LLT_ON_FULL=block:MILLISECONDS';
  }
  if (reason === LATER_VERSION) {
    return 'the library of a process is of a later release; replace the shipper by one of that release (logtap upgrade)';
  }
  if (reason === CONNECTION_CLOSED) {
    return 'more processes were connected than the shipper has descriptors for; raise its limit of open files, or use rings';
  }
  if (reason === INVALID_FRAMES) {
    return 'what a process had handed over was damaged, by itself or by another process of the pod that may write there';
  }
  if (reason === SHIPPER_KILLED) {
    return spoolDir === undefined
      ? 'a shipper was killed while a sink failed; set LOGTAP_SPOOL_DIR to keep records on disk'
      : 'a shipper was killed before it had them on disk; a crash of the node loses less with LOGTAP_SPOOL_SYNC=always';
  }
  if (reason === CORRUPT) return 'a file in LOGTAP_SPOOL_DIR is damaged: check the disk';
  if (BUFFER_REASONS.has(reason)) return OF_BUFFER;
  if (reason === 'reader_gone') return 'the reader of the pipe has ended before the shipper';
  return deadLetterFile === undefined
    ? 'the sink permanently refuses them; set LOGTAP_DEAD_LETTER_FILE to keep such records, and to resend them'
    : `the sink permanently refuses them, and LOGTAP_DEAD_LETTER_FILE='${deadLetterFile}' could not be written: look for its error above`;
}
