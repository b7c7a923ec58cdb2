/* The connection of this process to its target. */
#include "connection.h"
#include "config.h"
#include "emit.h"
#include "proc_self.h"
#include "text.h"
#include "transport.h"

enum {
    KEPT_FROM = 1000, /* below the usual limit of 1024 */
    KEPT_FROM_UNDER_LIMIT = 100,
    KEPT_FROM_AT_LEAST = 3,
    FIRST_PAUSE_NS = 50 * LT_NS_PER_MS,
    LAST_PAUSE_NS = 1000 * LT_NS_PER_MS, /* a restarted shipper is found within a second */
    BUSY_PAUSE_MS = 5,
    GUARD_WAIT_MS = 1000,
};

int lt_transport_copy(int fd, int first) {
    int copy = lt_sys_fcntl(fd, F_DUPFD_CLOEXEC, first);
    if (copy < 0) copy = lt_sys_fcntl(fd, F_DUPFD_CLOEXEC, KEPT_FROM_UNDER_LIMIT);
    return copy >= 0 ? copy : lt_sys_fcntl(fd, F_DUPFD_CLOEXEC, KEPT_FROM_AT_LEAST);
}

int lt_transport_keep(int fd) {
    const int kept = lt_transport_copy(fd, KEPT_FROM);
    (void)lt_sys_close(fd);
    return kept;
}

static const struct lt_transport *transport(void) {
    static const struct lt_transport *const transports[] = {
        [LT_TO_FILE] = &lt_file_transport,
        [LT_TO_SOCKET] = &lt_socket_transport,
        [LT_TO_RING] = &lt_ring_transport,
    };
    return transports[lt_config.medium];
}

void lt_connection_set_up(void) {
    if (transport()->is_memory) return;
    for (int fd = 0; fd <= 2; fd++) {
        const int copy = lt_sys_fcntl(fd, F_DUPFD_CLOEXEC, KEPT_FROM);
        if (copy < 0) continue;
        (void)lt_sys_close(copy);
        return;
    }
}

static struct lt_connection *connection(void) {
    return &lt_process->connection;
}

static int descriptor(void) {
    return __atomic_load_n(&connection()->fd_plus_one, __ATOMIC_RELAXED) - 1;
}

static void set_descriptor(int fd) {
    __atomic_store_n(&connection()->fd_plus_one, fd + 1, __ATOMIC_RELAXED);
}

static struct lt_loss loss_now(void) {
    return (struct lt_loss){
        .lines = __atomic_load_n(&lt_process->loss.lines, __ATOMIC_RELAXED),
        .bytes = __atomic_load_n(&lt_process->loss.bytes, __ATOMIC_RELAXED),
    };
}

static void plan_attempt(void) {
    struct lt_connection *c = connection();
    const uint64_t setting = c->reached ? lt_config.reconnect_ns : lt_config.first_connect_ns;
    uint64_t pause = setting;
    if (setting == LT_BACK_OFF) {
        c->pause_ns = c->pause_ns == 0 ? FIRST_PAUSE_NS : c->pause_ns * 2;
        if (c->pause_ns > LAST_PAUSE_NS) c->pause_ns = LAST_PAUSE_NS;
        /* A quarter of jitter, different in each process, so that a thousand do not come back at once. */
        pause = c->pause_ns - lt_process->instance % (c->pause_ns / 4);
    }
    c->next_attempt_ns = lt_clock_ns(LT_CLOCK_MONOTONIC) + pause;
}

static void drop(void) {
    struct lt_connection *c = connection();
    /* A vfork child must not close what is its parent's; the parent finds out by itself. */
    if (!c->is_lent && !transport()->is_memory && lt_process_is_borrowed()) return;
    c->nested_may_send = false;
    set_descriptor(-1);
    transport()->close();
    c->mid_frame = false;
    lt_debug("connection lost", lt_config.target);
    const uint64_t now = lt_clock_ns(LT_CLOCK_MONOTONIC);
    /* A shipper that was replaced listens again: the next attempt is due at once. But a target that accepts and hangs
     * up, again and again, must not cost every write a connection. */
    const bool is_first = c->dropped_ns == 0 || now - c->dropped_ns > FIRST_PAUSE_NS;
    c->dropped_ns = now;
    if (lt_config.reconnect_ns == LT_BACK_OFF && is_first) {
        c->next_attempt_ns = 0;
    } else {
        plan_attempt();
    }
}

