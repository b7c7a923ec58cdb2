/* stdio of musl: each FILE has its own write function; it is replaced in every FILE that is opened.
 *
 * The layout of FILE below is that of musl 1.2.2 to 1.2.5 on 64-bit machines; it is checked against the standard
 * streams before anything is touched. */
#include "config.h"
#include "elf_lookup.h"
#include "file_position.h"
#include "stdio_tap.h"
#include "tap.h"
#include "tee.h"

struct musl_file {
    unsigned flags;
    unsigned char *read_at, *read_end;
    int (*close)(FILE *);
    unsigned char *write_end, *write_at;
    unsigned char *must_be_zero;
    unsigned char *write_base;
    size_t (*read)(FILE *, unsigned char *, size_t);
    size_t (*write)(FILE *, const unsigned char *, size_t);
    off_t (*seek)(FILE *, off_t, int);
    unsigned char *buffer;
    size_t buffer_size;
    FILE *previous, *next;
    int fd;
};
_Static_assert(offsetof(struct musl_file, write) == 72, "FILE.write of musl");
_Static_assert(offsetof(struct musl_file, fd) == 120, "FILE.fd of musl");

enum { FLAG_ERROR = 32 };

typedef size_t (*file_write)(FILE *, const unsigned char *, size_t);
typedef off_t (*file_seek)(FILE *, off_t, int);

static file_write plain_write;        /* __stdio_write */
static file_seek plain_seek;          /* __stdio_seek */
static file_write first_stdout_write; /* __stdout_write: looks for a terminal, then becomes __stdio_write */

static size_t write_hook(FILE *file, const unsigned char *from, size_t length);

static struct musl_file *layout(FILE *file) {
    return (struct musl_file *)file;
}

/* Lets musl decide whether stdout is line buffered, which its own first write does: a write of nothing. */
static void settle_stdout(struct musl_file *file) {
    unsigned char *const write_at = file->write_at;
    unsigned char *const write_base = file->write_base;
    file->write_at = write_base;
    file_write const first = first_stdout_write;
    first_stdout_write = NULL;
    (void)first((FILE *)file, file->buffer, 0);
    file->write = write_hook;
    file->write_at = write_at;
    file->write_base = write_base;
}

/* As __stdio_write writes: directly, which makes no cancellation point of it. */
static ssize_t write_original(const void *context, const struct iovec *parts, int count, size_t skip) {
    (void)skip;
    const ssize_t written = lt_kernel(__NR_writev, ((const struct musl_file *)context)->fd, parts, count);
    if (written >= 0) return written;
    lt_set_errno((int)-written);
    return -1;
}

/* As __stdio_write does: writes the buffer, then the caller's bytes. Answers how many of the caller's were written. */
static size_t write_tapped(struct musl_file *file, unsigned stream, const unsigned char *from, size_t length) {
    const size_t buffered = (size_t)(file->write_at - file->write_base);
    struct iovec parts[] = {
        {.iov_base = file->write_base, .iov_len = buffered},
        {.iov_base = (void *)from, .iov_len = length},
    };
    size_t done = 0;
    while (done < buffered + length) {
        const int first = done < buffered ? 0 : 1;
        parts[first].iov_base = first == 0 ? file->write_base + done : (unsigned char *)from + (done - buffered);
        parts[first].iov_len = first == 0 ? buffered - done : length - (done - buffered);
        const ssize_t written = lt_tee(stream, LT_NO_OFFSET, parts + first, 2 - first, write_original, file);
        if (written < 0) {
            file->write_at = file->write_base = file->write_end = NULL;
            file->flags |= FLAG_ERROR;
            return first == 0 ? 0 : done - buffered;
        }
        done += (size_t)written;
    }
    file->write_end = file->buffer + file->buffer_size;
    file->write_at = file->write_base = file->buffer;
    return length;
}

static size_t write_hook(FILE *opaque, const unsigned char *from, size_t length) {
    struct musl_file *file = layout(opaque);
    if (first_stdout_write != NULL && opaque == *lt_libc.stdout) settle_stdout(file);
    const unsigned stream = lt_tap_find(file->fd);
    if (LT_LIKELY(stream == LT_NONE)) return plain_write(opaque, from, length);
    return write_tapped(file, stream, from, length);
}

/* ftell and fseek come here. */
static off_t seek_hook(FILE *file, off_t offset, int from) {
    return lt_file_position_seek(&lt_libc_next, layout(file)->fd, offset, from);
}

bool lt_stdio_musl_tap(void) {
    if (lt_libc.stdout == NULL || lt_libc.stderr == NULL) return false;
    struct musl_file *out = layout(*lt_libc.stdout);
    struct musl_file *err = layout(*lt_libc.stderr);
    /* Nothing says "musl" in memory, so the layout itself is the proof. */
    if (out->fd != 1 || err->fd != 2 || !lt_lookup_is_code(lt_libc.stderr, (void *)err->write) ||
        !lt_lookup_is_code(lt_libc.stderr, (void *)out->write)) {
        lt_debug("stdio is not tapped: an unknown libc", NULL);
        return false;
    }
    plain_write = err->write;
    plain_seek = err->seek;
    if (out->write != plain_write) first_stdout_write = out->write;
    out->write = write_hook;
    err->write = write_hook;
    return true;
}

void lt_stdio_musl_opened(FILE *file) {
    if (plain_write == NULL) return;
    if (file == *lt_libc.stdout) first_stdout_write = NULL;
    if (layout(file)->write == plain_write) layout(file)->write = write_hook;
    if (layout(file)->seek == plain_seek) layout(file)->seek = seek_hook;
}

int lt_stdio_musl_closing(FILE *file) {
    if (plain_write == NULL) return 0;
    /* fclose flushes and then closes; the flush still belongs to the tapped descriptor, and a second one forgets that
     * the first failed. */
    const int flushed = lt_libc.fflush(file);
    lt_tap_forget(layout(file)->fd);
    return flushed;
}
