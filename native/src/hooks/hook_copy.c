/* Hooks of the functions that let the kernel copy from descriptor to descriptor, so that the bytes pass no other hook.
 *
 * Onto a tapped descriptor they are looked at first, without being taken: from a file by pread, from a pipe by tee(2)
 * into a pipe of our own, from a socket by MSG_PEEK. Then the application's own call copies as many, so that errors,
 * partial results and offsets are the kernel's. Only bytes that were handed over in suppress mode are stepped over
 * instead. */
#include "emit.h"
#include "hooks.h"
#include "libc_next.h"
#include "readable.h"
#include "tap.h"
#include "tee.h"

enum {
    SMALL_BYTES = 4096,
    LARGE_BYTES = 256 * 1024,
    IOV_MAX = 1024,
    SPLICE_NONBLOCK = 2,
    SPLICE_FLAGS = 15, /* all there are */
};

enum way { SENDFILE, SPLICE, TEE, COPY_FILE_RANGE };

struct copy {
    const struct lt_libc_next *next;
    enum way way;
    int in;
    off_t *in_offset; /* NULL: where the descriptor is */
    int out;
    off_t *out_offset;
    unsigned flags;
    bool from_pipe;
    bool from_socket; /* of a stream, by splice */
    /* Not for splice, or not of a stream: only the kernel can tell how much it takes, and some kernels take nothing. */
    bool from_other_socket;
    size_t taken; /* of the present chunk from the source */
};

static ssize_t call_next(const struct copy *copy, size_t length) {
    switch (copy->way) {
    case SENDFILE:
        return copy->next->sendfile(copy->out, copy->in, copy->in_offset, length);
    case SPLICE:
        return copy->next->splice(copy->in, copy->in_offset, copy->out, copy->out_offset, length, copy->flags);
    case TEE:
        return copy->next->tee(copy->in, copy->out, length, copy->flags);
    default:
        return copy->next->copy_file_range(copy->in, copy->in_offset, copy->out, copy->out_offset, length, copy->flags);
    }
}

/* Takes from the source the bytes that were handed over instead of copied. */
static void step_over(struct copy *copy, size_t length) {
    char taken[SMALL_BYTES];
    if (copy->way == TEE) return;
    if (copy->out_offset != NULL) *copy->out_offset += (off_t)length;
    if (copy->in_offset != NULL) {
        *copy->in_offset += (off_t)length;
    } else if (!copy->from_pipe && !copy->from_socket) {
        (void)lt_syscall(__NR_lseek, copy->in, length, LT_SEEK_CUR);
    } else {
        while (length > 0) {
            const ssize_t got = lt_sys_read(copy->in, taken, length < sizeof taken ? length : sizeof taken);
            if (got <= 0 && got != -EINTR) return;
            if (got > 0) length -= (size_t)got;
        }
    }
}

static ssize_t copy_rest(const void *context, const struct iovec *parts, int count, size_t skip) {
    (void)count; /* one part comes in, so one goes out */
    struct copy *copy = *(struct copy *const *)context;
    if (skip > copy->taken) step_over(copy, skip - copy->taken);
    copy->taken = skip;
    /* tee(2) starts with the first byte of the pipe, wherever the rest begins. */
    if (copy->way == TEE && skip > 0) return copy->next->write(copy->out, parts->iov_base, parts->iov_len);
    const ssize_t copied = call_next(copy, parts->iov_len);
    if (copied > 0) copy->taken += (size_t)copied;
    return copied;
}

struct chunk {
    char *buffer;
    size_t length;
    bool may_wait;
};

static ssize_t look_into_file(const struct copy *copy, char *buffer, size_t length) {
    const off_t at = copy->in_offset != NULL ? *copy->in_offset : lt_sys_position(copy->in);
    return at < 0 ? at : lt_syscall(__NR_pread64, copy->in, buffer, length, at);
}

