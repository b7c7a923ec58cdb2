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

int lt_hook_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data) {
    lt_look_ahead();
    return lt_libc_next.mount(source, target, type, flags, data);
}

int lt_hook_umount(const char *target) {
    lt_look_ahead();
    return lt_libc_next.umount(target);
}

int lt_hook_umount2(const char *target, int flags) {
    lt_look_ahead();
    return lt_libc_next.umount2(target, flags);
}

int lt_hook_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags) {
    lt_look_ahead();
    return lt_libc_next.move_mount(from, from_path, to, to_path, flags);
}
