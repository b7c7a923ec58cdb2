/* Whether memory that the application points to is there. */
#include "readable.h"

enum { PAGE_MIN_BYTES = 4096, SEEN_TIMES = 64 };

_Static_assert(SEEN_TIMES < PAGE_MIN_BYTES, "the times are in the low bits of the address of a page");

uint32_t lt_memory_changes;

static struct lt_seen_pages *seen_pages;

void lt_readable_set_up(struct lt_seen_pages *seen) {
    seen_pages = seen;
}

/* Bytes of one page. */
static bool ask(uintptr_t at) {
    /* A call that fails, but only after it has looked at a set of signals. One that is aligned lies in one page. */
    enum { NO_SUCH_OPERATION = -1, SET_BYTES = 8 };
    const uintptr_t set = at & ~(uintptr_t)(SET_BYTES - 1);
    /* No set at all is no error to the kernel. */
    return set != 0 && lt_syscall(__NR_rt_sigprocmask, NO_SUCH_OPERATION, set, 0, SET_BYTES) != -EFAULT;
}

static uint64_t *set_of(uintptr_t page) {
    /* 2^64 divided by the golden ratio: spreads the stacks and arenas of threads, which lie at a regular distance. */
    const uint64_t spread = page / PAGE_MIN_BYTES * 0x9e3779b97f4a7c15ULL;
    return seen_pages->pages[spread >> 32 & (LT_SEEN_SETS - 1)];
}

static bool recall(const uint64_t *set, uintptr_t page, uint64_t **entry) {
    for (int way = 0; way < LT_SEEN_WAYS; way++) {
        const uint64_t seen = __atomic_load_n(&set[way], __ATOMIC_RELAXED);
        if (seen - page - 1 >= SEEN_TIMES) continue;
        *entry = (uint64_t *)&set[way];
        return true;
    }
    return false;
}

/* In front of the others, of which the last one is forgotten. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the builtin writes */
static void remember(uint64_t *set, uintptr_t page) {
    for (int way = LT_SEEN_WAYS - 1; way > 0; way--) {
        const uint64_t newer = __atomic_load_n(&set[way - 1], __ATOMIC_RELAXED);
        __atomic_store_n(&set[way], newer, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&set[0], page + SEEN_TIMES, __ATOMIC_RELAXED);
}

/* Threads that meet here may lose an entry or count it wrong, but each was true when its thread came. */
static bool can_read_page(uintptr_t at) {
    const uintptr_t page = at & ~(uintptr_t)(PAGE_MIN_BYTES - 1);
    uint64_t *const set = set_of(page);
    uint64_t *entry = NULL;
    if (LT_LIKELY(recall(set, page, &entry))) {
        __atomic_store_n(entry, __atomic_load_n(entry, __ATOMIC_RELAXED) - 1, __ATOMIC_RELAXED);
        return true;
    }
    if (!ask(at)) return false;
    remember(set, page);
    return true;
}

static void forget_all(uint32_t changes) {
    for (int set = 0; set < LT_SEEN_SETS; set++) {
        for (int way = 0; way < LT_SEEN_WAYS; way++)
            __atomic_store_n(&seen_pages->pages[set][way], 0, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&seen_pages->changes, changes, __ATOMIC_RELEASE);
}

/* Whether all bytes can be read, as `can_read` answers for one in each page. */
static inline bool in_each_page(const void *at, size_t length, bool (*can_read)(uintptr_t)) {
    if (length == 0) return true;
    const uintptr_t last = (uintptr_t)at + length - 1;
    if (last < (uintptr_t)at) return false;
    for (uintptr_t place = (uintptr_t)at;;) {
        if (!can_read(place)) return false;
        if ((last ^ place) < PAGE_MIN_BYTES) return true;
        place = (place | (PAGE_MIN_BYTES - 1)) + 1;
    }
}

bool lt_is_readable(const void *at, size_t length) {
    return in_each_page(at, length, ask);
}

bool lt_can_read(const void *at, size_t length) {
    if (LT_UNLIKELY(seen_pages == NULL)) return lt_is_readable(at, length);
    const uint32_t changes = __atomic_load_n(&lt_memory_changes, __ATOMIC_ACQUIRE);
    if (LT_UNLIKELY(changes != __atomic_load_n(&seen_pages->changes, __ATOMIC_ACQUIRE))) forget_all(changes);
    return in_each_page(at, length, can_read_page);
}

bool lt_is_writable(const void *at) {
    /* Adds nothing to it and wakes no thread: none waits at either address. */
    enum { WAKE_OP_PRIVATE = 5 | 128, ADD_NOTHING_THEN_NEVER_WAKE = 1 << 28 | 2 << 24 | 0 << 12 | 0x800 };
    static uint32_t unused;
    return lt_syscall(__NR_futex, &unused, WAKE_OP_PRIVATE, 0, 0, at, ADD_NOTHING_THEN_NEVER_WAKE) != -EFAULT;
}
