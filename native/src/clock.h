/* Clocks in nanoseconds. */
#ifndef LT_CLOCK_H
#define LT_CLOCK_H

#include "libc_next.h"

enum { LT_CLOCK_REALTIME = 0, LT_CLOCK_MONOTONIC = 1 };

/* Through libc, which reads the clock without a system call. */
static inline uint64_t lt_clock_ns(int clock) {
    struct __kernel_timespec now = {0};
    (void)lt_libc.clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * LT_NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* How long a write may still wait. The clock starts when the first wait begins: most writes never look at it. */
struct lt_patience {
    uint64_t budget_ms;
    uint64_t until_ns; /* 0: not begun */
};

static inline uint64_t lt_patience_left_ms(struct lt_patience *patience) {
    if (patience->budget_ms == 0) return 0;
    const uint64_t now = lt_clock_ns(LT_CLOCK_MONOTONIC);
    if (patience->until_ns == 0) patience->until_ns = now + patience->budget_ms * LT_NS_PER_MS;
    return now >= patience->until_ns ? 0 : (patience->until_ns - now + LT_NS_PER_MS - 1) / LT_NS_PER_MS;
}

#endif
