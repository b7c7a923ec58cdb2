/** Settings of the buffer, of dead letters, and of the shipper's end. */
import { setting } from './setting.js';
import * as value from './setting-values.js';

/** What happens when the room for held records is used up. */
export const ON_FULL = ['block', 'drop-oldest', 'drop-newest'] as const;
export type OnFull = (typeof ON_FULL)[number];

/** When the files of the spool are synced to the disk. */
export const SPOOL_SYNC = ['interval', 'always', 'off'] as const;
export type SpoolSync = (typeof SPOOL_SYNC)[number];

export const BUFFER_SETTINGS = {
  memoryMaxBytes: setting({
    name: 'LOGTAP_MEMORY_MAX_BYTES',
    defaultMeaning:
      "half of the container's memory limit, less where that leaves under 160 MiB for the rest, rings aside, but at least 8 MiB; 64 MiB without a limit",
    help: 'Bound on the memory of records held until every sink has taken them. `LOGTAP_ON_FULL` says what happens when it is reached.',
    parse: value.integer(1024 * 1024, 1024 ** 4),
  }),
  spoolDir: setting({
    name: 'LOGTAP_SPOOL_DIR',
    defaultMeaning: 'none: records are held in memory',
    help: 'Directory to hold records in, so that they outlive the shipper. Made when it is missing; for one shipper only.',
    parse: value.absolutePath,
  }),
  spoolMaxBytes: setting({
    name: 'LOGTAP_SPOOL_MAX_BYTES',
    default: String(1024 ** 3),
    help: 'Bound on the files in `LOGTAP_SPOOL_DIR`.',
    parse: value.integer(1024 * 1024, 1024 ** 5),
  }),
  spoolSync: setting({
    name: 'LOGTAP_SPOOL_SYNC',
    default: 'interval',
    help: 'When the files in `LOGTAP_SPOOL_DIR` are synced, so that they survive a crash of the node: `interval` once a second, so that the last second may be lost; `always` before a batch counts as held; `off` never. A kill of the shipper loses nothing of them in any case.',
    parse: value.oneOf(SPOOL_SYNC),
  }),
  onFull: setting({
    name: 'LOGTAP_ON_FULL',
    default: 'block',
    help: 'When the room for held records is used up: `block` stops reading, `drop-oldest` drops what has waited longest, `drop-newest` drops what comes. What is dropped is counted for each sink.',
    parse: value.oneOf(ON_FULL),
  }),
  deadLetterFile: setting({
    name: 'LOGTAP_DEAD_LETTER_FILE',
    defaultMeaning: 'none: they are counted and dropped',
    help: 'File for records that a sink refuses for good, one JSON object a line. `logtap replay` sends them again.',
    parse: value.absolutePath,
  }),
  deadLetterMaxBytes: setting({
    name: 'LOGTAP_DEAD_LETTER_MAX_BYTES',
    default: String(64 * 1024 ** 2),
    help: 'Bound on the file of dead letters. At half of it the file gets the suffix `.1`, in the place of an earlier one.',
    parse: value.integer(4096, 1024 ** 4),
  }),
  exitWithoutWritersSeconds: setting({
    name: 'LOGTAP_EXIT_WITHOUT_WRITERS_SECONDS',
    defaultMeaning: 'never: it runs until SIGTERM',
    help: 'For the Job of a cluster without native sidecars: the shipper ends by itself, with code 0, when there were records, all of them are delivered, and no process had a ring or a connection for so long.',
    parse: value.integer(0, 86_400),
  }),
  graceSeconds: setting({
    name: 'LOGTAP_GRACE_SECONDS',
    default: '25',
    help: "Time from SIGTERM to exit: half of it for peers that still write, all of it to deliver. Keep it below the pod's `terminationGracePeriodSeconds`.",
    parse: value.integer(0, 86_400),
  }),
  terminationGraceSeconds: setting({
    name: 'LOGTAP_TERMINATION_GRACE_SECONDS',
    default: '30',
    help: "The pod's `terminationGracePeriodSeconds`. After SIGUSR2, which a preStop hook sends when the pod's termination begins, the shipper ends within what is left of it when SIGTERM comes, at the most within `LOGTAP_GRACE_SECONDS`.",
    parse: value.integer(0, 86_400),
  }),
} as const;
