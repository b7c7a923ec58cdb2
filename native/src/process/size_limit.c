/* The limit of file sizes. */
#include "size_limit.h"

static bool was_limited;

static uint64_t limit_now(void) {
    struct {
        uint64_t now;
        uint64_t most;
    } limit = {.now = UINT64_MAX};
    (void)lt_syscall(__NR_prlimit64, 0, LT_FILE_SIZE_RESOURCE, 0, &limit);
    return limit.now;
}

void lt_size_limit_changed(void) {
    if (limit_now() != UINT64_MAX) __atomic_store_n(&was_limited, true, __ATOMIC_RELAXED);
}

bool lt_size_is_limited(void) {
    return __atomic_load_n(&was_limited, __ATOMIC_RELAXED);
}

bool lt_size_limit_allows(uint64_t bytes) {
    return !lt_size_is_limited() || bytes <= limit_now();
}