/* Steps over bytes that were taken; answers the index of the first part that is left. */
static int advance(struct iovec *parts, int count, size_t taken) {
    int i = 0;
    for (; i < count && taken >= parts[i].iov_len; i++)
        taken -= parts[i].iov_len;
    if (i < count) {
        parts[i].iov_base = (char *)parts[i].iov_base + taken;
        parts[i].iov_len -= taken;
    }
    return i;
}

size_t lt_connection_send(struct iovec *parts, int count, struct lt_patience *patience) {
    struct lt_connection *c = connection();
    const uint32_t entry = lt_process->guard.entries;
    size_t sent = 0;
    bool uses_reserve = false; /* so that a line is not torn */
    int next = advance(parts, count, 0);
    while (next < count) {
        /* While we waited, or were interrupted, somebody took us for dead and went on in our place. */
        if (__atomic_load_n(&lt_process->guard.entries, __ATOMIC_RELAXED) != entry) return 0;
        const ssize_t taken = transport()->send(descriptor(), parts + next, count - next);
        if (taken == -EINTR) continue;
        if (taken > 0) {
            sent += (size_t)taken;
            next += advance(parts + next, count - next, (size_t)taken);
            c->mid_frame = lt_config.frames && next < count;
            continue;
        }
        const uint64_t left = taken == -EAGAIN ? lt_patience_left_ms(patience) : 0;
        if (left > 0) {
            transport()->wait(descriptor(), left);
            continue;
        }
        if (taken == -EAGAIN && lt_process->ends_line && transport()->use_reserve != NULL && !uses_reserve) {
            transport()->use_reserve(descriptor());
            uses_reserve = true;
            continue;
        }
        if (uses_reserve) transport()->keep_reserve(descriptor());
        /* These are about the bytes; anything else is about the connection. */
        if ((taken != -EAGAIN && taken != -EFAULT && taken != -ENOSPC) || c->mid_frame) drop();
        return lt_config.frames ? 0 : sent;
    }
    if (LT_UNLIKELY(uses_reserve)) transport()->keep_reserve(descriptor());
    return sent;
}

static bool send_whole(void *bytes, size_t length, struct lt_patience *patience) {
    struct iovec part = {.iov_base = bytes, .iov_len = length};
    return lt_connection_send(&part, 1, patience) == length;
}

static bool greet(struct lt_patience *patience) {
    uint8_t greeting[LT_GREETING_MAX_BYTES];
    char name[64];
    lt_proc_self_name(name, sizeof name);
    const struct lt_identity who = {
        .pid = lt_process->pid,
        .ppid = lt_process->ppid,
        .start_ticks = lt_process->start_ticks,
        .instance = lt_process->instance,
        .name = name,
        .container = lt_config.container,
    };
    const struct lt_loss loss = loss_now();
    const size_t length = lt_frame_greeting(greeting, &who, lt_clock_ns(LT_CLOCK_REALTIME), loss);
    if (!send_whole(greeting, length, patience)) {
        if (descriptor() >= 0) drop();
        return false;
    }
    lt_process->reported_bytes = loss.bytes;
    return true;
}

static int open_target(struct lt_patience *patience) {
    for (;;) {
        const int fd = transport()->open();
        /* The target is there, its backlog is full: that is "full", not "absent". */
        if (fd != -EAGAIN || lt_patience_left_ms(patience) == 0) return fd;
        (void)lt_sys_poll(-1, 0, BUSY_PAUSE_MS);
    }
}

static bool connect(struct lt_patience *patience) {
    struct lt_connection *c = connection();
    if (c->next_attempt_ns != 0 && lt_clock_ns(LT_CLOCK_MONOTONIC) < c->next_attempt_ns) return false;
    const int fd = open_target(patience);
    if (fd < 0) {
        if (c->pause_ns == 0) lt_debug("target is not there", lt_config.target);
        plan_attempt();
        return false;
    }
    set_descriptor(fd);
    if (!transport()->is_memory) {
        lt_process_note_descriptor(fd);
        c->is_lent = lt_process_is_borrowed();
    }
    c->reached = true;
    lt_zero(c->announced, sizeof c->announced);
    c->mid_frame = false;
    if (lt_config.frames && !greet(patience)) {
        plan_attempt();
        return false;
    }
    c->pause_ns = 0;
    c->nested_may_send = true;
    lt_debug("connected", lt_config.target);
    return true;
}

