/* Hooks of the functions that write to a descriptor. */
#include "emit.h"
#include "hooks.h"
#include "libc_next.h"
#include "readable.h"
#include "tap.h"
#include "tee.h"

enum { IOV_MAX = 1024 };

enum variant { PLAIN, AT_OFFSET, AT_OFFSET_WITH_FLAGS };

/* Where and how the application writes. */
struct call {
    enum variant variant;
    int fd;
    off_t offset;
    int flags;
};

static off_t offset_after(const struct call *call, size_t skip) {
    return call->offset == LT_NO_OFFSET ? LT_NO_OFFSET : call->offset + (off_t)skip;
}

static ssize_t write_buffer(const void *context, const struct iovec *parts, int count, size_t skip) {
    (void)count; /* one part comes in, so one goes out */
    const struct call *call = context;
    if (call->variant == PLAIN) return lt_libc_next.write(call->fd, parts->iov_base, parts->iov_len);
    return lt_libc_next.pwrite(call->fd, parts->iov_base, parts->iov_len, offset_after(call, skip));
}

static ssize_t write_vector(const void *context, const struct iovec *parts, int count, size_t skip) {
    const struct call *call = context;
    const off_t offset = offset_after(call, skip);
    switch (call->variant) {
    case PLAIN:
        return lt_libc_next.writev(call->fd, parts, count);
    case AT_OFFSET:
        return lt_libc_next.pwritev(call->fd, parts, count, offset);
    default:
        return lt_libc_next.pwritev2(call->fd, parts, count, offset, call->flags);
    }
}

/* Suppressed bytes never meet the kernel, which refuses an offset in a pipe, a socket or a terminal. */
static bool is_nowhere(const struct call *call, unsigned stream) {
    return call->variant != PLAIN && call->offset != LT_NO_OFFSET && lt_tap_is_suppressed(stream) &&
           lt_sys_position(call->fd) < 0;
}

static ssize_t buffer(const struct call *call, const void *from, size_t length) {
    const struct iovec part = {.iov_base = (void *)from, .iov_len = length};
    const unsigned stream = lt_tap_find(call->fd);
    if (LT_LIKELY(stream == LT_NONE) || is_nowhere(call, stream)) return write_buffer(call, &part, 1, 0);
    return lt_tee(stream, call->offset, &part, 1, write_buffer, call);
}

/* The kernel decides about the flags, so the bytes are in the original, and lost for the target. */
static ssize_t write_unseen(const struct call *call, const struct iovec *parts, int count) {
    const ssize_t written = write_vector(call, parts, count, 0);
    if (written > 0) lt_emit_lost(parts, count, 0, (size_t)written);
    return written;
}

static ssize_t vector(const struct call *call, const struct iovec *parts, int count) {
    const unsigned stream = count > 0 && count <= IOV_MAX ? lt_tap_find(call->fd) : LT_NONE;
    if (LT_LIKELY(stream == LT_NONE) || is_nowhere(call, stream)) return write_vector(call, parts, count, 0);
    /* In tee mode the kernel has read them before we do. */
    if (lt_tap_is_suppressed(stream) && !lt_can_read(parts, (size_t)count * sizeof *parts)) {
        return write_vector(call, parts, count, 0);
    }
    if (LT_UNLIKELY((call->flags & ~LT_FLAGS_WITHOUT_EFFECT) != 0) && lt_tap_is_suppressed(stream)) {
        return write_unseen(call, parts, count);
    }
    return lt_tee(stream, call->offset, parts, count, write_vector, call);
}

ssize_t lt_hook_write(int fd, const void *from, size_t length) {
    const struct call call = {.variant = PLAIN, .fd = fd, .offset = LT_NO_OFFSET};
    return buffer(&call, from, length);
}

ssize_t lt_hook_pwrite(int fd, const void *from, size_t length, off_t offset) {
    const struct call call = {.variant = AT_OFFSET, .fd = fd, .offset = offset};
    /* The kernel refuses it; so let it. */
    if (offset < 0) return lt_libc_next.pwrite(fd, from, length, offset);
    return buffer(&call, from, length);
}

ssize_t lt_hook_writev(int fd, const struct iovec *parts, int count) {
    const struct call call = {.variant = PLAIN, .fd = fd, .offset = LT_NO_OFFSET};
    return vector(&call, parts, count);
}

ssize_t lt_hook_pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    const struct call call = {.variant = AT_OFFSET, .fd = fd, .offset = offset};
    if (offset < 0) return lt_libc_next.pwritev(fd, parts, count, offset);
    return vector(&call, parts, count);
}

ssize_t lt_hook_pwritev2(int fd, const struct iovec *parts, int count, off_t offset, int flags) {
    const struct call call = {.variant = AT_OFFSET_WITH_FLAGS, .fd = fd, .offset = offset, .flags = flags};
    return vector(&call, parts, count);
}
