/* One writer at a time within a process. */
#include "guard.h"
#include "clock.h"

enum {
    SPINS = 10, /* as long as a frame takes to be copied */
    FIRST_PAUSE_NS = 20 * 1000,
    LAST_PAUSE_NS = 1000 * 1000,
    STACK_IS_ALTERNATE = 1,
    NESTED_MAX = 64, /* no handler writes that often between two waits, so its thread has left the holder's frames */
};

struct signal_stack {
    void *start;
    int flags;
    size_t size;
};

static void pause_briefly(void) {
#if defined(__x86_64__)
    __asm__ volatile("pause");
#else
    __asm__ volatile("yield");
#endif
}

static uintptr_t stack_here(void) {
    return (uintptr_t)__builtin_frame_address(0);
}

static void settle_in(struct lt_guard *guard) {
    __atomic_store_n(&guard->stack, stack_here(), __ATOMIC_RELAXED);
    __atomic_store_n(&guard->nested, 0, __ATOMIC_RELAXED);
    /* No other thread writes it. */
    __atomic_store_n(&guard->entries, __atomic_load_n(&guard->entries, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
}

static bool take(struct lt_guard *guard, uintptr_t from, uintptr_t self) {
    if (!__atomic_compare_exchange_n(&guard->owner, &from, self, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
        return false;
    }
    settle_in(guard);
    return true;
}

/* Whether this thread's earlier entry was abandoned: its frames are gone when the stack has shrunk past them. On an
 * alternate signal stack the comparison means nothing, and a deeper call than the earlier one looks like a handler's.
 */
static bool is_abandoned(struct lt_guard *guard) {
    if (__atomic_add_fetch(&guard->nested, 1, __ATOMIC_RELAXED) > NESTED_MAX) return true;
    const uintptr_t stack = __atomic_load_n(&guard->stack, __ATOMIC_RELAXED);
    if (stack == 0 || stack_here() < stack) return false;
    struct signal_stack now = {0};
    return lt_syscall(__NR_sigaltstack, 0, &now) == 0 && (now.flags & STACK_IS_ALTERNATE) == 0;
}

static bool wait_for(struct lt_guard *guard, uintptr_t self, uint64_t wait_ms) {
    for (int i = 0; i < SPINS; i++) {
        if (__atomic_load_n(&guard->owner, __ATOMIC_RELAXED) == 0 && take(guard, 0, self)) return true;
        pause_briefly();
    }
    const uint32_t entries = __atomic_load_n(&guard->entries, __ATOMIC_RELAXED);
    struct lt_patience patience = {.budget_ms = wait_ms};
    /* The holder wakes no waiter when it leaves: a system call per write would cost more than the writes. */
    for (long pause_ns = FIRST_PAUSE_NS; lt_patience_left_ms(&patience) > 0; pause_ns *= 2) {
        if (pause_ns > LAST_PAUSE_NS) pause_ns = LAST_PAUSE_NS;
        const struct __kernel_timespec time = {.tv_nsec = pause_ns};
        (void)lt_syscall(__NR_nanosleep, &time, 0);
        if (take(guard, 0, self)) return true;
    }
    const uintptr_t owner = __atomic_load_n(&guard->owner, __ATOMIC_RELAXED);
    return __atomic_load_n(&guard->entries, __ATOMIC_RELAXED) == entries && take(guard, owner, self);
}

enum lt_entry lt_guard_enter(struct lt_guard *guard, uint64_t wait_ms) {
    const uintptr_t self = lt_thread_pointer();
    if (LT_LIKELY(take(guard, 0, self))) return LT_ENTERED;
    if (__atomic_load_n(&guard->owner, __ATOMIC_RELAXED) == self) {
        if (!is_abandoned(guard)) return LT_NESTED;
        settle_in(guard);
        return LT_ENTERED;
    }
    return wait_for(guard, self, wait_ms) ? LT_ENTERED : LT_BUSY;
}

void lt_guard_go_on(struct lt_guard *guard) {
    __atomic_store_n(&guard->nested, 0, __ATOMIC_RELAXED);
}

void lt_guard_leave(struct lt_guard *guard) {
    uintptr_t self = lt_thread_pointer();
    __atomic_store_n(&guard->stack, 0, __ATOMIC_RELAXED);
    /* Not when it was taken over meanwhile. */
    (void)__atomic_compare_exchange_n(&guard->owner, &self, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}