/* Answers as tee(2), but negative error numbers. A pipe of our own that cannot be had is -ENOMEM. */
static ssize_t look_into_pipe(const struct copy *copy, char *buffer, size_t length, bool may_wait) {
    int ends[2] = {-1, -1};
    if (lt_syscall(__NR_pipe2, ends, O_CLOEXEC) < 0) return -ENOMEM;
    const unsigned flags = copy->flags | (may_wait ? 0 : SPLICE_NONBLOCK);
    const ssize_t got = copy->next->tee(copy->in, ends[1], length, flags);
    ssize_t result = got < 0 ? -lt_errno() : got;
    for (ssize_t done = 0; done < got;) {
        const ssize_t more = lt_sys_read(ends[0], buffer + done, (size_t)(got - done));
        if (more > 0) done += more;
    }
    (void)lt_sys_close(ends[0]);
    (void)lt_sys_close(ends[1]);
    return result;
}

/* Waits as the application's call would, unless the kernel may refuse that call at once. */
static ssize_t look_into_socket(const struct copy *copy, char *buffer, size_t length) {
    enum { PEEK = 2 };
    const bool may_wait = !copy->from_other_socket && (copy->flags & SPLICE_NONBLOCK) == 0;
    const int flags = PEEK | LT_MSG_NOSIGNAL | (may_wait ? 0 : LT_MSG_DONTWAIT);
    const ssize_t got = lt_syscall(__NR_recvfrom, copy->in, buffer, length, flags, 0, 0);
    if (!copy->from_other_socket && (got == -EAGAIN || got == -EINTR)) lt_set_errno((int)-got);
    return got;
}

static ssize_t look(const struct copy *copy, const struct chunk *chunk) {
    if (copy->from_pipe) return look_into_pipe(copy, chunk->buffer, chunk->length, chunk->may_wait);
    return copy->from_socket || copy->from_other_socket ? look_into_socket(copy, chunk->buffer, chunk->length)
                                                        : look_into_file(copy, chunk->buffer, chunk->length);
}

/* Bytes whose lines no one knows. */
static void lose_unseen(ssize_t length) {
    static const char unseen[SMALL_BYTES];
    for (ssize_t left = length; left > 0; left -= SMALL_BYTES) {
        const size_t bytes = left < SMALL_BYTES ? (size_t)left : SMALL_BYTES;
        const struct iovec part = {.iov_base = (void *)unseen, .iov_len = bytes};
        lt_emit_lost(&part, 1, 0, bytes);
    }
}

/* The kernel copies; the library could not read the bytes. */
static ssize_t copy_unseen(const struct copy *copy, size_t length) {
    const ssize_t copied = call_next(copy, length);
    lose_unseen(copied);
    return copied;
}

static ssize_t copy_whole(const void *context, const struct iovec *parts, int count, size_t skip) {
    (void)count, (void)skip; /* all in one */
    struct copy *copy = *(struct copy *const *)context;
    const ssize_t copied = call_next(copy, copy->taken);
    copy->taken = copied > 0 ? (size_t)copied : 0;
    return copied > (ssize_t)parts->iov_len ? (ssize_t)parts->iov_len : copied;
}

/* The kernel copies what it will. What was there before is captured, or counted with its lines; the rest is unseen. */
static ssize_t copy_from_other_socket(struct copy *copy, unsigned stream, const struct chunk *chunk, size_t length) {
    const ssize_t got = look(copy, chunk);
    if (got <= 0) return copy_unseen(copy, length);
    const struct iovec part = {.iov_base = chunk->buffer, .iov_len = (size_t)got};
    copy->taken = length;
    const bool is_suppressed = lt_tap_is_suppressed(stream);
    const ssize_t seen =
        is_suppressed ? copy_whole(&copy, &part, 1, 0) : lt_tee(stream, LT_NO_OFFSET, &part, 1, copy_whole, &copy);
    if (seen <= 0) return seen;
    if (is_suppressed) lt_emit_lost(&part, 1, 0, (size_t)seen);
    lose_unseen((ssize_t)copy->taken - seen);
    return (ssize_t)copy->taken;
}

