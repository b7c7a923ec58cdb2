/* Hooks of the functions by which libc itself opens, closes and replaces descriptors: these calls pass no other
 * hook, and the library would remember a descriptor that is gone. */
#include "hooks.h"
#include "libc_next.h"
#include "process.h"
#include "stdio_tap.h"
#include "tap.h"

static int not_there(void) {
    lt_set_errno(ENOSYS);
    return -1;
}

int lt_hook_pclose(FILE *file) {
    if (lt_libc_next.pclose == NULL) return not_there();
    (void)lt_stdio_musl_closing(file);
    if (lt_libc.fileno != NULL) lt_tap_forget(lt_libc.fileno(file));
    return lt_libc_next.pclose(file);
}

/* The name is complete only now. */
static int made(int fd, const char *path, int flags) {
    const int error = lt_errno();
    if (fd >= 0) lt_tap_opened(fd, (flags & ~O_ACCMODE) | O_RDWR, path);
    lt_set_errno(error);
    return fd;
}

int lt_hook_mkstemp(char *path) {
    return lt_libc_next.mkstemp == NULL ? not_there() : made(lt_libc_next.mkstemp(path), path, 0);
}

int lt_hook_mkostemp(char *path, int flags) {
    return lt_libc_next.mkostemp == NULL ? not_there() : made(lt_libc_next.mkostemp(path, flags), path, flags);
}

int lt_hook_mkstemps(char *path, int suffix_length) {
    return lt_libc_next.mkstemps == NULL ? not_there() : made(lt_libc_next.mkstemps(path, suffix_length), path, 0);
}

int lt_hook_mkostemps(char *path, int suffix_length, int flags) {
    if (lt_libc_next.mkostemps == NULL) return not_there();
    return made(lt_libc_next.mkostemps(path, suffix_length, flags), path, flags);
}

int lt_hook_login_tty(int fd) {
    if (lt_libc_next.login_tty == NULL) return not_there();
    const int result = lt_libc_next.login_tty(fd);
    lt_tap_forget_range(0, 2);
    lt_tap_forget(fd);
    return result;
}

/* The child's streams are the terminal's. The parent reads from it and prints: that is the container's output. */
pid_t lt_hook_forkpty(int *master, char *name, const void *settings, const void *size) {
    if (lt_libc_next.forkpty == NULL) return not_there();
    const pid_t child = lt_libc_next.forkpty(master, name, settings, size);
    if (child == 0) {
        lt_process_forked();
        lt_tap_forget_range(0, 2);
    }
    return child;
}
