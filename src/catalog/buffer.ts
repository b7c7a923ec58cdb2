/** Settings of the buffer, of dead letters, and of the shipper's end. */
import { setting } from './setting.js';
import * as value from './values/setting-values.js';

/** Policies for a full buffer. */
export const ON_FULL = ['block', 'drop-oldest', 'drop-newest'] as const;
export type OnFull = (typeof ON_FULL)[number];

/** When the files of the spool are synced to the disk. */
const SPOOL_SYNC = ['interval', 'always', 'off'] as const;
export type SpoolSync = (typeof SPOOL_SYNC)[number];

export const BUFFER_SETTINGS = {
  memoryMaxBytes: setting({
    name: 'LOGTAP_MEMORY_MAX_BYTES',
    defaultMeaning:
      "half of the container's memory limit, less where that leaves under 160 MiB for the rest (rings not counted), but at least 8 MiB; 64 MiB without a limit",
    help: 'Limit on the memory of records that a sink has not acknowledged yet. `LOGTAP_ON_FULL` sets the policy at the limit.',
    parse: value.integer(1024 * 1024, 1024 ** 4),
  }),
  spoolDir: setting({
    name: 'LOGTAP_SPOOL_DIR',
    defaultMeaning: 'none: records are buffered in memory',
    help: 'Directory of the disk buffer, whose records survive a restart of the shipper. The shipper creates a missing directory. Only one shipper may use it.',
    parse: value.absolutePath,
  }),
  spoolMaxBytes: setting({
    name: 'LOGTAP_SPOOL_MAX_BYTES',
    default: String(1024 ** 3),
    help: 'Limit on the total size of the files in `LOGTAP_SPOOL_DIR`.',
    parse: value.integer(1024 * 1024, 1024 ** 5),
  }),
  spoolSync: setting({
    name: 'LOGTAP_SPOOL_SYNC',
    default: 'interval',
    help: 'When the shipper syncs the files in `LOGTAP_SPOOL_DIR`, so that they survive a crash of the node. `interval`: once per second, and a crash may lose the last second. `always`: before a batch counts as held. `off`: never. A kill of the shipper loses none of them with any value.',
    parse: value.oneOf(SPOOL_SYNC),
  }),
  onFull: setting({
    name: 'LOGTAP_ON_FULL',
    default: 'block',
    help: 'Policy when the buffer is full. `block` stops reading, `drop-oldest` drops the records that have waited longest, `drop-newest` drops arriving records. Dropped records are counted per sink.',
    parse: value.oneOf(ON_FULL),
  }),
  deadLetterFile: setting({
    name: 'LOGTAP_DEAD_LETTER_FILE',
    defaultMeaning: 'none: the records are counted and dropped',
    help: 'File for permanently rejected records, one JSON object per line. `logtap replay` resends them.',
    parse: value.absolutePath,
  }),
  deadLetterMaxBytes: setting({
    name: 'LOGTAP_DEAD_LETTER_MAX_BYTES',
    default: String(64 * 1024 ** 2),
    help: 'Limit on the dead letters on disk. At half of the limit, the file is renamed with the suffix `.1` and replaces the previous file of that name.',
    parse: value.integer(4096, 1024 ** 4),
  }),
  exitWithoutWritersSeconds: setting({
    name: 'LOGTAP_EXIT_WITHOUT_WRITERS_SECONDS',
    defaultMeaning: 'never: the shipper runs until SIGTERM',
    help: 'For Jobs on clusters without native sidecars. The shipper exits with code 0 once it has read records, all of them are delivered, and no process has had a ring or a connection for this time.',
    parse: value.integer(0, 86_400),
  }),
  graceSeconds: setting({
    name: 'LOGTAP_GRACE_SECONDS',
    default: '25',
    help: "Time from SIGTERM to exit. Peers may write during the first half, and the shipper delivers until the end. Keep it below the pod's `terminationGracePeriodSeconds`.",
    parse: value.integer(0, 86_400),
  }),
  terminationGraceSeconds: setting({
    name: 'LOGTAP_TERMINATION_GRACE_SECONDS',
    default: '30',
    help: "The pod's `terminationGracePeriodSeconds`. A preStop hook sends SIGUSR2 when the pod's termination begins. When SIGTERM arrives later, the shipper exits within the rest of this period, and at most within `LOGTAP_GRACE_SECONDS`.",
    parse: value.integer(0, 86_400),
  }),
} as const;
