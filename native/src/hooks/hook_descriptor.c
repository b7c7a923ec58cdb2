/* Hooks of the functions that open, copy and close descriptors: they keep the classification right, and the library's
 * own descriptor out of the application's hands. */
#include "hooks.h"
#include "libc_next.h"
#include "own_descriptor.h"
#include "tap.h"
#include "virtual_file.h"

/* A descriptor that the application got. If it has the number of our own, that one was closed without passing a hook.
 */
static int opened(int fd, int flags, const char *path) {
    if (fd < 0) return fd;
    const int error = lt_errno();
    if (LT_UNLIKELY(lt_own_descriptor_is(fd))) lt_own_descriptor_forget();
    lt_tap_opened(fd, flags, path);
    lt_set_errno(error);
    return fd;
}

/* The same below a directory: a name is passed on where it is one from the current directory, too. */
static int opened_in(int directory, int fd, int flags, const char *path) {
    /* The kernel has read the path when there is a descriptor. */
    const bool is_known = fd >= 0 && (directory == AT_FDCWD || path[0] == '/');
    return opened(fd, flags, is_known ? path : NULL);
}

static int copied(int from, int to) {
    if (to < 0) return to;
    if (LT_UNLIKELY(lt_own_descriptor_is(to))) lt_own_descriptor_forget();
    lt_tap_copied(from, to);
    return to;
}

/* To the application, the library's descriptor does not exist. */
static bool is_ours(int fd) {
    if (LT_LIKELY(!lt_own_descriptor_is(fd))) return false;
    lt_set_errno(EBADF);
    return true;
}

int lt_hook_open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = va_arg(arguments, mode_t); /* without O_CREAT anything, which open does not look at then */
    va_end(arguments);
    return opened(lt_libc_next.open(path, flags, mode), flags, path);
}

int lt_hook_openat(int directory, const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return opened_in(directory, lt_libc_next.openat(directory, path, flags, mode), flags, path);
}

int lt_hook_creat(const char *path, mode_t mode) {
    const int flags = O_CREAT | O_WRONLY | O_TRUNC;
    return opened(lt_libc_next.open(path, flags, mode), flags, path);
}

/* Fortified programs call it where they give no mode. */
int lt_hook___open_2(const char *path, int flags) {
    return opened(lt_libc_next.open(path, flags, 0), flags, path);
}

int lt_hook___openat_2(int directory, const char *path, int flags) {
    return opened_in(directory, lt_libc_next.openat(directory, path, flags, 0), flags, path);
}

int lt_dup_by(const struct lt_libc_next *next, int fd) {
    if (is_ours(fd)) return -1;
    return copied(fd, next->dup(fd));
}

int lt_hook_dup(int fd) {
    lt_python_looked_at(fd, __builtin_return_address(0));
    return lt_dup_by(&lt_libc_next, fd);
}

int lt_dup2_by(const struct lt_libc_next *next, int from, int to) {
    if (is_ours(from)) return -1;
    if (lt_own_descriptor_is(to)) lt_own_descriptor_make_room();
    return copied(from, next->dup2(from, to));
}

int lt_hook_dup2(int from, int to) {
    return lt_dup2_by(&lt_libc_next, from, to);
}

int lt_dup3_by(const struct lt_libc_next *next, int from, int to, int flags) {
    if (is_ours(from)) return -1;
    if (lt_own_descriptor_is(to)) lt_own_descriptor_make_room();
    return copied(from, next->dup3(from, to, flags));
}

int lt_hook_dup3(int from, int to, int flags) {
    return lt_dup3_by(&lt_libc_next, from, to, flags);
}

static void set_append(int fd, int flags) {
    const unsigned stream = lt_tap_find_suppressed_file(fd);
    if (stream != LT_NONE) lt_virtual_file_set_append(stream, (flags & O_APPEND) != 0);
}

int lt_fcntl_by(const struct lt_libc_next *next, int fd, int command, long argument) {
    if (is_ours(fd)) return -1;
    int result = next->fcntl(fd, command, argument);
    if (command == F_SETFL && result == 0) set_append(fd, (int)argument);
    if (command != F_DUPFD && command != F_DUPFD_CLOEXEC) return result;
    const int own = lt_own_descriptor();
    /* The library's own descriptor occupies the number that the copy would get. */
    if (own >= argument && result > own && lt_own_descriptor_move_above(result)) {
        (void)next->close(result);
        result = next->fcntl(fd, command, argument);
    }
    return copied(fd, result);
}

int lt_hook_fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    const long argument = va_arg(arguments, long); /* a number, a pointer, or nothing: one register in any case */
    va_end(arguments);
    if (command == F_GETFD) lt_python_looked_at(fd, __builtin_return_address(0));
    return lt_fcntl_by(&lt_libc_next, fd, command, argument);
}

int lt_hook_close(int fd) {
    if (is_ours(fd)) return -1;
    lt_tap_forget(fd);
    return lt_libc_next.close(fd);
}

/* Programs close everything they do not know; the library's descriptor lies in the middle of it. */
int lt_close_range_by(const struct lt_libc_next *next, unsigned first, unsigned last, int flags) {
    if (first > last) return next->close_range(first, last, flags);
    if ((flags & LT_CLOSE_RANGE_CLOEXEC) == 0) lt_tap_forget_range(first, last);
    const int own = lt_own_descriptor();
    if (own < 0 || (unsigned)own < first || (unsigned)own > last) return next->close_range(first, last, flags);
    int result = 0;
    if ((unsigned)own > first) result = next->close_range(first, (unsigned)own - 1, flags);
    if (result == 0 && (unsigned)own < last) result = next->close_range((unsigned)own + 1, last, flags);
    return result;
}

int lt_hook_close_range(unsigned first, unsigned last, int flags) {
    return lt_close_range_by(&lt_libc_next, first, last, flags);
}

void lt_hook_closefrom(int first) {
    const int own = lt_own_descriptor();
    const unsigned start = first < 0 ? 0 : (unsigned)first;
    lt_tap_forget_range(start, ~0U);
    if (own >= 0 && (unsigned)own >= start) {
        if ((unsigned)own > start) (void)lt_libc_next.close_range(start, (unsigned)own - 1, 0);
        lt_libc_next.closefrom(own + 1);
        return;
    }
    lt_libc_next.closefrom(first);
}
