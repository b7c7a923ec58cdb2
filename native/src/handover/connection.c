/* The connection of this process to its target. */
#include "connection.h"
#include "config.h"
#include "framing.h"
#include "handover.h"
#include "pending.h"
#include "process.h"
#include "tap_file.h"
#include "text.h"
#include "transport.h"

enum {
    FIRST_PAUSE_NS = 50 * LT_NS_PER_MS,
    LAST_PAUSE_NS = 1000 * LT_NS_PER_MS, /* a restarted shipper is found within a second */
    BUSY_PAUSE_MS = 5,
};

/* Begins at zero, in a fork child too (process.h). */
static struct {
    bool reached;         /* the target was reached once */
    bool mid_frame;       /* a frame went out in part */
    bool nested_may_send; /* whole frames and writes went out so far: the next frame may come from a signal handler */
    uint64_t next_attempt_ns; /* monotonic clock; no attempt to connect before */
    uint64_t dropped_ns;      /* when the last connection broke; 0: never */
    uint64_t pause_ns;        /* between the last two attempts; 0: none failed since the target was reached */
    struct lt_loss reported;  /* on the last connection */
    uint64_t handed_lines;    /* line ends that the kernel has taken, over all connections; of sockets only */
    uint32_t told_status;     /* as in the header of a ring */
    uint64_t announced[LT_TAP_FILES_MAX / 64]; /* a bit for each file */
} *connection;

static const struct lt_transport *transport(void) {
    static const struct lt_transport *const transports[] = {
        [LT_TO_FILE] = &lt_file_transport,
        [LT_TO_SOCKET] = &lt_socket_transport,
        [LT_TO_RING] = &lt_ring_transport,
    };
    return transports[lt_config.medium];
}

bool lt_connection_set_up(void) {
    connection = lt_process_memory(sizeof *connection);
    return connection != NULL && transport()->set_up() && lt_pending_set_up();
}

bool lt_connection_is_open(void) {
    return transport()->is_open();
}

static void plan_attempt(void) {
    const uint64_t setting = connection->reached ? lt_config.reconnect_ns : lt_config.first_connect_ns;
    uint64_t pause = setting;
    if (setting == LT_BACK_OFF) {
        connection->pause_ns = connection->pause_ns == 0 ? FIRST_PAUSE_NS : connection->pause_ns * 2;
        if (connection->pause_ns > LAST_PAUSE_NS) connection->pause_ns = LAST_PAUSE_NS;
        /* A quarter of jitter, different in each process, so that a thousand do not come back at once. */
        pause = connection->pause_ns - lt_process->instance % (connection->pause_ns / 4);
    }
    connection->next_attempt_ns = lt_clock_ns(LT_CLOCK_MONOTONIC) + pause;
}

