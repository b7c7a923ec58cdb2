/* Hooks of the functions that open, copy and close descriptors: they keep the classification right, and the library's
 * own descriptor out of the application's hands. */
#include "connection.h"
#include "init.h"
#include "libc_next.h"
#include "tap.h"
#include "virtual_file.h"

#define ALIAS(of) LT_EXPORT __attribute__((alias(#of)))

/* A descriptor that the application got. When it has our number, somebody closed ours behind our back. */
static int opened(int fd, int flags, const char *path) {
    if (fd < 0 || !lt_is_on()) return fd;
    const int error = lt_errno();
    if (LT_UNLIKELY(lt_connection_owns(fd))) lt_connection_forget();
    lt_tap_opened(fd, flags, path);
    lt_set_errno(error);
    return fd;
}

/* The name as it is from the current directory; NULL when that is not known. */
static const char *path_in(int directory, const char *path) {
    return directory == AT_FDCWD || path[0] == '/' ? path : NULL;
}

static int copied(int from, int to) {
    if (to < 0 || !lt_is_on()) return to;
    if (LT_UNLIKELY(lt_connection_owns(to))) lt_connection_forget();
    lt_tap_copied(from, to);
    return to;
}

/* To the application, the library's descriptor does not exist. */
static bool is_ours(int fd) {
    if (LT_LIKELY(!lt_is_on() || !lt_connection_owns(fd))) return false;
    lt_set_errno(EBADF);
    return true;
}

LT_EXPORT int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = va_arg(arguments, mode_t); /* without O_CREAT anything, which open does not look at then */
    va_end(arguments);
    (void)lt_is_on();
    return opened(lt_libc_next.open(path, flags, mode), flags, path);
}

LT_EXPORT int openat(int directory, const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    (void)lt_is_on();
    return opened(lt_libc_next.openat(directory, path, flags, mode), flags, path_in(directory, path));
}

LT_EXPORT int creat(const char *path, mode_t mode) {
    const int flags = O_CREAT | O_WRONLY | O_TRUNC;
    (void)lt_is_on();
    return opened(lt_libc_next.open(path, flags, mode), flags, path);
}

ALIAS(open) int open64(const char *, int, ...);
ALIAS(open) int __open(const char *, int, ...);
ALIAS(open) int __open64(const char *, int, ...);
ALIAS(openat) int openat64(int, const char *, int, ...);
ALIAS(creat) int creat64(const char *, mode_t);

/* What fortified programs call when they give no mode. */
LT_EXPORT int __open_2(const char *path, int flags) {
    (void)lt_is_on();
    return opened(lt_libc_next.open(path, flags, 0), flags, path);
}

LT_EXPORT int __openat_2(int directory, const char *path, int flags) {
    (void)lt_is_on();
    return opened(lt_libc_next.openat(directory, path, flags, 0), flags, path_in(directory, path));
}

ALIAS(__open_2) int __open64_2(const char *, int);
ALIAS(__openat_2) int __openat64_2(int, const char *, int);

LT_EXPORT int dup(int fd) {
    if (is_ours(fd)) return -1;
    return copied(fd, lt_libc_next.dup(fd));
}

LT_EXPORT int dup2(int from, int to) {
    if (is_ours(from)) return -1;
    if (lt_is_on() && lt_connection_owns(to)) lt_connection_make_room();
    return copied(from, lt_libc_next.dup2(from, to));
}

LT_EXPORT int dup3(int from, int to, int flags) {
    if (is_ours(from)) return -1;
    if (lt_is_on() && lt_connection_owns(to)) lt_connection_make_room();
    return copied(from, lt_libc_next.dup3(from, to, flags));
}

ALIAS(dup2) int __dup2(int, int);

static void set_append(int fd, int flags) {
    const unsigned stream = lt_is_on() ? lt_tap_find_suppressed_file(fd) : LT_NONE;
    if (stream != LT_NONE) lt_virtual_file_set_append(stream, (flags & O_APPEND) != 0);
}

LT_EXPORT int fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    const long argument = va_arg(arguments, long); /* a number, a pointer, or nothing: one register in any case */
    va_end(arguments);
    if (is_ours(fd)) return -1;
    int result = lt_libc_next.fcntl(fd, command, argument);
    if (command == F_SETFL && result == 0) set_append(fd, (int)argument);
    if (command != F_DUPFD && command != F_DUPFD_CLOEXEC) return result;
    const int own = lt_is_on() ? lt_connection_descriptor() : -1;
    /* The library's stands where the copy would be. */
    if (own >= argument && result > own && lt_connection_move_above(result)) {
        (void)lt_libc_next.close(result);
        result = lt_libc_next.fcntl(fd, command, argument);
    }
    return copied(fd, result);
}

ALIAS(fcntl) int fcntl64(int, int, ...);
ALIAS(fcntl) int __fcntl(int, int, ...);

LT_EXPORT int close(int fd) {
    if (is_ours(fd)) return -1;
    if (lt_is_on()) lt_tap_forget(fd);
    return lt_libc_next.close(fd);
}

ALIAS(close) int __close(int);

/* Programs close everything they do not know; the library's descriptor lies in the middle of it. */
LT_EXPORT int close_range(unsigned first, unsigned last, int flags) {
    if (!lt_is_on() || first > last) return lt_libc_next.close_range(first, last, flags);
    if ((flags & LT_CLOSE_RANGE_CLOEXEC) == 0) lt_tap_forget_range(first, last);
    const int own = lt_connection_descriptor();
    if (own < 0 || (unsigned)own < first || (unsigned)own > last) return lt_libc_next.close_range(first, last, flags);
    int result = 0;
    if ((unsigned)own > first) result = lt_libc_next.close_range(first, (unsigned)own - 1, flags);
    if (result == 0 && (unsigned)own < last) result = lt_libc_next.close_range((unsigned)own + 1, last, flags);
    return result;
}

LT_EXPORT void closefrom(int first) {
    const int own = lt_is_on() ? lt_connection_descriptor() : -1;
    const unsigned start = first < 0 ? 0 : (unsigned)first;
    if (lt_is_on()) lt_tap_forget_range(start, ~0U);
    if (own >= 0 && (unsigned)own >= start) {
        if ((unsigned)own > start) (void)lt_libc_next.close_range(start, (unsigned)own - 1, 0);
        lt_libc_next.closefrom(own + 1);
        return;
    }
    lt_libc_next.closefrom(first);
}
