/* Hooks of the functions that set limits of the process. */
#include "contract.h"
#include "hooks.h"
#include "readable.h"
#include "size_limit.h"
#include "text.h"

enum {
    DESCRIPTORS_RESOURCE = 7, /* RLIMIT_NOFILE */
    MEMORY_RESOURCE = 9,      /* RLIMIT_AS */
    DESCRIPTORS_ENOUGH = 16,
};

/* A sandbox that forbids itself descriptors, files or memory must not keep the target from being opened. */
void lt_limit_comes(int resource, const void *limit) {
    enum { RING_BYTES = LT_RING_HEADER_BYTES + LT_RING_OWN_CAPACITY_BYTES };
    uint64_t now = UINT64_MAX;
    if (limit == NULL || !lt_is_readable(limit, sizeof now)) return;
    lt_copy(&now, limit, sizeof now);
    const bool is_low = (resource == DESCRIPTORS_RESOURCE && now < DESCRIPTORS_ENOUGH) ||
                        (resource == LT_FILE_SIZE_RESOURCE && now < RING_BYTES) ||
                        (resource == MEMORY_RESOURCE && now != UINT64_MAX);
    if (is_low) lt_look_ahead();
}

static int limited(int result, int resource) {
    if (result == 0 && resource == LT_FILE_SIZE_RESOURCE) lt_size_limit_changed();
    return result;
}

int lt_hook_setrlimit(int resource, const void *limit) {
    lt_limit_comes(resource, limit);
    return limited(lt_libc_next.setrlimit(resource, limit), resource);
}

int lt_hook_prlimit(pid_t process, int resource, const void *limit, void *before) {
    lt_limit_comes(resource, limit);
    return limited(lt_libc_next.prlimit(process, resource, limit, before), resource);
}
