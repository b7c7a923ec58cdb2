/**
 * All that the C library, the shipper and the constructs must agree on: names, paths, sizes and the frame layout.
 *
 * Say a thing once: `npm run generate` writes native/src/base/contract.h and docs/reference/contract.md from this file, and
 * `npm run check` fails when they drift. Numbers here are part of the wire format: a released value never changes.
 */

/** One entry of a byte layout: little endian, no padding but the listed one. */
export interface LayoutField {
  readonly name: string;
  readonly type: 'u8' | 'u16' | 'u32' | 'u64';
  readonly offset: number;
  readonly meaning: string;
}

/** Version of the frame format, sent in every HELLO. A shipper reads all versions up to its own. */
export const FRAME_VERSION = 2;

/**
 * The first eight bytes of every framed connection. Not text, not valid UTF-8, and broken by any newline
 * translation, so no raw line can be mistaken for it. A connection that starts with anything else carries raw lines.
 */
export const FRAME_MAGIC: readonly number[] = [0x89, 0x4c, 0x54, 0x50, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * Largest frame, header included, in bytes. A frame is handed to the kernel in one `sendmsg`; Linux takes up to
 * 32 KiB on a non-blocking unix stream socket whole or not at all, so frames of several threads never interleave.
 */
export const FRAME_MAX_BYTES = 32768;

/** Every frame starts with this header. */
export const FRAME_HEADER: readonly LayoutField[] = [
  { name: 'length', type: 'u32', offset: 0, meaning: 'payload bytes that follow the header' },
  { name: 'type', type: 'u8', offset: 4, meaning: 'frame type' },
  { name: 'flags', type: 'u8', offset: 5, meaning: 'bit set of frame flags' },
  { name: 'stream', type: 'u16', offset: 6, meaning: 'stream or file id; 0 where the frame belongs to none' },
  { name: 'time_ns', type: 'u64', offset: 8, meaning: 'wall clock at the write, nanoseconds since 1970' },
  {
    name: 'seq_low',
    type: 'u32',
    offset: 16,
    meaning:
      'number of the DATA frame within its process, from 1, counted also when the frame is lost; of HELLO over a socket: 1 more than the line ends that its process had handed over before; else 0. Its lower half',
  },
  { name: 'seq_high', type: 'u16', offset: 20, meaning: 'its upper half' },
  {
    name: 'thread',
    type: 'u16',
    offset: 22,
    meaning: 'tag of the thread that wrote a DATA frame: equal for writes of one thread; 0 unknown',
  },
];
/**
 * Version 1 has a u64 `seq` and no `thread`. As no number reaches 2^38, the upper 16 bits of its `seq` are 0, which is the
 * tag of an unknown thread: one reader serves both versions.
 */
export const FRAME_SEQ_END = 2 ** 38;
export const FRAME_HEADER_BYTES = 24;

/** Longest payload of one frame. Below 2^15, so `seq * 2^15 + offset` identifies a byte of a process permanently. */
export const FRAME_MAX_PAYLOAD_BYTES = FRAME_MAX_BYTES - FRAME_HEADER_BYTES;

export const FRAME_TYPES = {
  HELLO: { value: 1, meaning: 'first frame of a connection: who writes' },
  FILE: { value: 2, meaning: 'announces a file id once: header.stream is the id, the payload is the path' },
  DATA: { value: 3, meaning: 'bytes that the application wrote' },
  LOST: { value: 4, meaning: 'totals of what this process could not hand over so far' },
} as const;

export const FRAME_FLAGS = {
  CONTINUES: { value: 1, meaning: 'more frames of the same write follow' },
  ENDS: { value: 2, meaning: 'of LOST: the process ends, and `seq_low` is how, as `exit_status` of a ring' },
} as const;

/** Stream ids. Ids from FIRST_FILE_STREAM on are files, announced by a FILE frame. */
export const STREAMS = { STDOUT: 1, STDERR: 2 } as const;
export const FIRST_FILE_STREAM = 16;

/** Payload of a HELLO: these fields, then the process name, then the container name (UTF-8, no terminator). */
export const HELLO_PAYLOAD: readonly LayoutField[] = [
  { name: 'version', type: 'u16', offset: 0, meaning: 'FRAME_VERSION of the writer' },
  { name: 'name_length', type: 'u16', offset: 2, meaning: 'bytes of the process name' },
  { name: 'container_length', type: 'u16', offset: 4, meaning: 'bytes of the container name' },
  {
    name: 'library',
    type: 'u16',
    offset: 6,
    meaning: 'release of the library: major * 4096 + minor * 64 + patch; 0 unknown',
  },
  { name: 'pid', type: 'u32', offset: 8, meaning: "process id in the writer's own namespace" },
  { name: 'ppid', type: 'u32', offset: 12, meaning: 'process id of its parent' },
  { name: 'start_ticks', type: 'u64', offset: 16, meaning: 'start of the process, clock ticks since boot' },
  { name: 'instance', type: 'u64', offset: 24, meaning: 'random number that identifies this process permanently' },
  { name: 'lost_lines', type: 'u64', offset: 32, meaning: 'as in LOST' },
  { name: 'lost_bytes', type: 'u64', offset: 40, meaning: 'as in LOST' },
];
export const HELLO_PAYLOAD_BYTES = 48;
/** Longest name in a HELLO of the library, which cuts longer ones: a HELLO has to fit any buffer. */
export const HELLO_NAME_MAX_BYTES = 255;

/** Payload of a LOST frame: totals since the process started, so a lost LOST frame loses nothing. */
export const LOST_PAYLOAD: readonly LayoutField[] = [
  { name: 'lost_lines', type: 'u64', offset: 0, meaning: 'line ends among the bytes that could not be handed over' },
  { name: 'lost_bytes', type: 'u64', offset: 8, meaning: 'bytes that could not be handed over' },
];
export const LOST_PAYLOAD_BYTES = 16;

/** The first eight bytes of a ring. */
export const RING_MAGIC: readonly number[] = [0x89, 0x4c, 0x54, 0x52, 0x0d, 0x0a, 0x1a, 0x0a];
export const RING_VERSION = 1;

/** In the word of an exit status, of which status 0 has to differ from none. */
export const EXIT_STATUS_KNOWN = 256;

/** A word of a ring's header. Each has one writer, and words of different writers lie on different cache lines. */
export interface RingWord extends LayoutField {
  /** `maker`: before the ring has its name. `writer`: the process that claimed it. `reader`: the shipper. */
  readonly by: 'maker' | 'writer' | 'reader';
}

/**
 * Header of a ring: a file in the ring directory that a process maps and the shipper reads. Behind RING_HEADER_BYTES
 * lie `capacity` bytes; byte N of what the process ever wrote is at N modulo the capacity. What is written is what a
 * framed connection carries: FRAME_MAGIC, HELLO, then frames, only whole ones.
 */
export const RING_HEADER: readonly RingWord[] = [
  { by: 'maker', name: 'magic', type: 'u64', offset: 0, meaning: 'RING_MAGIC' },
  { by: 'maker', name: 'version', type: 'u32', offset: 8, meaning: 'RING_VERSION' },
  { by: 'maker', name: 'header_bytes', type: 'u32', offset: 12, meaning: 'where the data begins: RING_HEADER_BYTES' },
  { by: 'maker', name: 'capacity', type: 'u64', offset: 16, meaning: 'bytes of the data' },
  { by: 'writer', name: 'pid', type: 'u32', offset: 64, meaning: 'as in HELLO' },
  { by: 'writer', name: 'ended', type: 'u32', offset: 68, meaning: '1: the process ends; it may still write a little' },
  {
    by: 'writer',
    name: 'locked',
    type: 'u32',
    offset: 72,
    meaning:
      '1: the process holds a lock (fcntl(2), F_OFD_SETLK) on the ring, which ends with its mapping, however it ends',
  },
  {
    by: 'writer',
    name: 'exit_status',
    type: 'u32',
    offset: 76,
    meaning: 'EXIT_STATUS_KNOWN and the exit status (0 to 255), set before `ended`; 0: it is not known',
  },
  { by: 'writer', name: 'instance', type: 'u64', offset: 80, meaning: 'as in HELLO' },
  { by: 'writer', name: 'head', type: 'u64', offset: 128, meaning: 'bytes ever written' },
  { by: 'writer', name: 'lost_lines', type: 'u64', offset: 192, meaning: 'as in LOST, always up to date' },
  { by: 'writer', name: 'lost_bytes', type: 'u64', offset: 200, meaning: 'as in LOST, always up to date' },
  {
    by: 'reader',
    name: 'sleep_epoch',
    type: 'u64',
    offset: 256,
    meaning: 'rises when the reader goes to sleep: the next write rings the bell, once',
  },
  {
    by: 'reader',
    name: 'retired',
    type: 'u32',
    offset: 264,
    meaning:
      '1: nothing is read from here any more; what was written last goes into another ring. 2: and an unfinished line ends here, also for later readers',
  },
  {
    by: 'reader',
    name: 'tail',
    type: 'u64',
    offset: 4096,
    meaning: 'bytes released: delivered, or not to be read again',
  },
];
/** The page of `tail` belongs to the reader, and so do RING_NOTES_BYTES behind it. */
export const RING_NOTES_AT = 8192;
export const RING_NOTES_BYTES = 8192;
export const RING_HEADER_BYTES = RING_NOTES_AT + RING_NOTES_BYTES;
/** Capacity of a ring that a process makes when the shipper has left none. */
export const RING_OWN_CAPACITY_BYTES = 64 * 1024;
/**
 * First of the four words (u64, little endian) by which a process that gets no ring, and finds no page of losses, tells its loss in the bell:
 * this, its instance, and its lost lines and bytes as in LOST. No instance has this number.
 */
export const BELL_LOSS = 0x0a1a0a0d_42544c89n;
/**
 * Names in the ring directory. Free rings are FREE and a number, or FREE and the instance of the process that needs a larger one,
 * which takes it before others. Claimed ones are USED and `pid-instance-n`: decimal, 16 hexadecimal digits, and how many the process
 * had before.
 */
export const RING_NAMES = { FREE: 'free-', USED: 'ring-', BELL: 'bell', LOSSES: 'losses' } as const;

/**
 * The page of losses: a file of LOSS_PAGE_BYTES in the ring directory, that a process maps when it loses bytes and has no ring, or beside
 * the socket (SOCKET_LOSSES_SUFFIX), for processes that write there. It is a row
 * of slots. A process claims the first slot with instance 0 by a compare-and-swap, and then stores its totals there. The first slot belongs
 * to no process: its maker gives it a random instance, and a process that finds no other slot adds to its totals instead, and takes as much
 * off its own. Nothing is ever taken out of the page. Its readers only read.
 */
export const LOSS_SLOT: readonly LayoutField[] = [
  { name: 'instance', type: 'u64', offset: 0, meaning: 'as in HELLO; 0: the slot is free' },
  { name: 'lost_lines', type: 'u64', offset: 8, meaning: 'as in LOST' },
  { name: 'lost_bytes', type: 'u64', offset: 16, meaning: 'as in LOST' },
  { name: 'magic', type: 'u64', offset: 24, meaning: 'LOSS_PAGE_MAGIC in the first slot; else 0' },
];
export const LOSS_SLOT_BYTES = 32;
export const LOSS_PAGE_BYTES = 4096;
/** The page begins with a slot that has this. */
export const LOSS_PAGE_MAGIC: readonly number[] = [0x89, 0x4c, 0x54, 0x4c, 0x0d, 0x0a, 0x1a, 0x0a];

/** Behind the path of the socket: a page of losses, for processes that write to the socket. */
export const SOCKET_LOSSES_SUFFIX = '.losses';

/** Longest path of a unix socket that Linux can bind, terminator excluded (`sun_path` is 108 bytes, unix(7)). */
export const SOCKET_PATH_MAX_BYTES = 107;

/** File name of the library, the same for every architecture and libc. */
export const LIBRARY_NAME = 'liblogtap.so';

/**
 * File name of the program that the kubelet runs in the shipper's container as its hook and probes, and the shipper for a named pipe.
 * It is beside the library.
 */
export const PROBE_NAME = 'logtap-probe';

/** Directory of both in the package, by Node's name of the architecture. */
export const NATIVE_DIRECTORIES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** Where the shared memory volume is mounted, in the application and in the shipper. */
export const MOUNT_PATH = '/.logtap';
/**
 * Where the volume of the library is mounted: read-only in every container but the one that fills it. Beside MOUNT_PATH,
 * not below it: a user who may write to the directory that contains a mount point may rename it.
 */
export const LIBRARY_MOUNT_PATH = '/.logtap-lib';
/** Directory under the mount path where the shipper listens. */
export const RUN_DIR = 'run';
/** Directory under the mount path where processes find their rings. */
export const RING_DIR = 'rings';
/** All rings that a shipper makes have at most this many bytes together: part of its memory, and of the volume's. */
export const RINGS_BYTES = 32 * 1024 * 1024;
/** Name of the shipper's socket in RUN_DIR. */
export const SOCKET_NAME = 'logtap.sock';

/** Directory in the shipper where keys of Secrets are mounted. A file that is missing there may come later, with its Secret. */
export const SECRETS_PATH = '/etc/logtap/secrets';

/** Port of the shipper's status server. */
export const STATUS_PORT = 9598;

/** A variable of the library's environment. */
export interface LibraryVariable {
  readonly name: string;
  readonly meaning: string;
  /** What holds when the variable is absent. */
  readonly default: string;
}

export const LIBRARY_ENV = {
  DISABLE: {
    name: 'LLT_DISABLE',
    meaning: '`true`: read first; the library does nothing at all',
    default: 'false',
  },
  DEBUG: { name: 'LLT_DEBUG_MODE', meaning: "`true`: the library's own messages on stderr", default: 'false' },
  TAP_INTO: { name: 'LLT_TAP_INTO', meaning: '0 none, 1 stdout, 2 stderr, 3 both', default: '0' },
  SUPPRESS_STDOUT: {
    name: 'LLT_SUPPRESS_STDOUT',
    meaning: '`true`: stdout and stderr bytes that were handed over are not written to the original',
    default: 'false',
  },
  TAP_FILE: {
    name: 'LLT_TAP_FILE',
    meaning:
      'log files to tap: paths and patterns, separated by `:`. In a pattern, `*`, `?` and `[a-z]` match characters of a name, and `**` matches any directories; an existing file with exactly that name takes precedence. Relative ones begin at the directory in which the process starts',
    default: 'none',
  },
  SUPPRESS_TAP_FILE: {
    name: 'LLT_SUPPRESS_TAP_FILE',
    meaning: '`true`: bytes handed over are not written to the tapped file',
    default: 'false',
  },
  TARGET: {
    name: 'LLT_TARGET',
    meaning: '`file:/path`, `socket:/path` or `ring:/directory`: where the bytes go',
    default: 'file:/tmp/liblogtap.log',
  },
  FORMAT: {
    name: 'LLT_FORMAT',
    meaning: '`raw`: bytes as written; `frame`: frames as laid out below',
    default: 'raw; a ring has frames',
  },
  ON_FULL: {
    name: 'LLT_ON_FULL',
    meaning: '`pass`: never wait, count what could not be handed over; `block:MS`: wait up to MS milliseconds first',
    default: 'pass',
  },
  FIRST_CONNECT: {
    name: 'LLT_TARGET_1STCONNECT',
    meaning: 'seconds between attempts until the target was first reached',
    default: '5 in raw format; a back-off from 50 ms in frame format',
  },
  RECONNECT: {
    name: 'LLT_TARGET_RECONNECT',
    meaning: 'seconds between attempts after a loss',
    default: '30 in raw format; a back-off from 50 ms in frame format',
  },
  PASSIVE_ON_START: {
    name: 'LLT_PASSIV_ON_START',
    meaning: 'milliseconds after the start in which nothing is tapped',
    default: '0',
  },
  CONTAINER: {
    name: 'LLT_CONTAINER',
    meaning: 'name of the container, carried in HELLO',
    default: 'empty',
  },
  PYTHON_UNBUFFERED: {
    name: 'LLT_PYTHON_UNBUFFERED',
    meaning:
      'where LLT_TAP_INTO names the stream and the application did not set PYTHONUNBUFFERED. `true`: Python finds PYTHONUNBUFFERED=1 and writes each piece of a line at once, in a write of its own. `false`: Python keeps its output in its buffer as without the library, and a kill loses what is there',
    default: 'Python writes each line when it ends, in one write',
  },
  STDIO: {
    name: 'LLT_STDIO',
    meaning:
      "a placeholder of STDIO_PLACEHOLDER's length, which every process that a runtime starts in the container gets: the container's first process, which its process namespace or its cgroup proves, overwrites it in place with the identity of its stdout and stderr for its children; any other, such as that of `kubectl exec` or of a probe, is tapped only where it writes to those streams or to a tapped file",
    default: "a process takes its own stdout and stderr for the container's, and passes them on to its children",
  },
} as const satisfies Record<string, LibraryVariable>;

/** Value of LLT_STDIO in a manifest: room for two `device:inode` pairs in hexadecimal and their separators. */
export const STDIO_PLACEHOLDER = '-'.repeat(4 * 16 + 3);
