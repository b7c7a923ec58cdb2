/* Hooks of the functions that queue writes: libc's threads do them later, inside libc.
 *
 * A write to a tapped descriptor is done at once, in the call, and then is as one that libc has done already: its
 * result is in the control block, where aio_error, aio_return, aio_suspend and aio_cancel look, and the signal is
 * sent or the thread started that the program asked for. So the bytes are those that the program had at the call, in
 * the order of its calls; nothing is captured that then fails, or twice.
 *
 * The layout of the control block is that of glibc and of musl on 64-bit machines, the same in both:
 *
 *     0 descriptor   4 operation   8 priority   16 buffer   24 length   32 who is told (64 bytes, way at 44)
 *     96 libc's own   112 error   120 result   128 offset */
#include "hooks.h"
#include "libc_next.h"
#include "tap.h"
#include "tee.h"

enum { READ, WRITE };          /* operations */
enum { WAIT, RETURN_AT_ONCE }; /* modes of lio_listio */
enum { SIGEV_SIGNAL = 0, SIGEV_THREAD = 2, SI_ASYNCIO = -4 };
enum { PRIORITY_MAX = 20, LIST_STACK = 64 };

struct lt_sigevent {
    uint64_t value;
    int signal;
    int way;
    uint64_t rest[6];
};

struct lt_aiocb {
    int fd;
    int operation;
    int priority;
    void *buffer;
    size_t length;
    struct lt_sigevent told;
    uint64_t of_libc[2];
    int error;
    ssize_t result;
    off_t offset;
};
_Static_assert(offsetof(struct lt_aiocb, told) == 32, "aio_sigevent");
_Static_assert(offsetof(struct lt_aiocb, error) == 112, "__error_code of glibc, __err of musl");
_Static_assert(offsetof(struct lt_aiocb, result) == 120, "__return_value of glibc, __ret of musl");
_Static_assert(offsetof(struct lt_aiocb, offset) == 128, "aio_offset");

struct place {
    int fd;
    off_t offset; /* LT_NO_OFFSET: where the descriptor is */
};

static ssize_t write_now(const void *context, const struct iovec *parts, int count, size_t skip) {
    const struct place *place = context;
    const ssize_t written = place->offset == LT_NO_OFFSET
                                ? lt_kernel(__NR_writev, place->fd, parts, count)
                                : lt_kernel(__NR_pwritev, place->fd, parts, count, place->offset + (off_t)skip, 0);
    if (written >= 0) return written;
    lt_set_errno((int)-written);
    return -1;
}

/* Answers as write(2), but that a short write is followed by another one: who queues a write does not expect one. */
static ssize_t write_all(const struct lt_aiocb *request) {
    const unsigned stream = lt_tap_find(request->fd);
    /* As libc's threads do it where there are no places. */
    const bool has_places = lt_sys_position(request->fd) != -ESPIPE;
    size_t done = 0;
    while (done < request->length) {
        const struct place place = {request->fd, has_places ? request->offset + (off_t)done : LT_NO_OFFSET};
        const struct iovec part = {.iov_base = (char *)request->buffer + done, .iov_len = request->length - done};
        const ssize_t written = lt_tee(stream, place.offset, &part, 1, write_now, &place);
        if (written > 0) done += (size_t)written;
        if (written == 0 || (written < 0 && lt_errno() != EINTR)) return done > 0 ? (ssize_t)done : written;
    }
    return (ssize_t)done;
}

static bool is_tapped(const struct lt_aiocb *request) {
    /* libc refuses some requests, the kernel a negative offset: both stay as they are. */
    return request->priority >= 0 && request->priority <= PRIORITY_MAX && request->length > 0 && request->offset >= 0 &&
           lt_tap_find(request->fd) != LT_NONE && lt_libc.lio_listio != NULL;
}

/* Answers whether it went well. */
static bool finish(struct lt_aiocb *request) {
    const int error = lt_errno();
    const ssize_t result = write_all(request);
    request->operation = WRITE;
    request->result = result;
    __atomic_store_n(&request->error, result < 0 ? lt_errno() : 0, __ATOMIC_RELEASE);
    lt_set_errno(error);
    return result >= 0;
}

