/* Hook of ioctl: a file system that shares blocks makes a file the copy of another, or a part of it (`cp --reflink`).
 * No byte is written, so the library reads from the source what the kernel has cloned. Also with suppression it is in
 * the file: a clone is whole or not at all. */
#include "emit.h"
#include "hooks.h"
#include "libc_next.h"
#include "tap.h"
#include "tee.h"
#include "text.h"
#include <linux/fs.h>

enum { CHUNK_BYTES = 4096 };

/* The kernel has put the bytes there. */
static ssize_t already_there(const void *context, const struct iovec *parts, int count, size_t skip) {
    (void)context, (void)skip;
    size_t length = 0;
    for (int i = 0; i < count; i++)
        length += parts[i].iov_len;
    return (ssize_t)length;
}

static void hand_over(unsigned stream, const struct file_clone_range *range) {
    char bytes[CHUNK_BYTES];
    for (uint64_t done = 0; done < range->src_length;) {
        const uint64_t left = range->src_length - done;
        struct iovec part = {.iov_base = bytes, .iov_len = left < sizeof bytes ? left : sizeof bytes};
        const ssize_t got = lt_syscall(__NR_pread64, range->src_fd, bytes, part.iov_len, range->src_offset + done);
        if (got > 0) {
            part.iov_len = (size_t)got;
            (void)lt_tee(stream, (off_t)(range->dest_offset + done), &part, 1, already_there, NULL);
        } else {
            lt_zero(bytes, part.iov_len); /* it cannot be read now: how many lines it has is not known */
            lt_emit_lost(&part, 1, 0, part.iov_len);
        }
        done += part.iov_len;
    }
}

/* A length of 0 means up to the end of the source. */
static void cloned(unsigned stream, struct file_clone_range range) {
    struct stat source = {0};
    if (range.src_length == 0 && lt_sys_fstat((int)range.src_fd, &source) == 0 &&
        (uint64_t)source.st_size > range.src_offset) {
        range.src_length = (uint64_t)source.st_size - range.src_offset;
    }
    hand_over(stream, &range);
}

int lt_ioctl_by(const struct lt_libc_next *next, int fd, unsigned long request, void *argument) {
    const int result = next->ioctl(fd, request, argument);
    const unsigned number = (unsigned)request; /* musl's is an int */
    if (LT_LIKELY(number != FICLONE && number != FICLONERANGE) || result != 0) return result;
    const unsigned stream = lt_tap_find(fd);
    if (stream == LT_NONE) return result;
    const int error = lt_errno();
    /* The kernel has read it. */
    cloned(stream, number == FICLONERANGE ? *(const struct file_clone_range *)argument
                                          : (struct file_clone_range){.src_fd = (long)argument});
    lt_set_errno(error);
    return result;
}

int lt_hook_ioctl(int fd, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void *const argument = va_arg(arguments, void *); /* anything, where the request has none */
    va_end(arguments);
    return lt_ioctl_by(&lt_libc_next, fd, request, argument);
}
