/* Hooks around the life of the process. */
#include "config.h"
#include "emit.h"
#include "init.h"
#include "libc_next.h"
#include "text.h"

/* Ends without destructors: shells and children after fork do. */
LT_EXPORT void _exit(int code) {
    if (lt_is_on()) lt_emit_end();
    lt_libc_next.exit_now(code);
    for (;;)
        (void)lt_syscall(__NR_exit_group, code);
}

LT_EXPORT __attribute__((alias("_exit"))) void _Exit(int);

/* Python asks here whether to buffer its output. A line that waits in its buffer reaches nobody, so it is told not to,
 * unless the application set the variable. Answering is safer than changing the environment. */
LT_EXPORT char *getenv(const char *name) {
    static char unbuffered[] = "1";
    const bool on = lt_is_on();
    char *value = lt_libc_next.getenv == NULL ? NULL : lt_libc_next.getenv(name);
    if (value != NULL || !on || lt_config.tap_into == 0 || name == NULL) return value;
    return lt_equal(name, "PYTHONUNBUFFERED") ? unbuffered : NULL;
}
