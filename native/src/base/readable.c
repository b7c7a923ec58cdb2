/* Whether memory that the application points to is there. */
#include "readable.h"

uint32_t lt_memory_changes;

bool lt_is_readable(const void *at, size_t length) {
    /* A call that fails, but only after it has looked at a set of signals. One that is aligned lies in one page. */
    enum { NO_SUCH_OPERATION = -1, SET_BYTES = 8, PAGE_MIN_BYTES = 4096 };
    if (length == 0) return true;
    const uintptr_t last = (uintptr_t)at + length - 1;
    /* No set at all is no error to the kernel. */
    if (last < (uintptr_t)at || (uintptr_t)at < SET_BYTES) return false;
    for (uintptr_t place = (uintptr_t)at;;) {
        const uintptr_t set = place & ~(uintptr_t)(SET_BYTES - 1);
        if (lt_syscall(__NR_rt_sigprocmask, NO_SUCH_OPERATION, set, 0, SET_BYTES) == -EFAULT) return false;
        if ((last ^ place) < PAGE_MIN_BYTES) return true;
        place = (place | (PAGE_MIN_BYTES - 1)) + 1;
    }
}

bool lt_is_writable(const void *at) {
    /* Adds nothing to it and wakes no thread: none waits at either address. */
    enum { WAKE_OP_PRIVATE = 5 | 128, ADD_NOTHING_THEN_NEVER_WAKE = 1 << 28 | 2 << 24 | 0 << 12 | 0x800 };
    static uint32_t unused;
    return lt_syscall(__NR_futex, &unused, WAKE_OP_PRIVATE, 0, 0, at, ADD_NOTHING_THEN_NEVER_WAKE) != -EFAULT;
}
