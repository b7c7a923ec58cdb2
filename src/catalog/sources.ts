/** Settings of the sources: where records come from, and how bytes become lines. */
import { MOUNT_PATH, RINGS_BYTES, RUN_DIR, SOCKET_NAME } from '../contract.js';
import { setting } from './setting.js';
import * as value from './setting-values.js';

export const SOURCE_SETTINGS = {
  socket: setting({
    name: 'LOGTAP_SOCKET',
    aliases: ['SINK_SOCKET_PATH', 'SOCKET_PATH'],
    default: `${MOUNT_PATH}/${RUN_DIR}/${SOCKET_NAME}`,
    help: 'Unix socket to listen on, mode 0666. Its directory is made when it is missing. Takes frames of the library, and raw lines from anything else.',
    parse: value.socketPath,
  }),
  ringDir: setting({
    name: 'LOGTAP_RING_DIR',
    defaultMeaning: 'no rings',
    help: 'Directory of rings, on a memory volume that applications share. It is made when it is missing, with mode 0777: a process of any user takes its ring by renaming it.',
    parse: value.absolutePath,
  }),
  ringBytes: setting({
    name: 'LOGTAP_RING_BYTES',
    default: '1048576',
    help: 'Bytes of one ring: what a process can write while its records wait to be delivered.',
    parse: value.integer(65_536, 1024 ** 3),
  }),
  ringPool: setting({
    name: 'LOGTAP_RING_POOL',
    default: '4',
    help: 'Free rings that are kept ready for processes that start.',
    parse: value.integer(0, 1000),
  }),
  ringTotalBytes: setting({
    name: 'LOGTAP_RING_TOTAL_BYTES',
    default: String(RINGS_BYTES),
    help: 'No free ring is made when all rings together would have more bytes; a process then makes a small one of its own.',
    parse: value.integer(0, 1024 ** 4),
  }),
  lineMaxBytes: setting({
    name: 'LOGTAP_LINE_MAX_BYTES',
    default: '1000000',
    help: 'Longest record. A longer line is cut into parts, where possible between characters.',
    parse: value.integer(1000, 16_000_000),
  }),
  lineIdleMs: setting({
    name: 'LOGTAP_LINE_IDLE_MS',
    default: '1000',
    help: 'A line without its end that did not grow for so long becomes a record.',
    parse: value.integer(10, 3_600_000),
  }),
  lineAgeSeconds: setting({
    name: 'LOGTAP_LINE_AGE_SECONDS',
    default: '5',
    help: 'A line without its end, such as a progress bar, that still grows so long after its first byte becomes a record; what is written later is another one. At least `LOGTAP_LINE_IDLE_MS`.',
    parse: value.integer(1, 3600),
  }),
  batchLingerMs: setting({
    name: 'LOGTAP_BATCH_LINGER_MS',
    default: '500',
    help: 'Longest wait of a record for others to travel with; a batch of 1 MiB or 10,000 records does not wait.',
    parse: value.integer(0, 60_000),
  }),
} as const;