/* Copies that the kernel is known to refuse. In suppress mode it would not be asked. */
static bool is_refused(const struct copy *copy, const struct stat *in, const struct stat *out, bool appends) {
    const bool to_pipe = S_ISFIFO(out->st_mode);
    const bool is_pipe_to_itself = to_pipe && in->st_ino == out->st_ino && in->st_dev == out->st_dev;
    const bool has_wrong_flags = (copy->flags & ~(unsigned)SPLICE_FLAGS) != 0;
    switch (copy->way) {
    case SENDFILE:
        return copy->from_pipe || (appends && !to_pipe);
    case SPLICE:
        if (has_wrong_flags || is_pipe_to_itself || !(to_pipe || copy->from_pipe)) return true;
        if (copy->in_offset != NULL && copy->from_pipe) return true;
        return (copy->out_offset != NULL && !S_ISREG(out->st_mode)) || (appends && !to_pipe);
    case TEE:
        return has_wrong_flags || is_pipe_to_itself || !to_pipe || !copy->from_pipe;
    default:
        return copy->flags != 0 || appends || !S_ISREG(in->st_mode) || !S_ISREG(out->st_mode);
    }
}

static bool has_bad_offset(const struct copy *copy) {
    const off_t *const offsets[] = {copy->in_offset, copy->out_offset};
    for (int i = 0; i < 2; i++) {
        if (offsets[i] == NULL) continue;
        if (!lt_is_writable(offsets[i]) || *offsets[i] < 0) return true;
    }
    return false;
}

/* Answers as the application's call. `is_first`: nothing was copied before, so the kernel's answer is the answer. */
static ssize_t copy_chunk(struct copy *copy, unsigned stream, const struct chunk *chunk, bool is_first) {
    const bool from_stream = copy->from_pipe || copy->from_socket;
    const ssize_t got = look(copy, chunk);
    if (from_stream && (got == -EAGAIN || got == -EINTR)) return -1; /* errno is that of the look */
    if (got <= 0) return is_first ? copy_unseen(copy, chunk->length) : 0;
    const struct iovec part = {.iov_base = chunk->buffer, .iov_len = (size_t)got};
    copy->taken = 0;
    const off_t offset = copy->out_offset == NULL ? LT_NO_OFFSET : *copy->out_offset;
    const ssize_t copied = lt_tee(stream, offset, &part, 1, copy_rest, &copy);
    if (copied > (ssize_t)copy->taken) step_over(copy, (size_t)copied - copy->taken);
    return copied;
}

static ssize_t copy_chunks(struct copy *copy, unsigned stream, struct chunk *chunk, size_t length) {
    const size_t whole = chunk->length;
    const int error = lt_errno();
    size_t done = 0;
    while (done < length) {
        chunk->length = length - done < whole ? length - done : whole;
        const ssize_t copied = copy_chunk(copy, stream, chunk, done == 0);
        if (copied <= 0) {
            if (done == 0) return copied;
            lt_set_errno(error);
            break;
        }
        done += (size_t)copied;
        /* A pipe or a socket may have no more for now. */
        if (copy->from_pipe || copy->from_socket || (size_t)copied < chunk->length) break;
    }
    return (ssize_t)done;
}

/* Of a datagram, only the whole can be taken. */
static bool is_stream_socket(int fd, const struct stat *file) {
    enum { KIND_OPTION = 3 /* SO_TYPE */ };
    int kind = 0;
    uint32_t size = sizeof kind;
    return S_ISSOCK(file->st_mode) && lt_syscall(__NR_getsockopt, fd, LT_SOL_SOCKET, KIND_OPTION, &kind, &size) == 0 &&
           kind == LT_SOCK_STREAM;
}

static ssize_t run(struct copy *copy, size_t length) {
    const unsigned stream = length > 0 ? lt_tap_find(copy->out) : LT_NONE;
    if (LT_LIKELY(stream == LT_NONE)) return call_next(copy, length);
    struct stat in = {0};
    struct stat out = {0};
    const int out_flags = lt_sys_fcntl(copy->out, F_GETFL, 0);
    if (lt_sys_fstat(copy->in, &in) != 0 || lt_sys_fstat(copy->out, &out) != 0 || out_flags < 0) {
        return copy_unseen(copy, length);
    }
    copy->from_pipe = S_ISFIFO(in.st_mode);
    copy->from_socket = copy->way == SPLICE && copy->in_offset == NULL && is_stream_socket(copy->in, &in);
    copy->from_other_socket = S_ISSOCK(in.st_mode) && copy->in_offset == NULL && !copy->from_socket;
    if (has_bad_offset(copy) || is_refused(copy, &in, &out, (out_flags & O_APPEND) != 0)) {
        return copy_unseen(copy, length);
    }
    char small[SMALL_BYTES];
    const size_t map_bytes = length < LARGE_BYTES ? length : LARGE_BYTES;
    char *map = length > sizeof small ? lt_sys_map(map_bytes) : NULL;
    struct chunk chunk = {
        .buffer = map == NULL ? small : map,
        .length = map == NULL ? sizeof small : map_bytes,
        .may_wait = !S_ISFIFO(out.st_mode) || (out_flags & O_NONBLOCK) == 0,
    };
    const ssize_t result = copy->from_other_socket ? copy_from_other_socket(copy, stream, &chunk, length)
                                                   : copy_chunks(copy, stream, &chunk, length);
    if (map != NULL) lt_sys_unmap(map, map_bytes);
    return result;
}