static void drop(void) {
    /* The parent of a vfork child finds out by itself. */
    if (!transport()->close()) return;
    connection->nested_may_send = false;
    connection->mid_frame = false;
    lt_debug("connection lost", lt_config.target);
    const uint64_t now = lt_clock_ns(LT_CLOCK_MONOTONIC);
    /* A shipper that was replaced listens again: the next attempt is due at once. But a target that accepts and hangs
     * up, again and again, must not cost every write a connection. */
    const bool is_first = connection->dropped_ns == 0 || now - connection->dropped_ns > FIRST_PAUSE_NS;
    connection->dropped_ns = now;
    if (lt_config.reconnect_ns == LT_BACK_OFF && is_first) {
        connection->next_attempt_ns = 0;
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

static ssize_t attempt(const struct iovec *parts, int count, int own) {
    return transport()->send(parts, count, own > 0 ? own : 0);
}

size_t lt_connection_send(struct iovec *parts, int count, int own, struct lt_patience *patience) {
    const uint32_t entry = lt_handover->guard.entries;
    size_t sent = 0;
    bool uses_reserve = false; /* so that a line is not torn */
    int next = advance(parts, count, 0);
    while (next < count) {
        /* While this thread waited, or was interrupted, another one took it for dead and took over. */
        if (__atomic_load_n(&lt_handover->guard.entries, __ATOMIC_RELAXED) != entry) return 0;
        const ssize_t taken = attempt(parts + next, count - next, own - next);
        if (taken == -EINTR) continue;
        if (taken > 0) {
            sent += (size_t)taken;
            next += advance(parts + next, count - next, (size_t)taken);
            connection->mid_frame = lt_framing_is_whole() && next < count;
            continue;
        }
        const uint64_t left = taken == -EAGAIN ? lt_patience_left_ms(patience) : 0;
        if (left > 0) {
            transport()->wait(left);
            lt_guard_go_on(&lt_handover->guard);
            continue;
        }
        if (taken == -EAGAIN && lt_handover->ends_line && transport()->use_reserve != NULL && !uses_reserve) {
            transport()->use_reserve();
            uses_reserve = true;
            continue;
        }
        if (uses_reserve) transport()->keep_reserve();
        /* These are about the bytes; anything else is about the connection. */
        if ((taken != -EAGAIN && taken != -EFAULT && taken != -ENOSPC) || connection->mid_frame) drop();
        return lt_framing_is_whole() ? 0 : sent;
    }
    if (LT_UNLIKELY(uses_reserve)) transport()->keep_reserve();
    return sent;
}

static bool send_whole(void *bytes, size_t length, struct lt_patience *patience) {
    struct iovec part = {.iov_base = bytes, .iov_len = length};
    return lt_connection_send(&part, 1, 1, patience) == length;
}

/* A connection cannot be read again: HELLO says how many lines there were, as the reader of the last one may be gone.
 */
static bool is_counted(void) {
    return lt_config.medium == LT_TO_SOCKET && lt_framing_is_whole();
}

void lt_connection_note_handed(const struct iovec *payload, int count) {
    if (!is_counted()) return;
    uint64_t lines = 0;
    for (int i = 0; i < count; i++)
        lines += lt_count(payload[i].iov_base, payload[i].iov_len, '\n');
    (void)__atomic_add_fetch(&connection->handed_lines, lines, __ATOMIC_RELAXED);
}

static bool greet(struct lt_patience *patience) {
    uint8_t greeting[LT_GREETING_MAX_BYTES];
    const struct lt_loss loss = lt_handover_loss();
    const uint64_t handed = is_counted() ? 1 + __atomic_load_n(&connection->handed_lines, __ATOMIC_RELAXED) : 0;
    if (!send_whole(greeting, lt_framing_greeting(greeting, loss, handed), patience)) {
        if (transport()->is_open()) drop();
        return false;
    }
    connection->reported = loss;
    return true;
}

static int open_target(struct lt_patience *patience) {
    for (;;) {
        const int error = transport()->open();
        /* The target is there, its backlog is full: that is "full", not "absent". */
        if (error != -EAGAIN || lt_patience_left_ms(patience) == 0) return error;
        (void)lt_sys_poll(-1, 0, BUSY_PAUSE_MS);
        lt_guard_go_on(&lt_handover->guard);
    }
}

static bool connect(struct lt_patience *patience) {
    if (connection->next_attempt_ns != 0 && lt_clock_ns(LT_CLOCK_MONOTONIC) < connection->next_attempt_ns) return false;
    connection->nested_may_send = false;
    if (open_target(patience) != 0) {
        if (connection->pause_ns == 0) lt_debug("target is not there", lt_config.target);
        plan_attempt();
        return false;
    }
    connection->reached = true;
    lt_zero(connection->announced, sizeof connection->announced);
    connection->mid_frame = false;
    if (!greet(patience)) {
        plan_attempt();
        return false;
    }
    connection->pause_ns = 0;
    connection->nested_may_send = true;
    lt_debug("connected", lt_config.target);
    return true;
}

static bool report_loss(struct lt_patience *patience) {
    const struct lt_loss loss = lt_handover_loss();
    if (LT_LIKELY(loss.bytes == connection->reported.bytes)) return true;
    uint8_t frame[LT_LOST_FRAME_BYTES];
    if (!send_whole(frame, lt_framing_loss(frame, loss, 0), patience)) return false;
    connection->reported = loss;
    return true;
}

static uint64_t *announced_bits(unsigned stream) {
    return &connection->announced[(stream - LT_FIRST_FILE_STREAM) / 64];
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
    struct lt_frame_header header;
    const size_t header_length = lt_framing_file(&header, stream, length);
    struct iovec parts[] = {
        {.iov_base = &header, .iov_len = header_length},
        {.iov_base = (char *)path, .iov_len = length},
    };
    if (header_length > 0 && lt_connection_send(parts, 2, 2, patience) != header_length + length) return false;
    (void)__atomic_or_fetch(announced_bits(stream), announced_bit(stream), __ATOMIC_RELAXED);
    return true;
}

bool lt_connection_ready(unsigned stream, struct lt_patience *patience) {
    /* A holder of the guard that never came back may have left half a frame behind. */
    if (LT_UNLIKELY(connection->mid_frame)) drop();
    if (LT_UNLIKELY(connection->mid_frame)) return false;
    if (LT_UNLIKELY(!transport()->is_open()) && !connect(patience)) return false;
    return report_loss(patience) && (is_announced(stream) || announce_file(stream, patience));
}

static bool send_frames(const struct iovec *frames) {
    return transport()->is_open() && transport()->send(frames, 1, 1) == (ssize_t)frames->iov_len;
}

void lt_connection_keep_together(void) {
    connection->nested_may_send = false;
}

void lt_connection_end_write(void) {
    if (LT_UNLIKELY(!lt_pending_is_empty())) lt_pending_send(send_frames);
    if (transport()->end_write != NULL) transport()->end_write();
    connection->nested_may_send = true;
}

bool lt_connection_send_nested(unsigned stream, const struct iovec *parts, int count) {
    if (!transport()->is_open() || !(connection->nested_may_send || transport()->nests_anywhere)) return false;
    if (!is_announced(stream)) return false;
    size_t length = 0;
    for (int i = 0; i < count; i++)
        length += parts[i].iov_len;
    return transport()->send_nested(parts, count, 1) == (ssize_t)length;
}

void lt_connection_report_loss(void) {
    struct lt_patience none = {0};
    if (!lt_framing_is_whole() || lt_handover_loss().bytes == connection->reported.bytes) return;
    if (transport()->is_open()) {
        if (transport()->use_reserve != NULL) transport()->use_reserve();
    } else {
        connection->next_attempt_ns = 0;
    }
    (void)lt_connection_ready(0, &none);
}

void lt_connection_note_loss(bool may_tell) {
    if (transport()->note_loss != NULL) transport()->note_loss(&connection->reported, may_tell);
}

void lt_connection_look_ahead(void) {
    struct lt_patience none = {0};
    if (transport()->look_ahead != NULL) transport()->look_ahead();
    if (transport()->is_open()) return;
    connection->next_attempt_ns = 0;
    (void)lt_connection_ready(0, &none);
    lt_connection_end_write();
}

/* A target without words of its own learns the exit status by a frame: one attempt, by no call but those of a write. */
static void tell_status(void) {
    struct lt_patience none = {0};
    const uint32_t status = lt_handover->exit_status;
    if (lt_config.medium != LT_TO_SOCKET || status == connection->told_status || connection->mid_frame) return;
    const struct lt_loss loss = lt_handover_loss();
    uint8_t frame[LT_LOST_FRAME_BYTES];
    const size_t length = lt_framing_loss(frame, loss, status);
    if (length == 0) return;
    if (!send_whole(frame, length, &none)) return;
    connection->told_status = status;
    connection->reported = loss;
}

void lt_connection_end(void) {
    if (!transport()->is_open()) return;
    if (transport()->end != NULL) {
        transport()->end();
        return;
    }
    tell_status();
    if (transport()->is_open() || !is_counted()) return;
    /* The shipper had closed it, and may not have read the last lines: a new HELLO says how many there were. */
    struct lt_patience none = {0};
    connection->next_attempt_ns = 0;
    if (lt_connection_ready(0, &none)) tell_status();
}