/* As the kernel's siginfo_t of a signal that a process sends itself. */
struct queued_signal {
    int number;
    int error;
    int code;
    int unused;
    pid_t pid;
    unsigned uid;
    uint64_t value;
    uint64_t rest[12];
};
_Static_assert(sizeof(struct queued_signal) == 128, "siginfo_t");

/* libc starts the thread of SIGEV_THREAD, as for a list of nothing. musl reads the event in that thread, so it has to
 * stay where the application keeps it. */
static void tell(struct lt_aiocb *request) {
    if (request->told.way == SIGEV_THREAD) (void)lt_libc.lio_listio(RETURN_AT_ONCE, NULL, 0, &request->told);
    if (request->told.way != SIGEV_SIGNAL) return;
    const struct queued_signal signal = {
        .number = request->told.signal,
        .code = SI_ASYNCIO,
        .pid = (pid_t)lt_kernel(__NR_getpid),
        .uid = (unsigned)lt_kernel(__NR_getuid),
        .value = request->told.value,
    };
    (void)lt_kernel(__NR_rt_sigqueueinfo, signal.pid, signal.number, &signal);
}

int lt_hook_aio_write(struct lt_aiocb *request) {
    if (lt_libc_next.aio_write == NULL) {
        lt_set_errno(ENOSYS);
        return -1;
    }
    if (!is_tapped(request)) return lt_libc_next.aio_write(request);
    (void)finish(request);
    tell(request);
    return 0;
}

struct list {
    lt_lio_listio *next;
    int mode;
    struct lt_aiocb *const *requests;
    int count;
    struct lt_sigevent *told;
};

static bool is_ours(const struct lt_aiocb *request) {
    return request != NULL && request->operation == WRITE && is_tapped(request);
}

/* Does the tapped writes and leaves the others to libc: `others` has room for all. */
static int split(const struct list *list, struct lt_aiocb **others) {
    bool has_failed = false;
    for (int i = 0; i < list->count; i++) {
        struct lt_aiocb *const request = list->requests[i];
        others[i] = is_ours(request) ? NULL : request;
        if (others[i] != NULL || request == NULL) continue;
        has_failed = !finish(request) || has_failed;
        tell(request);
    }
    const int result = list->next(list->mode, others, list->count, list->told);
    if (result != 0 || list->mode != WAIT || !has_failed) return result;
    lt_set_errno(EIO);
    return -1;
}

__attribute__((noinline)) static int split_on_stack(const struct list *list) {
    struct lt_aiocb *others[LIST_STACK];
    return split(list, others);
}

static int run(const struct list *list) {
    if (list->next == NULL) {
        lt_set_errno(ENOSYS);
        return -1;
    }
    int ours = 0;
    const bool is_right = list->mode == WAIT || list->mode == RETURN_AT_ONCE;
    for (int i = 0; is_right && i < list->count; i++)
        ours += is_ours(list->requests[i]);
    if (ours == 0) return list->next(list->mode, (struct lt_aiocb **)list->requests, list->count, list->told);
    if (list->count <= LIST_STACK) return split_on_stack(list);
    const size_t size = (size_t)list->count * sizeof(struct lt_aiocb *);
    struct lt_aiocb **const others = lt_sys_map(size);
    if (others == NULL) {
        lt_set_errno(EAGAIN);
        return -1;
    }
    const int result = split(list, others);
    lt_sys_unmap(others, size);
    return result;
}

int lt_hook_lio_listio(int mode, struct lt_aiocb *const *requests, int count, struct lt_sigevent *told) {
    const struct list list = {lt_libc_next.lio_listio, mode, requests, count, told};
    return run(&list);
}

int lt_hook_old_lio_listio(int mode, struct lt_aiocb *const *requests, int count, struct lt_sigevent *told) {
    const struct list list = {lt_libc_next.old_lio_listio, mode, requests, count, told};
    return run(&list);
}
