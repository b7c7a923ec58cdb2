/* Hooks of the stdio functions that open and close, and of those that write past every FILE. */
#include "init.h"
#include "libc_next.h"
#include "stdio_tap.h"
#include "tap.h"
#include "tee.h"

/* Our own hook. */
off_t lseek(int fd, off_t offset, int from);

enum { TEXT_BYTES = 1024 };

#define ALIAS(of) LT_EXPORT __attribute__((alias(#of)))

static bool is_read_only(const char *mode) {
    if (mode[0] != 'r') return false;
    for (const char *c = mode; *c != '\0'; c++) {
        if (*c == '+') return false;
    }
    return true;
}

static int open_flags(const char *mode) {
    if (is_read_only(mode)) return O_RDONLY;
    return O_RDWR | (mode[0] == 'w' ? O_TRUNC : 0) | (mode[0] == 'a' ? O_APPEND : 0);
}

static FILE *opened(FILE *file, const char *path, const char *mode) {
    if (file == NULL || !lt_is_on()) return file;
    const int error = lt_errno();
    lt_stdio_musl_opened(file);
    if (lt_libc_next.fileno != NULL) {
        const int fd = lt_libc_next.fileno(file);
        lt_tap_opened(fd, open_flags(mode), path);
        /* Where libc went, before the file was known. */
        if (mode[0] == 'a') (void)lseek(fd, 0, LT_SEEK_END);
    }
    lt_set_errno(error);
    return file;
}

LT_EXPORT FILE *fopen(const char *path, const char *mode) {
    (void)lt_is_on();
    return lt_libc_next.fopen == NULL ? NULL : opened(lt_libc_next.fopen(path, mode), path, mode);
}

LT_EXPORT FILE *freopen(const char *path, const char *mode, FILE *file) {
    if (lt_is_on()) (void)lt_stdio_musl_closing(file);
    return lt_libc_next.freopen == NULL ? NULL : opened(lt_libc_next.freopen(path, mode, file), path, mode);
}

ALIAS(fopen) FILE *fopen64(const char *, const char *);
ALIAS(freopen) FILE *freopen64(const char *, const char *, FILE *);

LT_EXPORT FILE *fdopen(int fd, const char *mode) {
    (void)lt_is_on();
    FILE *file = lt_libc_next.fdopen == NULL ? NULL : lt_libc_next.fdopen(fd, mode);
    if (file != NULL && lt_is_on()) lt_stdio_musl_opened(file);
    return file;
}

LT_EXPORT int fclose(FILE *file) {
    const int flushed = lt_is_on() ? lt_stdio_musl_closing(file) : 0;
    const int closed = lt_libc_next.fclose == NULL ? -1 : lt_libc_next.fclose(file);
    return flushed != 0 ? flushed : closed;
}

static ssize_t write_text(const void *context, const struct iovec *parts, int count, size_t skip) {
    (void)count; /* one part comes in, so one goes out */
    (void)skip;
    return lt_libc_next.write(*(const int *)context, parts->iov_base, parts->iov_len);
}

static int write_whole(int fd, unsigned stream, const char *text, size_t length) {
    for (size_t done = 0; done < length;) {
        const struct iovec part = {.iov_base = (char *)text + done, .iov_len = length - done};
        const ssize_t written = lt_tee(stream, LT_NO_OFFSET, &part, 1, write_text, &fd);
        if (written < 0) return -1;
        done += (size_t)written;
    }
    return (int)length;
}

/* `flag` as fortified programs pass it on, which then refuse %n in writable memory; negative for all others. */
static int format(char *out, size_t size, int flag, const char *text, va_list arguments) {
    va_list copy;
    va_copy(copy, arguments);
    const int length = flag < 0 || lt_libc_next.vsnprintf_chk == NULL
                           ? lt_libc_next.vsnprintf(out, size, text, copy)
                           : lt_libc_next.vsnprintf_chk(out, size, flag, size, text, copy);
    va_end(copy);
    return length;
}

static int print_untapped(int fd, int flag, const char *text, va_list arguments) {
    if (flag >= 0 && lt_libc_next.vdprintf_chk != NULL) return lt_libc_next.vdprintf_chk(fd, flag, text, arguments);
    return lt_libc_next.vdprintf == NULL ? -1 : lt_libc_next.vdprintf(fd, text, arguments);
}

/* libc formats and writes in one go, on some versions past every FILE; so formatting and writing are taken apart. */
static int print(int fd, int flag, const char *text, va_list arguments) {
    const unsigned stream = lt_is_on() && lt_libc_next.vsnprintf != NULL ? lt_tap_find(fd) : LT_NONE;
    if (stream == LT_NONE) return print_untapped(fd, flag, text, arguments);
    char line[TEXT_BYTES];
    const int length = format(line, sizeof line, flag, text, arguments);
    if (length < (int)sizeof line) return length < 0 ? length : write_whole(fd, stream, line, (size_t)length);
    const size_t size = (size_t)length + 1;
    char *longer = lt_sys_map(size);
    if (longer == NULL) return print_untapped(fd, flag, text, arguments);
    (void)format(longer, size, flag, text, arguments);
    const int result = write_whole(fd, stream, longer, (size_t)length);
    lt_sys_unmap(longer, size);
    return result;
}

LT_EXPORT int vdprintf(int fd, const char *text, va_list arguments) {
    return print(fd, -1, text, arguments);
}

LT_EXPORT int dprintf(int fd, const char *text, ...) {
    va_list arguments;
    va_start(arguments, text);
    const int result = print(fd, -1, text, arguments);
    va_end(arguments);
    return result;
}

LT_EXPORT int __vdprintf_chk(int fd, int flag, const char *text, va_list arguments) {
    return print(fd, flag, text, arguments);
}

LT_EXPORT int __dprintf_chk(int fd, int flag, const char *text, ...) {
    va_list arguments;
    va_start(arguments, text);
    const int result = print(fd, flag, text, arguments);
    va_end(arguments);
    return result;
}
