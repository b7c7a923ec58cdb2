/* A write to a tapped descriptor.
 *
 * With suppression a line is as a whole either handed over or in the original, where its beginning went: a line
 * that is written in pieces, or that a buffer cuts, is not torn between the two. */
#include "tee.h"
#include "contract.h"
#include "emit.h"
#include "libc_next.h"
#include "process.h"
#include "readable.h"
#include "tap.h"
#include "tap_file.h"

/* Parts of a remainder that are written at once; with more, the application sees a short write and goes on. */
enum { REST_PARTS_MAX = 32 };

/* Where the beginning of a stream's unfinished line is. */
enum lt_line { NOT_BEGUN, HANDED_OVER, IN_ORIGINAL };

/* By stream. Begins at zero, in a fork child too (process.h). */
static uint8_t *lines;

bool lt_tee_set_up(void) {
    lines = lt_process_memory(LT_FIRST_FILE_STREAM + LT_TAP_FILES_MAX);
    return lines != NULL;
}

/* A write with suppression. */
struct write {
    unsigned stream;
    const struct iovec *parts;
    int count;
    size_t length;
    lt_original original;
    const void *context;
};

static ssize_t write_then_copy(unsigned stream, const struct iovec *parts, int count, lt_original original,
                               const void *context) {
    const ssize_t written = original(context, parts, count, 0);
    if (written <= 0) return written;
    const size_t handed = lt_emit(stream, parts, count, (struct lt_span){.end = (size_t)written});
    if (handed < (size_t)written) lt_emit_lost(parts, count, handed, (size_t)written - handed);
    return written;
}

static enum lt_line line_of(unsigned stream) {
    return __atomic_load_n(&lines[stream], __ATOMIC_RELAXED);
}

/* The bytes up to `end` were taken, so they can be read. */
static void note_line(const struct write *w, size_t end, enum lt_line side) {
    struct iovec last;
    if (lt_emit_slice(w->parts, w->count, end - 1, 1, &last, 1) != 1) return;
    /* /dev/null takes bytes that cannot be read. */
    if (lt_tap_container()->has_shared_device && !lt_can_read(last.iov_base, 1)) return;
    const bool is_whole = *(const char *)last.iov_base == '\n';
    __atomic_store_n(&lines[w->stream], is_whole ? NOT_BEGUN : side, __ATOMIC_RELAXED);
}

/* The bytes up to and with the first line end; all where there is none, or where they cannot be read. */
static size_t first_line(const struct write *w) {
    size_t before = 0;
    for (int i = 0; i < w->count; i++) {
        const char *bytes = w->parts[i].iov_base;
        if (!lt_can_read(bytes, w->parts[i].iov_len)) return w->length;
        for (size_t at = 0; at < w->parts[i].iov_len; at++) {
            if (bytes[at] == '\n') return before + at + 1;
        }
        before += w->parts[i].iov_len;
    }
    return w->length;
}

static ssize_t write_original(const struct write *w, size_t start, size_t end) {
    struct iovec rest[REST_PARTS_MAX];
    const int count = lt_emit_slice(w->parts, w->count, start, end - start, rest, REST_PARTS_MAX);
    const ssize_t written = w->original(w->context, rest, count, start);
    if (written <= 0) return written;
    lt_emit_lost(rest, count, 0, (size_t)written);
    note_line(w, start + (size_t)written, IN_ORIGINAL);
    return written;
}

/* Answers how many bytes behind `start` were handed over. */
static size_t hand_over(const struct write *w, size_t start) {
    struct lt_span span = {.start = start, .end = w->length};
    const bool is_begun = start == 0 && line_of(w->stream) == HANDED_OVER;
    const size_t line = is_begun ? first_line(w) : 0;
    span.ends_line = is_begun && line == w->length;
    size_t handed = lt_emit(w->stream, w->parts, w->count, span);
    if (handed == 0 && is_begun && !span.ends_line) {
        handed = lt_emit(w->stream, w->parts, w->count, (struct lt_span){.end = line, .ends_line = true});
    }
    if (handed > 0) note_line(w, start + handed, HANDED_OVER);
    return handed;
}

static ssize_t hand_over_then_write_rest(const struct write *w) {
    size_t done = 0;
    if (line_of(w->stream) == IN_ORIGINAL) {
        const size_t line = first_line(w);
        const ssize_t written = write_original(w, 0, line);
        if (written < (ssize_t)line || line == w->length) return written;
        done = line;
    }
    done += hand_over(w, done);
    if (done == w->length) return (ssize_t)done;
    const int error = lt_errno();
    const ssize_t written = write_original(w, done, w->length);
    if (done == 0) return written;
    /* A short write: the application comes again with the rest and then sees the error. */
    if (written < 0) lt_set_errno(error);
    return (ssize_t)done + (written > 0 ? written : 0);
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
    /* The kernel refuses an offset below 0, and an end that no file can have. */
    if (offset != LT_NO_OFFSET && (uint64_t)offset > (uint64_t)INT64_MAX - length) {
        return original(context, parts, count, 0);
    }
    const struct write w = {stream, parts, count, length, original, context};
    const ssize_t written = hand_over_then_write_rest(&w);
    if (stream >= LT_FIRST_FILE_STREAM && written > 0) lt_virtual_file_written(stream, (size_t)written, offset);
    return written;
}
