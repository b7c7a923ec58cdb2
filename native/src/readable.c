/* Whether memory that the application points to is there. */
#include "readable.h"

bool lt_is_readable(const void *at, size_t length) {
    /* A call that fails, but only after it has looked. */
    enum { NO_SUCH_OPERATION = -1, SET_BYTES = 8, PAGE_MIN_BYTES = 4096 };
    const uintptr_t last = (uintptr_t)at + length - SET_BYTES;
    for (uintptr_t place = (uintptr_t)at; place < last; place = (place | (PAGE_MIN_BYTES - 1)) + 1) {
        if (lt_syscall(__NR_rt_sigprocmask, NO_SUCH_OPERATION, place, 0, SET_BYTES) == -EFAULT) return false;
    }
    return lt_syscall(__NR_rt_sigprocmask, NO_SUCH_OPERATION, last, 0, SET_BYTES) != -EFAULT;
}
