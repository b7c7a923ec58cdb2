/* Start and end of the library. */
#include "init.h"
#include "config.h"
#include "connection.h"
#include "emit.h"
#include "exec_environment.h"
#include "hooks.h"
#include "libc_next.h"
#include "process.h"
#include "size_limit.h"
#include "stdio_tap.h"
#include "tap.h"
#include "text.h"

enum { START_YIELDS = 10000 };

uint32_t lt_phase = LT_UNBORN;

static bool set_up(const struct lt_environment *environment) {
    const char *disable = lt_environment_get(environment, LT_ENV_DISABLE);
    if (disable != NULL && lt_equal(disable, "true")) return false;
    if (!lt_config_read(environment) || !lt_process_set_up()) return false;
    lt_size_limit_changed();
    lt_tap_set_up(environment);
    lt_connection_set_up();
    lt_exec_environment_remember(environment, lt_tap_container());
    return true;
}

bool lt_start(void) {
    uint32_t phase = LT_UNBORN;
    if (!__atomic_compare_exchange_n(&lt_phase, &phase, LT_STARTING, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        /* Another thread is at it. Not for ever: a signal handler may have interrupted that very thread. */
        for (int i = 0; i < START_YIELDS && phase == LT_STARTING; i++) {
            (void)lt_syscall(__NR_sched_yield);
            phase = __atomic_load_n(&lt_phase, __ATOMIC_ACQUIRE);
        }
        return phase == LT_ON;
    }
    struct lt_environment environment;
    lt_libc_next_find();
    const bool on = lt_environment_read(&environment) && set_up(&environment);
    lt_environment_free(&environment);
    lt_hooks_install(on);
    __atomic_store_n(&lt_phase, on ? LT_ON : LT_OFF, __ATOMIC_RELEASE);
    if (on && !lt_stdio_glibc_tap()) (void)lt_stdio_musl_tap();
    return on;
}

__attribute__((constructor)) static void begin(void) {
    (void)lt_is_on();
}

/* stdio may flush its last bytes only after this; hooks go on working. */
__attribute__((destructor)) static void end(void) {
    if (lt_is_on()) lt_emit_end();
}
