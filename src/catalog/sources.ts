/** Settings of the sources: the origin of records, and the splitting of bytes into lines. */
import { MOUNT_PATH, RINGS_BYTES, RUN_DIR, SOCKET_NAME } from '../contract.js';
import { setting } from './setting.js';
import * as value from './values/setting-values.js';

export const SOURCE_SETTINGS = {
  socket: setting({
    name: 'LOGTAP_SOCKET',
    aliases: ['SINK_SOCKET_PATH', 'SOCKET_PATH'],
    default: `${MOUNT_PATH}/${RUN_DIR}/${SOCKET_NAME}`,
    help: 'Unix socket to listen on, mode 0666. The shipper creates a missing directory. The socket accepts frames from the library and raw lines from any other program.',
    parse: value.socketPath,
  }),
  ringDir: setting({
    name: 'LOGTAP_RING_DIR',
    defaultMeaning: 'no rings',
    help: 'Directory of rings, on a memory volume shared with the applications. The shipper creates a missing directory with mode 0777, because a process of any user claims a ring by renaming it.',
    parse: value.absolutePath,
  }),
  ringBytes: setting({
    name: 'LOGTAP_RING_BYTES',
    default: '1048576',
    help: 'Bytes per ring. A process can write this much while its records wait for delivery. If they wait for long, it gets a larger ring, of up to a quarter of LOGTAP_RING_TOTAL_BYTES.',
    parse: value.integer(65_536, 1024 ** 3),
  }),
  ringPool: setting({
    name: 'LOGTAP_RING_POOL',
    default: '4',
    help: 'Number of free rings kept ready for new processes.',
    parse: value.integer(0, 1000),
  }),
  ringTotalBytes: setting({
    name: 'LOGTAP_RING_TOTAL_BYTES',
    default: String(RINGS_BYTES),
    help: 'Limit on the total bytes of all rings. The shipper makes no free ring that would exceed it; a process then makes its own small ring.',
    parse: value.integer(0, 1024 ** 4),
  }),
  lineMaxBytes: setting({
    name: 'LOGTAP_LINE_MAX_BYTES',
    default: '1000000',
    help: 'Longest record, in bytes. The shipper splits a longer line into parts, if possible between characters.',
    parse: value.integer(1000, 16_000_000),
  }),
  lineIdleMs: setting({
    name: 'LOGTAP_LINE_IDLE_MS',
    default: '1000',
    help: 'An incomplete line that has not grown for this time becomes a record.',
    parse: value.integer(10, 3_600_000),
  }),
  lineAgeSeconds: setting({
    name: 'LOGTAP_LINE_AGE_SECONDS',
    default: '5',
    help: 'An incomplete line that still grows this long after its first byte, such as a progress bar, becomes a record. Later bytes become another record. At least `LOGTAP_LINE_IDLE_MS`.',
    parse: value.integer(1, 3600),
  }),
  batchLingerMs: setting({
    name: 'LOGTAP_BATCH_LINGER_MS',
    default: '500',
    help: 'Longest time that a record waits for others in its batch. A batch of 1 MiB or 10,000 records does not wait.',
    parse: value.integer(0, 60_000),
  }),
} as const;
