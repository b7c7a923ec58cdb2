/* Hooks of the functions that give a file a name: it may be the name of a tapped log, and the file may be open. */
#include "hooks.h"
#include "tap.h"
#include <linux/fs.h>

static int named(int result, int directory, const char *name) {
    if (result == 0) lt_tap_named(directory, name);
    return result;
}

int lt_hook_rename(const char *old, const char *name) {
    return named(lt_libc_next.rename(old, name), AT_FDCWD, name);
}

int lt_hook_renameat(int from, const char *old, int to, const char *name) {
    return named(lt_libc_next.renameat(from, old, to, name), to, name);
}

int lt_hook_renameat2(int from, const char *old, int to, const char *name, unsigned flags) {
    const int result = lt_libc_next.renameat2(from, old, to, name, flags);
    /* Both files get a name. */
    if ((flags & RENAME_EXCHANGE) != 0) (void)named(result, from, old);
    return named(result, to, name);
}

int lt_hook_link(const char *old, const char *name) {
    return named(lt_libc_next.link(old, name), AT_FDCWD, name);
}

int lt_hook_linkat(int from, const char *old, int to, const char *name, int flags) {
    return named(lt_libc_next.linkat(from, old, to, name, flags), to, name);
}

int lt_hook_symlink(const char *target, const char *name) {
    return named(lt_libc_next.symlink(target, name), AT_FDCWD, name);
}

int lt_hook_symlinkat(const char *target, int directory, const char *name) {
    return named(lt_libc_next.symlinkat(target, directory, name), directory, name);
}