static bool report_loss(struct lt_patience *patience) {
    const struct lt_loss loss = loss_now();
    if (LT_LIKELY(loss.bytes == lt_process->reported_bytes)) return true;
    uint8_t frame[LT_LOST_FRAME_BYTES];
    if (!send_whole(frame, lt_frame_lost(frame, lt_clock_ns(LT_CLOCK_REALTIME), loss), patience)) return false;
    lt_process->reported_bytes = loss.bytes;
    return true;
}

static uint64_t *announced_bits(unsigned stream) {
    return &connection()->announced[(stream - LT_FIRST_FILE_STREAM) / 64];
}

static uint64_t announced_bit(unsigned stream) {
    return 1ULL << (stream - LT_FIRST_FILE_STREAM) % 64;
}

static bool is_announced(unsigned stream) {
    return stream < LT_FIRST_FILE_STREAM ||
           (__atomic_load_n(announced_bits(stream), __ATOMIC_RELAXED) & announced_bit(stream)) != 0;
}

static bool announce_file(unsigned stream, struct lt_patience *patience) {
    const char *path = lt_tap_file_path(stream);
    const size_t length = lt_length(path);
    struct lt_frame_header header = lt_frame_file(stream, lt_clock_ns(LT_CLOCK_REALTIME), length);
    struct iovec parts[] = {
        {.iov_base = &header, .iov_len = sizeof header},
        {.iov_base = (char *)path, .iov_len = length},
    };
    if (lt_connection_send(parts, 2, patience) != sizeof header + length) return false;
    (void)__atomic_or_fetch(announced_bits(stream), announced_bit(stream), __ATOMIC_RELAXED);
    return true;
}

/* What has to go out before a DATA frame of `stream` can; mostly nothing. */
static bool prepare(unsigned stream, struct lt_patience *patience) {
    if (!report_loss(patience)) return false;
    return is_announced(stream) || announce_file(stream, patience);
}

bool lt_connection_ready(unsigned stream, struct lt_patience *patience) {
    struct lt_connection *c = connection();
    /* A holder of the guard that never came back may have left half a frame behind. */
    if (LT_UNLIKELY(c->mid_frame)) drop();
    if (LT_UNLIKELY(c->mid_frame)) return false;
    if (LT_UNLIKELY(descriptor() < 0) && !connect(patience)) return false;
    return !lt_config.frames || prepare(stream, patience);
}

/* The header at `at`; false where no whole frame follows. */
static bool read_header(const uint8_t *frames, size_t length, size_t at, struct lt_frame_header *header) {
    if (length - at < sizeof *header) return false;
    lt_copy(header, frames + at, sizeof *header);
    return header->length <= length - at - sizeof *header;
}

/* Counts frames that were taken from a signal handler and could not be sent after all. */
static void lose_frames(const uint8_t *frames, size_t length) {
    struct lt_frame_header header;
    for (size_t at = 0; read_header(frames, length, at, &header); at += sizeof header + header.length) {
        const uint64_t lines = lt_count(frames + at + sizeof header, header.length, '\n');
        (void)__atomic_add_fetch(&lt_process->loss.lines, lines, __ATOMIC_RELAXED);
        (void)__atomic_add_fetch(&lt_process->loss.bytes, header.length, __ATOMIC_RELEASE);
    }
}

static void number_frames(uint8_t *frames, size_t length) {
    struct lt_frame_header header;
    for (size_t at = 0; read_header(frames, length, at, &header); at += sizeof header + header.length) {
        lt_frame_number(&header, lt_emit_next_seq());
        lt_copy(frames + at, &header, sizeof header);
    }
}

