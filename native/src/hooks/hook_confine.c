/* Hooks of the functions by which an application gives up system calls (seccomp). The library asks the
 * kernel beforehand for all that it will need: afterwards it may not. */
#include "clock.h"
#include "confinement.h"
#include "hooks.h"
#include "process.h"
#include <linux/prctl.h>
#include <linux/seccomp.h>

static int prepare(const struct lt_confinement *filter) {
    /* A vfork child confines itself only, though its parent's memory is here. */
    if (lt_process_is_borrowed()) return LT_NO_FILTER;
    lt_look_ahead();
    return lt_confinement_add(filter);
}

int lt_prctl_by(const struct lt_libc_next *next, int option, const long at[PRCTL_ARGUMENTS]) {
    if (option == PR_SET_TSC && at[0] == PR_TSC_SIGSEGV) __atomic_store_n(&lt_clock_is_coarse, true, __ATOMIC_RELAXED);
    if (LT_LIKELY(option != PR_SET_SECCOMP)) return next->prctl(option, at[0], at[1], at[2], at[3]);
    const struct lt_confinement filter = {.is_strict = at[0] == SECCOMP_MODE_STRICT, .program = (const void *)at[1]};
    const int number = prepare(&filter);
    const int result = next->prctl(option, at[0], at[1], at[2], at[3]);
    if (result != 0) lt_confinement_withdraw(number);
    return result;
}

int lt_hook_prctl(int option, ...) {
    va_list arguments;
    va_start(arguments, option);
    /* Registers hold four, however many were passed. */
    const long a = va_arg(arguments, long), b = va_arg(arguments, long);
    const long c = va_arg(arguments, long), d = va_arg(arguments, long);
    va_end(arguments);
    const long at[PRCTL_ARGUMENTS] = {a, b, c, d};
    return lt_prctl_by(&lt_libc_next, option, at);
}

/* seccomp(2) has no function of its own. Its operations are not prctl's modes. */
long lt_confine_by(const struct lt_libc_next *next, const long at[3]) {
    const bool is_filter = at[0] == SECCOMP_SET_MODE_FILTER;
    if (!is_filter && at[0] != SECCOMP_SET_MODE_STRICT) return next->syscall(__NR_seccomp, at[0], at[1], at[2]);
    const struct lt_confinement filter = {.is_strict = !is_filter, .program = (const void *)at[2]};
    const int number = prepare(&filter);
    const long result = next->syscall(__NR_seccomp, at[0], at[1], at[2]);
    /* Positive: a listener, or a thread that could not follow. */
    if (result < 0 || (result > 0 && (at[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER) == 0)) {
        lt_confinement_withdraw(number);
    }
    return result;
}
