/* GENERATED from src/contract.ts by `npm run generate`. Do not edit. Little endian throughout. */
#ifndef LT_CONTRACT_H
#define LT_CONTRACT_H

#include <stdint.h>

#define LT_FRAME_VERSION 2
/* 0.1.0, as in package.json. */
#define LT_LIBRARY_RELEASE 64
#define LT_FRAME_MAGIC "\x89\x4c\x54\x50\x0d\x0a\x1a\x0a"
#define LT_FRAME_MAGIC_BYTES 8
#define LT_FRAME_MAX_BYTES 32768
#define LT_FRAME_HEADER_BYTES 24
#define LT_FRAME_MAX_PAYLOAD_BYTES 32744

#define LT_FRAME_HELLO 1 /* first frame of a connection: who writes */
#define LT_FRAME_FILE 2 /* announces a file id once: header.stream is the id, the payload is the path */
#define LT_FRAME_DATA 3 /* bytes that the application wrote */
#define LT_FRAME_LOST 4 /* totals of what this process could not hand over so far */

#define LT_FLAG_CONTINUES 1 /* more frames of the same write follow */
#define LT_FLAG_ENDS 2 /* of LOST: the process ends, and `seq_low` is how, as `exit_status` of a ring */

#define LT_STREAM_STDOUT 1
#define LT_STREAM_STDERR 2
#define LT_FIRST_FILE_STREAM 16

struct lt_frame_header {
    uint32_t length; /* 0: payload bytes that follow the header */
    uint8_t type; /* 4: frame type */
    uint8_t flags; /* 5: bit set of frame flags */
    uint16_t stream; /* 6: stream or file id; 0 where the frame belongs to none */
    uint64_t time_ns; /* 8: wall clock at the write, nanoseconds since 1970 */
    uint32_t seq_low; /* 16: number of the DATA frame within its process, from 1, counted also when the frame is lost; of HELLO over a socket: 1 more than the line ends that its process had handed over before; else 0. Its lower half */
    uint16_t seq_high; /* 20: its upper half */
    uint16_t thread; /* 22: tag of the thread that wrote a DATA frame: equal for writes of one thread; 0 unknown */
};
_Static_assert(sizeof(struct lt_frame_header) == 24, "lt_frame_header: no padding");

/* Followed by the process name and the container name. */
struct lt_hello_payload {
    uint16_t version; /* 0: FRAME_VERSION of the writer */
    uint16_t name_length; /* 2: bytes of the process name */
    uint16_t container_length; /* 4: bytes of the container name */
    uint16_t library; /* 6: release of the library: major * 4096 + minor * 64 + patch; 0 unknown */
    uint32_t pid; /* 8: process id in the writer's own namespace */
    uint32_t ppid; /* 12: process id of its parent */
    uint64_t start_ticks; /* 16: start of the process, clock ticks since boot */
    uint64_t instance; /* 24: random number that identifies this process permanently */
    uint64_t lost_lines; /* 32: as in LOST */
    uint64_t lost_bytes; /* 40: as in LOST */
};
_Static_assert(sizeof(struct lt_hello_payload) == 48, "lt_hello_payload: no padding");

#define LT_NAME_MAX_BYTES 255

struct lt_lost_payload {
    uint64_t lost_lines; /* 0: line ends among the bytes that could not be handed over */
    uint64_t lost_bytes; /* 8: bytes that could not be handed over */
};
_Static_assert(sizeof(struct lt_lost_payload) == 16, "lt_lost_payload: no padding");

#define LT_RING_MAGIC "\x89\x4c\x54\x52\x0d\x0a\x1a\x0a"
#define LT_RING_VERSION 1
#define LT_RING_HEADER_BYTES 16384
#define LT_RING_OWN_CAPACITY_BYTES 65536
#define LT_EXIT_STATUS_KNOWN 256
#define LT_BELL_LOSS 0xa1a0a0d42544c89ULL
#define LT_RING_NAME_FREE "free-"
#define LT_RING_NAME_USED "ring-"
#define LT_RING_NAME_BELL "bell"
#define LT_RING_NAME_LOSSES "losses"
struct lt_loss_slot {
    uint64_t instance; /* 0: as in HELLO; 0: the slot is free */
    uint64_t lost_lines; /* 8: as in LOST */
    uint64_t lost_bytes; /* 16: as in LOST */
    uint64_t magic; /* 24: LOSS_PAGE_MAGIC in the first slot; else 0 */
};
_Static_assert(sizeof(struct lt_loss_slot) == 32, "lt_loss_slot: no padding");

