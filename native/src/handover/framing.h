/* How bytes are laid out on their way to the target: as frames, or raw, as they were written. All differences between
 * the two are here; a piece that raw format does not have is empty, and its length 0. */
#ifndef LT_FRAMING_H
#define LT_FRAMING_H

#include "clock.h"
#include "config.h"
#include "frame.h"

/* A write, or the part of it that one frame carries. */
struct lt_data {
    unsigned stream;
    unsigned flags;
    uint64_t time_ns; /* lt_framing_now_ns at the write */
    size_t length;
    bool waits; /* it gets its number when it is sent, behind the write that it interrupted */
};

/* Whether a part of a frame means nothing by itself: a frame is sent to its end or counts as not sent, and several
 * processes must not share a target. Such a target learns the totals of losses too. */
static inline bool lt_framing_is_whole(void) {
    return lt_config.frames;
}

/* The time that a write carries. */
static inline uint64_t lt_framing_now_ns(void) {
    return lt_config.frames ? lt_clock_ns(LT_CLOCK_REALTIME) : 0;
}

/* The beginning of a connection; `handed` as in lt_frame_greeting. */
size_t lt_framing_greeting(uint8_t out[LT_GREETING_MAX_BYTES], struct lt_loss loss, uint64_t handed);

/* Of the losses so far, and at the end of the process of its status; 0 before. */
size_t lt_framing_loss(uint8_t out[LT_LOST_FRAME_BYTES], struct lt_loss loss, uint32_t exit_status);

/* The header of a file's path. 0: the path is not sent either. */
size_t lt_framing_file(struct lt_frame_header *out, unsigned stream, size_t path_length);

/* The header of the bytes. */
size_t lt_framing_data(struct lt_frame_header *out, const struct lt_data *data);

#endif
