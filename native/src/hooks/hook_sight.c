/* Hooks of the functions after which a path leads elsewhere, or nowhere: another root, other mounts. The library opens
 * the target beforehand, as before a filter of system calls (hook_confine.c). */
#include "emit.h"
#include "hooks.h"
#include "tap.h"
#include <linux/sched.h>

void lt_look_ahead(void) {
    lt_tap_look_ahead();
    lt_emit_look_ahead();
}

int lt_hook_chroot(const char *path) {
    lt_look_ahead();
    return lt_libc_next.chroot(path);
}

int lt_hook_pivot_root(const char *root, const char *old) {
    lt_look_ahead();
    return lt_libc_next.pivot_root(root, old);
}

int lt_hook_unshare(int flags) {
    if ((flags & CLONE_NEWNS) != 0) lt_look_ahead();
    return lt_libc_next.unshare(flags);
}

int lt_hook_setns(int fd, int kind) {
    lt_look_ahead();
    return lt_libc_next.setns(fd, kind);
}