#define LT_SOCKET_LOSSES_SUFFIX ".losses"
#define LT_LOSS_PAGE_BYTES 4096
#define LT_LOSS_PAGE_MAGIC "\x89\x4c\x54\x4c\x0d\x0a\x1a\x0a"

/* Offsets of the words in a ring's header. */
#define LT_RING_MAGIC_AT 0 /* u64, maker: RING_MAGIC */
#define LT_RING_VERSION_AT 8 /* u32, maker: RING_VERSION */
#define LT_RING_HEADER_BYTES_AT 12 /* u32, maker: where the data begins: RING_HEADER_BYTES */
#define LT_RING_CAPACITY_AT 16 /* u64, maker: bytes of the data */
#define LT_RING_PID_AT 64 /* u32, writer: as in HELLO */
#define LT_RING_ENDED_AT 68 /* u32, writer: 1: the process ends; it may still write a little */
#define LT_RING_LOCKED_AT 72 /* u32, writer: 1: the process holds a lock (fcntl(2), F_OFD_SETLK) on the ring, which ends with its mapping, however it ends */
#define LT_RING_EXIT_STATUS_AT 76 /* u32, writer: EXIT_STATUS_KNOWN and the exit status (0 to 255), set before `ended`; 0: it is not known */
#define LT_RING_INSTANCE_AT 80 /* u64, writer: as in HELLO */
#define LT_RING_HEAD_AT 128 /* u64, writer: bytes ever written */
#define LT_RING_LOST_LINES_AT 192 /* u64, writer: as in LOST, always up to date */
#define LT_RING_LOST_BYTES_AT 200 /* u64, writer: as in LOST, always up to date */
#define LT_RING_SLEEP_EPOCH_AT 256 /* u64, reader: rises when the reader goes to sleep: the next write rings the bell, once */
#define LT_RING_RETIRED_AT 264 /* u32, reader: 1: nothing is read from here any more; what was written last goes into another ring. 2: and an unfinished line ends here, also for later readers */
#define LT_RING_TAIL_AT 4096 /* u64, reader: bytes released: delivered, or not to be read again */

#define LT_SOCKET_PATH_MAX_BYTES 107
#define LT_LIBRARY_NAME "liblogtap.so"
#define LT_STDIO_PLACEHOLDER_BYTES 67

#define LT_ENV_DISABLE "LLT_DISABLE"
#define LT_ENV_DEBUG "LLT_DEBUG_MODE"
#define LT_ENV_TAP_INTO "LLT_TAP_INTO"
#define LT_ENV_SUPPRESS_STDOUT "LLT_SUPPRESS_STDOUT"
#define LT_ENV_TAP_FILE "LLT_TAP_FILE"
#define LT_ENV_SUPPRESS_TAP_FILE "LLT_SUPPRESS_TAP_FILE"
#define LT_ENV_TARGET "LLT_TARGET"
#define LT_ENV_FORMAT "LLT_FORMAT"
#define LT_ENV_ON_FULL "LLT_ON_FULL"
#define LT_ENV_FIRST_CONNECT "LLT_TARGET_1STCONNECT"
#define LT_ENV_RECONNECT "LLT_TARGET_RECONNECT"
#define LT_ENV_PASSIVE_ON_START "LLT_PASSIV_ON_START"
#define LT_ENV_CONTAINER "LLT_CONTAINER"
#define LT_ENV_PYTHON_UNBUFFERED "LLT_PYTHON_UNBUFFERED"
#define LT_ENV_STDIO "LLT_STDIO"

#endif
