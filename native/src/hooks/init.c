/* Sets the library up: everything but the hooks. */
#include "init.h"
#include "config.h"
#include "connection.h"
#include "exec_environment.h"
#include "handover.h"
#include "libc_lookup.h"
#include "process.h"
#include "size_limit.h"
#include "tap.h"
#include "tee.h"
#include "text.h"

static bool set_up(const struct lt_environment *environment) {
    const char *disable = lt_environment_get(environment, LT_ENV_DISABLE);
    if (disable != NULL && lt_equal(disable, "true")) return false;
    if (!lt_config_read(environment) || !lt_process_set_up()) return false;
    if (!lt_handover_set_up() || !lt_connection_set_up() || !lt_tee_set_up()) return false;
    lt_size_limit_changed();
    lt_tap_set_up(environment);
    char streams[LT_STDIO_PLACEHOLDER_BYTES + 1];
    lt_container_stdio_format(lt_tap_container(), streams);
    lt_exec_environment_remember(environment, streams);
    return true;
}

bool lt_init(const struct lt_start *start) {
    struct lt_environment environment;
    lt_libc_next_find();
    const bool is_glibc = lt_libc.glibc_file_vtable != NULL;
    if (start != NULL && is_glibc) lt_environment_given(start->argument_count, start->arguments, start->variables);
    const bool on = lt_environment_read(&environment) && set_up(&environment);
    lt_environment_free(&environment);
    return on;
}
