/* A clock that only goes forward. clock.h has one of libc's, which this program does without. */
#ifndef LT_MONOTONIC_H
#define LT_MONOTONIC_H

#include "sys.h"

static inline uint64_t lt_monotonic_ms(void) {
    struct __kernel_timespec now = {0};
    (void)lt_kernel(__NR_clock_gettime, 1 /* CLOCK_MONOTONIC */, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / LT_NS_PER_MS;
}

#endif
