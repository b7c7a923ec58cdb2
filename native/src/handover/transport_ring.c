/* A ring: memory shared with the shipper, one ring per process. docs/decisions/0004 describes how it is claimed, woken
 * and retired; src/contract.ts lays out its header.
 *
 * The process keeps the facts that safe writing depends on in its own memory (struct lt_ring). Of the shared words it
 * only reads numbers, so that no byte goes outside the ring, however another process changes them. */
#include "clock.h"
#include "handover.h"
#include "loss_page.h"
#include "pending.h"
#include "process.h"
#include "readable.h"
#include "ring_directory.h"
#include "text.h"
#include "transport.h"

enum { WAIT_MS = 1 };

/* Both begin at zero, in a fork child too (process.h). */
static struct lt_ring *ring;
/* The last total in the header of a ring. It outlasts each ring. */
static struct lt_loss *by_rings;

static bool set_up(void) {
    ring = lt_process_memory(sizeof *ring);
    by_rings = lt_process_memory(sizeof *by_rings);
    return ring != NULL && by_rings != NULL && lt_loss_page_set_up();
}

/* The application goes where the directory may be out of reach, or its child. */
static void look_ahead(void) {
    lt_loss_page_open(false);
}

static uint64_t *word(size_t at) {
    return (uint64_t *)(ring->map + at);
}

static uint32_t *half_word(size_t at) {
    return (uint32_t *)(ring->map + at);
}

static void ring_bell(void) {
    ring->rung_epoch = __atomic_load_n(word(LT_RING_SLEEP_EPOCH_AT), __ATOMIC_RELAXED);
    lt_ring_directory_bell(&lt_process->instance, 1);
}

/* A process that gets no ring has no header for it. At once, as the process may be killed. What a header has is told.
 * Not inlined: its frame would take stack in every write. */
__attribute__((noinline)) static void tell_loss(const struct lt_loss *loss, bool may_call) {
    if (lt_loss_page_tell(loss, by_rings, may_call)) return;
    const uint64_t words[] = {LT_BELL_LOSS, lt_process->instance, loss->lines, loss->bytes};
    lt_loss_page_note_told(loss->bytes);
    lt_ring_directory_bell(words, sizeof words / sizeof *words);
}

static void note_loss(const struct lt_loss *reported, bool may_call) {
    (void)reported; /* frames in a ring may not be read any more */
    const bool has_ring = ring->map != NULL;
    const uint64_t noted = has_ring ? ring->noted_loss : lt_loss_page_told();
    if (LT_LIKELY(__atomic_load_n(&lt_handover->loss.bytes, __ATOMIC_RELAXED) == noted)) return;
    const struct lt_loss loss = lt_handover_loss();
    if (!has_ring) {
        tell_loss(&loss, may_call);
        return;
    }
    ring->noted_loss = loss.bytes;
    *by_rings = loss;
    __atomic_store_n(word(LT_RING_LOST_LINES_AT), loss.lines, __ATOMIC_RELAXED);
    __atomic_store_n(word(LT_RING_LOST_BYTES_AT), loss.bytes, __ATOMIC_RELEASE);
}

static void note_end(void) {
    __atomic_store_n(half_word(LT_RING_EXIT_STATUS_AT), lt_handover->exit_status, __ATOMIC_RELAXED);
    __atomic_store_n(half_word(LT_RING_ENDED_AT), 1, __ATOMIC_SEQ_CST);
}

static int open_ring(void) {
    const int error = lt_ring_directory_claim(ring);
    if (error != 0) return error;
    __atomic_store_n(half_word(LT_RING_PID_AT), lt_process->pid, __ATOMIC_RELAXED);
    __atomic_store_n(half_word(LT_RING_LOCKED_AT), ring->is_locked ? 1 : 0, __ATOMIC_RELAXED);
    __atomic_store_n(word(LT_RING_INSTANCE_AT), lt_process->instance, __ATOMIC_RELEASE);
    note_loss(NULL, false);
    /* The last words of a process, when its ring was retired because it ends. */
    if (__atomic_load_n(&lt_handover->ending, __ATOMIC_RELAXED)) note_end();
    ring_bell();
    return 0;
}

static bool is_open(void) {
    return ring->map != NULL;
}

static bool close_ring(void) {
    lt_ring_directory_leave(ring);
    return true;
}

static bool is_retired(void) {
    return __atomic_load_n(half_word(LT_RING_RETIRED_AT), __ATOMIC_SEQ_CST) != 0;
}

static uint64_t room(void) {
    const uint64_t used = ring->head - __atomic_load_n(word(LT_RING_TAIL_AT), __ATOMIC_ACQUIRE);
    return used > ring->capacity ? 0 : ring->capacity - used;
}