/* What signal handlers wrote meanwhile follows. Anything that does not fit is counted. */
static void send_pending(void) {
    struct lt_pending *pending = &lt_process->pending;
    uint32_t sent = 0;
    for (;;) {
        uint32_t used = __atomic_load_n(&pending->used, __ATOMIC_RELAXED);
        if (sent == used &&
            __atomic_compare_exchange_n(&pending->used, &used, 0, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            return;
        }
        if (sent == used) continue;
        const struct iovec part = {.iov_base = pending->bytes + sent, .iov_len = used - sent};
        number_frames(part.iov_base, part.iov_len);
        if (descriptor() < 0 || transport()->send(descriptor(), &part, 1) != (ssize_t)part.iov_len) {
            lose_frames(part.iov_base, part.iov_len);
        }
        sent = used;
    }
}

bool lt_connection_has_pending(void) {
    return __atomic_load_n(&lt_process->pending.used, __ATOMIC_RELAXED) != 0;
}

void lt_connection_end_write(void) {
    struct lt_connection *c = connection();
    if (LT_UNLIKELY(lt_connection_has_pending())) send_pending();
    if (LT_UNLIKELY(c->is_lent)) {
        if (descriptor() >= 0) {
            set_descriptor(-1);
            lt_process_close_noted();
        }
        c->is_lent = false;
    }
    c->nested_may_send = descriptor() >= 0;
}

bool lt_connection_send_nested(unsigned stream, const struct iovec *parts, int count) {
    const struct lt_connection *c = connection();
    if (descriptor() < 0 || !(c->nested_may_send || transport()->is_memory)) return false;
    if (!is_announced(stream)) return false;
    size_t length = 0;
    for (int i = 0; i < count; i++)
        length += parts[i].iov_len;
    return transport()->send_nested(descriptor(), parts, count) == (ssize_t)length;
}

void lt_connection_report_loss(void) {
    struct lt_patience none = {0};
    if (!lt_config.frames || loss_now().bytes == lt_process->reported_bytes) return;
    if (descriptor() >= 0) {
        if (transport()->use_reserve != NULL) transport()->use_reserve(descriptor());
    } else {
        connection()->next_attempt_ns = 0;
    }
    (void)lt_connection_ready(0, &none);
}

void lt_connection_note_loss(bool may_tell) {
    if (transport()->note_loss != NULL) transport()->note_loss(may_tell);
}

void lt_connection_look_ahead(void) {
    struct lt_patience none = {0};
    if (transport()->look_ahead != NULL) transport()->look_ahead();
    if (descriptor() >= 0) return;
    connection()->next_attempt_ns = 0;
    (void)lt_connection_ready(0, &none);
    lt_connection_end_write();
}

void lt_connection_end(void) {
    if (descriptor() >= 0 && transport()->end != NULL) transport()->end();
}

int lt_connection_descriptor(void) {
    return lt_process == NULL || transport()->is_memory ? -1 : descriptor();
}

bool lt_connection_owns(int fd) {
    return fd >= 0 && fd == lt_connection_descriptor();
}

/* Puts another descriptor in the place of the present one, while nobody writes. A vfork child's table is not its
 * parent's, so there is nothing to put. */
static void replace_descriptor(int fd) {
    const enum lt_entry entry = lt_guard_enter(&lt_process->guard, GUARD_WAIT_MS);
    if (fd >= 0) lt_process_note_descriptor(fd);
    connection()->nested_may_send = fd >= 0 && connection()->nested_may_send;
    set_descriptor(fd);
    if (entry == LT_ENTERED) lt_guard_leave(&lt_process->guard);
}

void lt_connection_make_room(void) {
    if (lt_process_is_borrowed()) return;
    const int copy = lt_transport_copy(descriptor(), KEPT_FROM);
    if (copy >= 0) replace_descriptor(copy);
}

bool lt_connection_move_above(int fd) {
    const int old = descriptor();
    if (old < 0 || lt_process_is_borrowed()) return false;
    const int copy = lt_transport_copy(old, fd + 1);
    if (copy < 0) return false;
    if (copy < fd) {
        (void)lt_sys_close(copy);
        return false;
    }
    replace_descriptor(copy);
    (void)lt_sys_close(old);
    return true;
}

void lt_connection_forget(void) {
    if (!lt_process_is_borrowed()) replace_descriptor(-1);
}
