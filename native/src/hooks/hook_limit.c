/* Hooks of the functions that set limits of the process. */
#include "hooks.h"
#include "size_limit.h"

static int limited(int result, int resource) {
    if (result == 0 && resource == LT_FILE_SIZE_RESOURCE) lt_size_limit_changed();
    return result;
}

int lt_hook_setrlimit(int resource, const void *limit) {
    return limited(lt_libc_next.setrlimit(resource, limit), resource);
}

int lt_hook_prlimit(pid_t process, int resource, const void *limit, void *before) {
    return limited(lt_libc_next.prlimit(process, resource, limit, before), resource);
}
