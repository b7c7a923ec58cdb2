/* Hooks of the stdio functions that open and close, and of those that write past every FILE. */
#include "hooks.h"
#include "libc_next.h"
#include "stdio_tap.h"
#include "tap.h"
#include "tee.h"

enum { TEXT_BYTES = 1024 };

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
    if (file == NULL) return file;
    const int error = lt_errno();
    lt_stdio_musl_opened(file);
    if (lt_libc.fileno != NULL) {
        const int fd = lt_libc.fileno(file);
        lt_tap_opened(fd, open_flags(mode), path);
        /* Where libc went, before the file was known. */
        if (mode[0] == 'a') (void)lt_hook_lseek(fd, 0, LT_SEEK_END);
    }
    lt_set_errno(error);
    return file;
}

FILE *lt_hook_fopen(const char *path, const char *mode) {
    return lt_libc_next.fopen == NULL ? NULL : opened(lt_libc_next.fopen(path, mode), path, mode);
}

FILE *lt_hook_freopen(const char *path, const char *mode, FILE *file) {
    (void)lt_stdio_musl_closing(file);
    if (lt_libc_next.freopen == NULL) return NULL;
    const int error = lt_errno();
    const int before = lt_libc.fileno == NULL ? -1 : lt_libc.fileno(file); /* a stream in memory has none */
    lt_set_errno(error);
    FILE *const reopened = lt_libc_next.freopen(path, mode, file);
    /* It is closed, even when nothing is opened instead. */
    lt_tap_forget(before);
    return opened(reopened, path, mode);
}

FILE *lt_hook_fdopen(int fd, const char *mode) {
    FILE *file = lt_libc_next.fdopen == NULL ? NULL : lt_libc_next.fdopen(fd, mode);
    if (file != NULL) lt_stdio_musl_opened(file);
    return file;
}

int lt_hook_fclose(FILE *file) {
    const int flushed = lt_stdio_musl_closing(file);
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
    const int length = flag < 0 || lt_libc.vsnprintf_chk == NULL
                           ? lt_libc.vsnprintf(out, size, text, copy)
                           : lt_libc.vsnprintf_chk(out, size, flag, size, text, copy);
    va_end(copy);
    return length;
}

static int print_untapped(int fd, int flag, const char *text, va_list arguments) {
    if (flag >= 0 && lt_libc_next.vdprintf_chk != NULL) return lt_libc_next.vdprintf_chk(fd, flag, text, arguments);
    return lt_libc_next.vdprintf == NULL ? -1 : lt_libc_next.vdprintf(fd, text, arguments);
}

/* libc formats and writes in one go, on some versions past every FILE; so formatting and writing are taken apart. */
static int print(int fd, int flag, const char *text, va_list arguments) {
    const unsigned stream = lt_libc.vsnprintf != NULL ? lt_tap_find(fd) : LT_NONE;
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

int lt_hook_vdprintf(int fd, const char *text, va_list arguments) {
    return print(fd, -1, text, arguments);
}

int lt_hook_dprintf(int fd, const char *text, ...) {
    va_list arguments;
    va_start(arguments, text);
    const int result = print(fd, -1, text, arguments);
    va_end(arguments);
    return result;
}

int lt_hook___vdprintf_chk(int fd, int flag, const char *text, va_list arguments) {
    return print(fd, flag, text, arguments);
}

int lt_hook___dprintf_chk(int fd, int flag, const char *text, ...) {
    va_list arguments;
    va_start(arguments, text);
    const int result = print(fd, flag, text, arguments);
    va_end(arguments);
    return result;
}
