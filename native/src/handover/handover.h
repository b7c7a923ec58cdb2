/* State of handing over: how far this process is, and its losses. */
#ifndef LT_HANDOVER_H
#define LT_HANDOVER_H

#include "frame.h"
#include "guard.h"

/* Begins at zero, in a fork child too (process.h). */
struct lt_handover {
    struct lt_guard guard; /* held while a write is handed over */
    bool ends_line;        /* the present write is the rest of a line that was handed over in part */
    bool is_read;          /* the kernel has read the bytes of the present write, so they can be read */
    bool ending;           /* exit() runs: from now on a loss is reported at once */
    uint32_t exit_status;  /* as in the header of a ring; 0: not known */
    uint64_t seq;          /* of the last DATA frame */
    struct lt_loss loss;
};

/* Never NULL after lt_handover_set_up. */
extern struct lt_handover *lt_handover;

/* False without memory. */
bool lt_handover_set_up(void);

/* The number of a frame that is about to be sent. Lost frames have numbers too. */
static inline uint64_t lt_handover_next_seq(void) {
    return __atomic_add_fetch(&lt_handover->seq, 1, __ATOMIC_RELAXED);
}

static inline void lt_handover_lose(uint64_t lines, uint64_t bytes) {
    (void)__atomic_add_fetch(&lt_handover->loss.lines, lines, __ATOMIC_RELAXED);
    (void)__atomic_add_fetch(&lt_handover->loss.bytes, bytes, __ATOMIC_RELEASE);
}

static inline uint64_t lt_take_beyond(uint64_t *total, uint64_t kept) {
    uint64_t now = __atomic_load_n(total, __ATOMIC_ACQUIRE);
    while (now > kept && !__atomic_compare_exchange_n(total, &now, kept, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
    }
    return now > kept ? now - kept : 0;
}

/* Takes off what lies beyond `kept`, each of it once, however many threads and handlers do. Bytes first: their lines
 * are there by then. */
static inline struct lt_loss lt_handover_take_loss(const struct lt_loss *kept) {
    const uint64_t bytes = lt_take_beyond(&lt_handover->loss.bytes, kept->bytes);
    return (struct lt_loss){.lines = lt_take_beyond(&lt_handover->loss.lines, kept->lines), .bytes = bytes};
}

static inline struct lt_loss lt_handover_loss(void) {
    return (struct lt_loss){
        .lines = __atomic_load_n(&lt_handover->loss.lines, __ATOMIC_RELAXED),
        .bytes = __atomic_load_n(&lt_handover->loss.bytes, __ATOMIC_RELAXED),
    };
}

#endif
