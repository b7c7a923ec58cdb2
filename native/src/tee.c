/* A write to a tapped descriptor. */
#include "tee.h"
#include "emit.h"
#include "frame.h"
#include "libc_next.h"
#include "tap.h"

/* Parts of a remainder that are written at once; with more, the application sees a short write and goes on. */
enum { REST_PARTS_MAX = 32 };

static ssize_t write_then_copy(unsigned stream, const struct iovec *parts, int count, lt_original original,
                               const void *context) {
    const ssize_t written = original(context, parts, count, 0);
    if (written <= 0) return written;
    const size_t handed = lt_emit(stream, parts, count, (size_t)written);
    if (handed < (size_t)written) lt_emit_lost(parts, count, handed, (size_t)written - handed);
    return written;
}

static ssize_t hand_over_then_write_rest(unsigned stream, const struct iovec *parts, int count, size_t length,
                                         lt_original original, const void *context) {
    const size_t handed = lt_emit(stream, parts, count, length);
    if (handed == length) return (ssize_t)length;
    struct iovec rest[REST_PARTS_MAX];
    const int rest_count = lt_emit_slice(parts, count, handed, length - handed, rest, REST_PARTS_MAX);
    const int error = lt_errno();
    const ssize_t written = original(context, rest, rest_count, handed);
    if (written > 0) lt_emit_lost(rest, rest_count, 0, (size_t)written);
    if (handed == 0) return written;
    /* A short write: the application comes again with the rest and then sees the error. */
    if (written < 0) lt_set_errno(error);
    return (ssize_t)handed + (written > 0 ? written : 0);
}

ssize_t lt_tee(unsigned stream, off_t offset, const struct iovec *parts, int count, lt_original original,
               const void *context) {
    if (!lt_tap_is_suppressed(stream)) return write_then_copy(stream, parts, count, original, context);
    size_t length = 0;
    for (int i = 0; i < count; i++) {
        /* The kernel refuses this; so let it. */
        if (parts[i].iov_len > (size_t)INT64_MAX - length) return original(context, parts, count, 0);
        length += parts[i].iov_len;
    }
    if (length == 0) return original(context, parts, count, 0);
    const ssize_t written = hand_over_then_write_rest(stream, parts, count, length, original, context);
    if (stream >= LT_FIRST_FILE_STREAM && written > 0) lt_virtual_file_written(stream, (size_t)written, offset);
    return written;
}
