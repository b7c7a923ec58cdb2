/* Hooks of the functions that send: a tapped stream may be a socket. */
#include "emit.h"
#include "hooks.h"
#include "libc_next.h"
#include "readable.h"
#include "tap.h"
#include "tee.h"

enum { IOV_MAX = 1024 };

struct call {
    const struct lt_libc_next *next;
    int fd;
    int flags;
    const void *to; /* address, of sendto only */
    uint32_t to_length;
    const struct lt_msghdr *message; /* of sendmsg only */
};

static bool is_socket(int fd) {
    struct stat file = {0};
    return lt_sys_fstat(fd, &file) == 0 && S_ISSOCK(file.st_mode);
}

/* Suppressed bytes never meet the kernel, which would refuse a descriptor that is no socket. */
static unsigned find(int fd) {
    const unsigned stream = lt_tap_find(fd);
    return LT_LIKELY(stream == LT_NONE) || !is_socket(fd) ? LT_NONE : stream;
}

static ssize_t send_bytes(const void *context, const struct iovec *parts, int count, size_t skip) {
    (void)count; /* one part comes in, so one goes out */
    (void)skip;
    const struct call *call = context;
    return call->next->sendto(call->fd, parts->iov_base, parts->iov_len, call->flags, call->to, call->to_length);
}

static ssize_t send_parts(const void *context, const struct iovec *parts, int count, size_t skip) {
    (void)skip;
    const struct call *call = context;
    struct lt_msghdr message = *call->message;
    message.parts = (struct iovec *)parts;
    message.part_count = (size_t)count;
    return call->next->sendmsg(call->fd, &message, call->flags);
}

static ssize_t send_buffer(const struct call *call, unsigned stream, const void *from, size_t length) {
    const struct iovec part = {.iov_base = (void *)from, .iov_len = length};
    return lt_tee(stream, LT_NO_OFFSET, &part, 1, send_bytes, call);
}

ssize_t lt_sendto_by(const struct lt_libc_next *next, int fd, const void *from, size_t length, int flags,
                     const void *to, uint32_t to_length) {
    const unsigned stream = find(fd);
    if (LT_LIKELY(stream == LT_NONE)) return next->sendto(fd, from, length, flags, to, to_length);
    const struct call call = {.next = next, .fd = fd, .flags = flags, .to = to, .to_length = to_length};
    return send_buffer(&call, stream, from, length);
}

ssize_t lt_hook_sendto(int fd, const void *from, size_t length, int flags, const void *to, uint32_t to_length) {
    return lt_sendto_by(&lt_libc_next, fd, from, length, flags, to, to_length);
}

ssize_t lt_hook_send(int fd, const void *from, size_t length, int flags) {
    const unsigned stream = find(fd);
    if (LT_LIKELY(stream == LT_NONE)) return lt_libc_next.send(fd, from, length, flags);
    const struct call call = {.next = &lt_libc_next, .fd = fd, .flags = flags};
    return send_buffer(&call, stream, from, length);
}

/* musl has 32 bits of the two lengths, and leaves the upper halves undefined. */
static int part_count(const struct lt_msghdr *message) {
    return (int)(uint32_t)message->part_count;
}

static bool has_control(const struct lt_msghdr *message) {
    return (uint32_t)message->control_length != 0;
}

static bool can_look_into(const struct lt_msghdr *message) {
    if (!lt_can_read(message, sizeof *message)) return false;
    const int count = part_count(message);
    return count > 0 && count <= IOV_MAX && lt_can_read(message->parts, (size_t)count * sizeof *message->parts);
}

/* Descriptors and the like that go with the bytes have to reach the original, so these bytes do, too. */
static ssize_t send_with_control(const struct call *call, unsigned stream) {
    const struct lt_msghdr *message = call->message;
    const ssize_t sent = call->next->sendmsg(call->fd, message, call->flags);
    if (sent <= 0) return sent;
    const size_t handed = lt_emit(stream, message->parts, part_count(message), (struct lt_span){.end = (size_t)sent});
    if (handed < (size_t)sent) {
        lt_emit_lost(message->parts, part_count(message), handed, (size_t)sent - handed);
    }
    return sent;
}

ssize_t lt_sendmsg_by(const struct lt_libc_next *next, int fd, const struct lt_msghdr *message, int flags) {
    const unsigned stream = find(fd);
    if (LT_LIKELY(stream == LT_NONE) || !can_look_into(message)) return next->sendmsg(fd, message, flags);
    const struct call call = {.next = next, .fd = fd, .flags = flags, .message = message};
    if (has_control(message)) return send_with_control(&call, stream);
    return lt_tee(stream, LT_NO_OFFSET, message->parts, part_count(message), send_parts, &call);
}

ssize_t lt_hook_sendmsg(int fd, const struct lt_msghdr *message, int flags) {
    return lt_sendmsg_by(&lt_libc_next, fd, message, flags);
}

static bool is_whole(const struct lt_msghdr *message, size_t sent) {
    size_t length = 0;
    for (int i = 0; i < part_count(message); i++)
        length += message->parts[i].iov_len;
    return sent >= length;
}

/* As the kernel does it: one after the other, until one goes out in part or fails, which is the answer only of the
 * first. */
int lt_sendmmsg_by(const struct lt_libc_next *next, int fd, struct lt_mmsghdr *messages, unsigned count, int flags) {
    if (LT_LIKELY(find(fd) == LT_NONE)) return next->sendmmsg(fd, messages, count, flags);
    if (count > IOV_MAX) count = IOV_MAX;
    const int error = lt_errno();
    for (unsigned i = 0; i < count; i++) {
        if (!lt_is_readable(&messages[i], sizeof messages[i])) {
            return i == 0 ? next->sendmmsg(fd, messages, 1, flags) : (int)i;
        }
        const ssize_t sent = lt_sendmsg_by(next, fd, &messages[i].message, flags);
        if (sent < 0) {
            if (i == 0) return -1;
            lt_set_errno(error);
            return (int)i;
        }
        if (!lt_is_writable(&messages[i].sent)) {
            lt_set_errno(i == 0 ? EFAULT : error);
            return i == 0 ? -1 : (int)i;
        }
        messages[i].sent = (unsigned)sent;
        if (!is_whole(&messages[i].message, (size_t)sent)) return (int)i + 1;
    }
    return (int)count;
}

int lt_hook_sendmmsg(int fd, struct lt_mmsghdr *messages, unsigned count, int flags) {
    return lt_sendmmsg_by(&lt_libc_next, fd, messages, count, flags);
}