/* Frames that a signal handler was told are taken keep their room. */
static uint64_t room_beside_pending(void) {
    const uint64_t all = room();
    return all < LT_PENDING_BYTES ? 0 : all - LT_PENDING_BYTES;
}

/* The rest of a line that was handed over in part has room of its own, so that it is not torn. */
static uint64_t room_for_write(void) {
    enum { REST_OF_LINE_BYTES = 4096 };
    const uint64_t all = room_beside_pending();
    if (lt_handover->ends_line) return all;
    return all < REST_OF_LINE_BYTES ? 0 : all - REST_OF_LINE_BYTES;
}

/* No system call reports EFAULT here: bytes that cannot be read are left to the original write. */
static bool can_read(const struct iovec *parts, int count, int own) {
    if (lt_handover->is_read) return true;
    for (int i = own; i < count; i++) {
        if (!lt_can_read(parts[i].iov_base, parts[i].iov_len)) return false;
    }
    return true;
}

static uint64_t offset_of(uint64_t at) {
    return LT_LIKELY(ring->mask != 0) ? at & ring->mask : at % ring->capacity;
}

static void put(uint64_t at, const void *from, size_t length) {
    uint8_t *data = ring->map + LT_RING_HEADER_BYTES;
    const size_t offset = offset_of(at);
    const size_t to_end = ring->capacity - offset;
    const size_t first = length < to_end ? length : to_end;
    lt_copy(data + offset, from, first);
    lt_copy(data, (const uint8_t *)from + first, length - first);
}

/* The next record goes where the reader was before: its cache lines are fetched while the application does its work. */
static void fetch_ahead(uint64_t at) {
    enum { LINE_BYTES = 64, LINES = 4 };
    const uint64_t offset = offset_of(at);
    if (offset + ((uint64_t)LINES * LINE_BYTES) > ring->capacity) return;
    const uint8_t *next = ring->map + LT_RING_HEADER_BYTES + offset;
    for (int i = 1; i <= LINES; i++)
        __builtin_prefetch(next + (size_t)i * LINE_BYTES, 1);
}

/* Publishes the bytes up to `head`. False when the reader may have read its last of this ring before. */
static bool publish(uint64_t head) {
    ring->head = head;
    /* Either the reader sees the new head after it has retired the ring or raised its epoch, or we see that it has. */
    __atomic_store_n(word(LT_RING_HEAD_AT), head, __ATOMIC_SEQ_CST);
    fetch_ahead(head);
    if (LT_UNLIKELY(is_retired())) return false;
    if (LT_UNLIKELY(__atomic_load_n(word(LT_RING_SLEEP_EPOCH_AT), __ATOMIC_SEQ_CST) != ring->rung_epoch)) ring_bell();
    return true;
}

static ssize_t send_to_ring(const struct iovec *parts, int count, int own) {
    note_loss(NULL, false);
    if (LT_UNLIKELY(is_retired())) return -EPIPE;
    size_t length = 0;
    for (int i = 0; i < count; i++)
        length += parts[i].iov_len;
    if (LT_UNLIKELY(length > room_for_write()) && !(lt_pending_holds(parts->iov_base) && length <= room()))
        return -EAGAIN;
    if (!can_read(parts, count, own)) return -EFAULT;
    uint64_t at = ring->head;
    for (int i = 0; i < count; i++) {
        put(at, parts[i].iov_base, parts[i].iov_len);
        at += parts[i].iov_len;
    }
    return publish(at) ? (ssize_t)length : -EPIPE;
}

/* The holder that was interrupted may be in the middle of a frame: the frame of a handler waits beside it. */
static ssize_t send_nested(const struct iovec *parts, int count, int own) {
    for (int i = own; i < count; i++) {
        if (!lt_is_readable(parts[i].iov_base, parts[i].iov_len)) return -EFAULT;
    }
    return lt_pending_add(parts, count, room());
}

static void wait_for_room(uint64_t ms) {
    (void)lt_sys_poll(-1, 0, ms < WAIT_MS ? ms : WAIT_MS);
}

/* The totals of losses lie in the header, which always has room: they need no reserve. */
static void end_ring(void) {
    note_loss(NULL, false);
    note_end();
    if (!is_retired()) ring_bell();
}

const struct lt_transport lt_ring_transport = {
    .set_up = set_up,
    .open = open_ring,
    .is_open = is_open,
    .close = close_ring,
    .send = send_to_ring,
    .send_nested = send_nested,
    .nests_anywhere = true,
    .wait = wait_for_room,
    .note_loss = note_loss,
    .look_ahead = look_ahead,
    .end = end_ring,
};
