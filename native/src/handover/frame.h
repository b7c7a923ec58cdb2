/* Frames as src/contract.ts lays them out. No state, no I/O. */
#ifndef LT_FRAME_H
#define LT_FRAME_H

#include "contract.h"
#include <stddef.h>

enum {
    LT_GREETING_MAX_BYTES =
        LT_FRAME_MAGIC_BYTES + LT_FRAME_HEADER_BYTES + (int)sizeof(struct lt_hello_payload) + 2 * LT_NAME_MAX_BYTES,
    LT_LOST_FRAME_BYTES = LT_FRAME_HEADER_BYTES + (int)sizeof(struct lt_lost_payload),
};

/* Who writes, as HELLO tells it. */
struct lt_identity {
    uint32_t pid;
    uint32_t ppid;
    uint16_t library;
    uint64_t start_ticks;
    uint64_t instance;
    const char *name;
    const char *container;
};

/* Lines and bytes that could not be handed over since the process started. */
struct lt_loss {
    uint64_t lines;
    uint64_t bytes;
};

/* A header without a number. */
static inline struct lt_frame_header lt_frame_data(unsigned stream, unsigned flags, unsigned thread, uint64_t time_ns,
                                                   size_t length) {
    return (struct lt_frame_header){
        .length = (uint32_t)length,
        .type = LT_FRAME_DATA,
        .flags = (uint8_t)flags,
        .stream = (uint16_t)stream,
        .time_ns = time_ns,
        .thread = (uint16_t)thread,
    };
}

static inline void lt_frame_number(struct lt_frame_header *header, uint64_t seq) {
    header->seq_low = (uint32_t)seq;
    header->seq_high = (uint16_t)(seq >> 32);
}

struct lt_frame_header lt_frame_file(unsigned stream, uint64_t time_ns, size_t path_length);

/* Magic and HELLO, the beginning of a connection. `handed`: line ends that the target has taken so far, plus 1, or 0
 * where that is unknown. `out` has room for LT_GREETING_MAX_BYTES. Returns the length. */
size_t lt_frame_greeting(uint8_t *out, const struct lt_identity *who, uint64_t time_ns, struct lt_loss loss,
                         uint64_t handed);

/* A whole LOST frame. `exit_status`: 0, or that of the process, which ends. `out` has room for LT_LOST_FRAME_BYTES.
 * Returns the length. */
size_t lt_frame_lost(uint8_t *out, uint64_t time_ns, struct lt_loss loss, uint32_t exit_status);

#endif
