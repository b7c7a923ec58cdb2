/* Frames of signal handlers that wait for the holder of the guard. */
#include "pending.h"
#include "handover.h"
#include "process.h"
#include "text.h"

/* Begins at zero, in a fork child too (process.h). */
static struct {
    uint32_t used;
    uint8_t bytes[LT_PENDING_BYTES];
} *pending;

bool lt_pending_set_up(void) {
    pending = lt_process_memory(sizeof *pending);
    return pending != NULL;
}

bool lt_pending_is_empty(void) {
    return __atomic_load_n(&pending->used, __ATOMIC_RELAXED) == 0;
}

bool lt_pending_holds(const void *bytes) {
    const uintptr_t at = (uintptr_t)bytes;
    const uintptr_t start = (uintptr_t)pending->bytes;
    return at >= start && at < start + sizeof pending->bytes;
}

ssize_t lt_pending_add(const struct iovec *parts, int count, uint64_t room) {
    size_t length = 0;
    for (int i = 0; i < count; i++)
        length += parts[i].iov_len;
    const uint64_t least_room = room < sizeof pending->bytes ? room : sizeof pending->bytes;
    if (__atomic_load_n(&pending->used, __ATOMIC_RELAXED) + length > least_room) return -EAGAIN;
    /* A handler that interrupts this one takes its place behind. */
    const uint32_t end = __atomic_fetch_add(&pending->used, (uint32_t)length, __ATOMIC_RELAXED);
    if (end + length > least_room) {
        (void)__atomic_fetch_sub(&pending->used, (uint32_t)length, __ATOMIC_RELAXED);
        return -EAGAIN;
    }
    uint8_t *to = pending->bytes + end;
    for (int i = 0; i < count; i++) {
        lt_copy(to, parts[i].iov_base, parts[i].iov_len);
        to += parts[i].iov_len;
    }
    return (ssize_t)length;
}

/* The header at `at`; false where no whole frame follows. */
static bool read_header(const uint8_t *frames, size_t length, size_t at, struct lt_frame_header *header) {
    if (length - at < sizeof *header) return false;
    lt_copy(header, frames + at, sizeof *header);
    return header->length <= length - at - sizeof *header;
}

static void number(uint8_t *frames, size_t length) {
    struct lt_frame_header header;
    for (size_t at = 0; read_header(frames, length, at, &header); at += sizeof header + header.length) {
        lt_frame_number(&header, lt_handover_next_seq());
        lt_copy(frames + at, &header, sizeof header);
    }
}

static void lose(const uint8_t *frames, size_t length) {
    struct lt_frame_header header;
    for (size_t at = 0; read_header(frames, length, at, &header); at += sizeof header + header.length)
        lt_handover_lose(lt_count(frames + at + sizeof header, header.length, '\n'), header.length);
}

void lt_pending_send(bool (*send)(const struct iovec *frames)) {
    uint32_t sent = 0;
    for (;;) {
        uint32_t used = __atomic_load_n(&pending->used, __ATOMIC_RELAXED);
        if (sent == used &&
            __atomic_compare_exchange_n(&pending->used, &used, 0, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            return;
        }
        if (sent == used) continue;
        const struct iovec frames = {.iov_base = pending->bytes + sent, .iov_len = used - sent};
        number(frames.iov_base, frames.iov_len);
        if (!send(&frames)) lose(frames.iov_base, frames.iov_len);
        sent = used;
    }
}