ssize_t lt_sendfile_by(const struct lt_libc_next *next, int out, int in, off_t *offset, size_t length) {
    struct copy copy = {.next = next, .way = SENDFILE, .in = in, .in_offset = offset, .out = out};
    return run(&copy, length);
}

ssize_t lt_hook_sendfile(int out, int in, off_t *offset, size_t length) {
    return lt_sendfile_by(&lt_libc_next, out, in, offset, length);
}

ssize_t lt_splice_by(const struct lt_libc_next *next, int in, off_t *in_offset, int out, off_t *out_offset,
                     size_t length, unsigned flags) {
    struct copy copy = {.next = next,
                        .way = SPLICE,
                        .in = in,
                        .in_offset = in_offset,
                        .out = out,
                        .out_offset = out_offset,
                        .flags = flags};
    return run(&copy, length);
}

ssize_t lt_hook_splice(int in, off_t *in_offset, int out, off_t *out_offset, size_t length, unsigned flags) {
    return lt_splice_by(&lt_libc_next, in, in_offset, out, out_offset, length, flags);
}

ssize_t lt_tee_by(const struct lt_libc_next *next, int in, int out, size_t length, unsigned flags) {
    struct copy copy = {.next = next, .way = TEE, .in = in, .out = out, .flags = flags};
    return run(&copy, length);
}

ssize_t lt_hook_tee(int in, int out, size_t length, unsigned flags) {
    return lt_tee_by(&lt_libc_next, in, out, length, flags);
}

ssize_t lt_copy_file_range_by(const struct lt_libc_next *next, int in, off_t *in_offset, int out, off_t *out_offset,
                              size_t length, unsigned flags) {
    struct copy copy = {.next = next,
                        .way = COPY_FILE_RANGE,
                        .in = in,
                        .in_offset = in_offset,
                        .out = out,
                        .out_offset = out_offset,
                        .flags = flags};
    return run(&copy, length);
}

ssize_t lt_hook_copy_file_range(int in, off_t *in_offset, int out, off_t *out_offset, size_t length, unsigned flags) {
    return lt_copy_file_range_by(&lt_libc_next, in, in_offset, out, out_offset, length, flags);
}

struct gift {
    const struct lt_libc_next *next;
    int fd;
    unsigned flags;
};

static ssize_t give(const void *context, const struct iovec *parts, int count, size_t skip) {
    (void)skip;
    const struct gift *gift = context;
    return gift->next->vmsplice(gift->fd, parts, (size_t)count, gift->flags);
}

static bool is_pipe(int fd) {
    struct stat file = {0};
    return lt_sys_fstat(fd, &file) == 0 && S_ISFIFO(file.st_mode);
}

ssize_t lt_vmsplice_by(const struct lt_libc_next *next, int fd, const struct iovec *parts, size_t count,
                       unsigned flags) {
    const bool is_right = count > 0 && count <= IOV_MAX && (flags & ~(unsigned)SPLICE_FLAGS) == 0;
    const unsigned stream = is_right ? lt_tap_find(fd) : LT_NONE;
    if (LT_LIKELY(stream == LT_NONE) || !is_pipe(fd) || !lt_is_readable(parts, count * sizeof *parts)) {
        return next->vmsplice(fd, parts, count, flags);
    }
    const struct gift gift = {.next = next, .fd = fd, .flags = flags};
    return lt_tee(stream, LT_NO_OFFSET, parts, (int)count, give, &gift);
}

ssize_t lt_hook_vmsplice(int fd, const struct iovec *parts, size_t count, unsigned flags) {
    return lt_vmsplice_by(&lt_libc_next, fd, parts, count, flags);
}
