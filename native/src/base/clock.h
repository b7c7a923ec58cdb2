/* Clocks in nanoseconds. */
#ifndef LT_CLOCK_H
#define LT_CLOCK_H

#include "libc_next.h"

enum { LT_CLOCK_REALTIME = 0, LT_CLOCK_MONOTONIC = 1, LT_CLOCK_COARSE = 5 /* from each to its coarse one */ };

/* Whether the process has lost the right to read the processor's counter, as in seccomp's strict mode: the clocks that
 * tick every few milliseconds do without. Atomic. */
extern bool lt_clock_is_coarse;

/* Through libc's own function, which reads the clock without a system call, and which no other library fakes. */
static inline uint64_t lt_clock_ns(int clock) {
    struct __kernel_timespec now = {0};
    if (LT_UNLIKELY(__atomic_load_n(&lt_clock_is_coarse, __ATOMIC_RELAXED))) clock += LT_CLOCK_COARSE;
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
