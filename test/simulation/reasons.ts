/** Nothing is dropped, or counted as sent twice, without need. */
import { type Books, Violation } from './books.js';
import type { Plan } from './plan.js';

/** Without these all frames are valid. */
const BREAKING: ReadonlySet<string> = new Set(['break ring', 'forge', 'forge ring']);
/** Without these no answer is lost, and nothing is in doubt. A file in the place of a ring may have the same records as another. */
const DOUBTFUL: ReadonlySet<string> = new Set(['kill', 'stop', 'second', 'crash', 'delete logs', 'forge ring']);
const PLAIN: ReadonlySet<string> = new Set(['busy', 'closed']);
/** Where an answer is lost with its connection. */
const PLAIN_OF_STREAMS: ReadonlySet<string> = new Set(['slow']);

/** `isDiskHurt`: of the disk buffer, segments or room. Throws a Violation. */
export function checkReasons(
  books: Books,
  { environment, collector, steps }: Plan,
  isDamaged: boolean,
  isDiskFilled: boolean,
): void {
  const { dropped, left, possibleDuplicates } = books.reported;
  const needed: Readonly<Record<string, boolean>> = {
    // A disk that takes no checkpoint does not know which numbers only memory had.
    spool_corrupt: isDamaged || books.crashes > 0 || isDiskFilled,
    // A journal that the disk refused at the end of a shipper does not have what was delivered meanwhile.
    shipper_killed: books.kills > 0 || left > 0 || books.doubts === Number.POSITIVE_INFINITY,
    invalid_frames: steps.some((step) => BREAKING.has(step.do)),
    full_drop_oldest: environment.LOGTAP_ON_FULL === 'drop-oldest',
    full_drop_newest: environment.LOGTAP_ON_FULL === 'drop-newest',
  };
  for (const [reason, count] of dropped) {
    if (count > 0 && needed[reason] === false) throw new Violation('needless', `${count} are dropped as ${reason}`);
  }
  const plain = collector === undefined || collector.kind === 'otlp' ? PLAIN : PLAIN_OF_STREAMS;
  // The key of an object tells whether it is stored, whatever becomes of an answer.
  const isKnown = (mood: string) => collector?.kind === 's3' || plain.has(mood);
  const isPlain = steps.every((step) => !DOUBTFUL.has(step.do) && (step.do !== 'mood' || isKnown(step.mood)));
  if (isPlain && possibleDuplicates > 0) {
    throw new Violation('needless', `${possibleDuplicates} count as possible duplicates, and no answer was lost`);
  }
}
