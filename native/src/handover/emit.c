/* Hands bytes over: splits them into frames, numbers these, and counts the bytes that could not be handed over. */
#include "emit.h"
#include "config.h"
#include "connection.h"
#include "framing.h"
#include "handover.h"
#include "own_descriptor.h"
#include "pending.h"
#include "process.h"
#include "readable.h"
#include "tap.h"
#include "text.h"

enum {
    FRAME_PARTS_MAX = 32,
    GUARD_WAIT_MS = 1000, /* the holder makes a few system calls; longer means it will not come back */
    CONNECTIONS_PER_FRAME = 2,
};

int lt_emit_slice(const struct iovec *parts, int count, size_t skip, size_t limit, struct iovec *out, int room) {
    int filled = 0;
    for (int i = 0; i < count && filled < room && limit > 0; i++) {
        size_t length = parts[i].iov_len;
        if (skip >= length) {
            skip -= length;
            continue;
        }
        length -= skip;
        if (length > limit) length = limit;
        out[filled].iov_base = (char *)parts[i].iov_base + skip;
        out[filled].iov_len = length;
        filled++;
        limit -= length;
        skip = 0;
    }
    return filled;
}

static size_t total(const struct iovec *parts, int count) {
    size_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += parts[i].iov_len;
    return bytes;
}

/* Frames that are lost have numbers too. */
static void skip_seq(size_t length) {
    const size_t frames = (length + LT_FRAME_MAX_PAYLOAD_BYTES - 1) / LT_FRAME_MAX_PAYLOAD_BYTES;
    (void)__atomic_add_fetch(&lt_handover->seq, frames, __ATOMIC_RELAXED);
}

/* A write on its way. */
struct write {
    unsigned stream;
    const struct iovec *parts;
    int count;
    size_t length;
    size_t sent;
    bool ends_line;
    uint64_t time_ns;
    bool waits; /* gets its number when it is sent, behind the write that it interrupted */
};

/* How many of the bytes are whole lines; all where not a single line ends among them. */
static size_t whole_lines(const struct iovec *parts, int count) {
    for (size_t left = total(parts, count); count-- > 0;) {
        const char *bytes = parts[count].iov_base;
        if (!lt_is_readable(bytes, parts[count].iov_len)) break;
        left -= parts[count].iov_len;
        for (size_t end = parts[count].iov_len; end > 0; end--) {
            if (bytes[end - 1] == '\n') return left + end;
        }
    }
    return SIZE_MAX;
}

/* Header and payload of the next frame. Answers how many of `out` are filled. */
static int next_frame(const struct write *w, struct lt_frame_header *header, struct iovec out[1 + FRAME_PARTS_MAX]) {
    /* Fewer bytes than the parts hold, where the original took fewer. */
    const size_t left = w->length - w->sent;
    const size_t limit = left < LT_FRAME_MAX_PAYLOAD_BYTES ? left : LT_FRAME_MAX_PAYLOAD_BYTES;
    int filled = lt_emit_slice(w->parts, w->count, w->sent, limit, out + 1, FRAME_PARTS_MAX);
    /* The next frame may not fit: a line must not be torn between the two outputs. */
    if (LT_UNLIKELY(left > limit) && lt_tap_is_suppressed(w->stream)) {
        const size_t whole = whole_lines(out + 1, filled);
        if (whole < limit) filled = lt_emit_slice(w->parts, w->count, w->sent, whole, out + 1, FRAME_PARTS_MAX);
    }
    const size_t payload = total(out + 1, filled);
    const struct lt_data data = {
        .stream = w->stream,
        .flags = w->sent + payload < w->length ? LT_FLAG_CONTINUES : 0,
        .time_ns = w->time_ns,
        .length = payload,
        .waits = w->waits,
    };
    out[0] = (struct iovec){.iov_base = header, .iov_len = lt_framing_data(header, &data)};
    return 1 + filled;
}

/* Sends one frame, over a new connection if the present one turns out to be broken. Answers the payload bytes sent. */
static size_t send_frame(const struct write *w, struct lt_patience *patience) {
    struct lt_frame_header header;
    struct iovec frame[1 + FRAME_PARTS_MAX];
    const int count = next_frame(w, &header, frame);
    const struct iovec start = frame[0];
    const size_t length = total(frame, count);
    for (int attempt = 0; attempt < CONNECTIONS_PER_FRAME; attempt++) {
        if (!lt_connection_ready(w->stream, patience)) return 0;
        const size_t sent = lt_connection_send(frame, count, 1, patience);
        if (!lt_framing_is_whole()) return sent;
        /* The parts of a frame that was taken in pieces were stepped over. */
        if (LT_UNLIKELY(total(frame, count) != length)) {
            frame[0] = start;
            (void)lt_emit_slice(w->parts, w->count, w->sent, length - start.iov_len, frame + 1, FRAME_PARTS_MAX);
        }
        if (sent == length) {
            lt_connection_note_handed(frame + 1, count - 1);
            return length - sizeof header;
        }
        if (lt_connection_is_open()) return 0;
    }
    return 0;
}

static void send_all(struct write *w) {
    struct lt_patience patience = {.budget_ms = lt_config.block_ms};
    lt_handover->ends_line = w->ends_line;
    /* The original has read the bytes, but for /dev/null. */
    lt_handover->is_read = !lt_tap_is_suppressed(w->stream) && !lt_tap_container()->has_shared_device;
    while (w->sent < w->length) {
        if (w->length - w->sent > LT_FRAME_MAX_PAYLOAD_BYTES) lt_connection_keep_together();
        const size_t sent = send_frame(w, &patience);
        w->sent += sent;
        if (sent == 0) break;
    }
    lt_connection_end_write();
    /* The frame that failed has its number already. */
    const size_t left = w->length - w->sent;
    if (left > LT_FRAME_MAX_PAYLOAD_BYTES) skip_seq(left - LT_FRAME_MAX_PAYLOAD_BYTES);
}

/* From a signal handler that interrupted a write of its own thread: only writes that need one frame and no preparation.
 * Not inlined: its frame would take stack in every write, and a thread may have little. */
__attribute__((noinline)) static void send_nested(struct write *w) {
    w->waits = lt_config.medium == LT_TO_RING;
    struct lt_frame_header header;
    struct iovec frame[1 + FRAME_PARTS_MAX];
    const int count = next_frame(w, &header, frame);
    const size_t payload = total(frame + 1, count - 1);
    if (payload == w->length - w->sent && lt_connection_send_nested(w->stream, frame, count)) {
        lt_connection_note_handed(frame + 1, count - 1);
        w->sent = w->length;
    } else {
        const size_t left = w->length - w->sent;
        skip_seq(w->waits ? left : left - payload);
    }
}

static void begin(void) {
    if (LT_UNLIKELY(lt_process_begin())) lt_own_descriptor_close_inherited();
}

/* A handler may have written between the last look and the leave. */
static void leave(void) {
    /* Who lost something and found the guard taken has left this to its holder. */
    lt_connection_note_loss(true);
    lt_guard_leave(&lt_handover->guard);
    while (LT_UNLIKELY(!lt_pending_is_empty()) && lt_guard_enter(&lt_handover->guard, GUARD_WAIT_MS) == LT_ENTERED) {
        lt_connection_end_write();
        lt_guard_leave(&lt_handover->guard);
    }
}

size_t lt_emit(unsigned stream, const struct iovec *parts, int count, struct lt_span span) {
    struct write w = {
        .stream = stream,
        .parts = parts,
        .count = count,
        .length = span.end,
        .sent = span.start,
        .ends_line = span.ends_line,
        .time_ns = lt_framing_now_ns(),
    };
    switch (lt_guard_enter(&lt_handover->guard, lt_config.block_ms + GUARD_WAIT_MS)) {
    case LT_ENTERED:
        begin();
        send_all(&w);
        leave();
        break;
    case LT_NESTED:
        send_nested(&w);
        break;
    case LT_BUSY:
        skip_seq(span.end - span.start);
        break;
    }
    return w.sent - span.start;
}

void lt_emit_prepare(void) {
    if (__atomic_load_n(&lt_process->pid, __ATOMIC_RELAXED) != 0 ||
        lt_guard_enter(&lt_handover->guard, GUARD_WAIT_MS) != LT_ENTERED)
        return;
    begin();
    lt_guard_leave(&lt_handover->guard);
}

void lt_emit_look_ahead(void) {
    if (lt_process_is_borrowed() || lt_guard_enter(&lt_handover->guard, GUARD_WAIT_MS) != LT_ENTERED) return;
    begin();
    lt_connection_look_ahead();
    leave();
}

/* At once: the process may be killed, or not write again for long. */
static void note_loss(void) {
    switch (lt_guard_enter(&lt_handover->guard, GUARD_WAIT_MS)) {
    case LT_ENTERED:
        lt_connection_note_loss(true);
        leave();
        break;
    case LT_NESTED:
        lt_connection_note_loss(false);
        break;
    case LT_BUSY:
        break;
    }
}

void lt_emit_lost(const struct iovec *parts, int count, size_t skip, size_t length) {
    struct iovec part;
    uint64_t lines = 0;
    for (size_t done = 0; done < length; done += part.iov_len) {
        if (lt_emit_slice(parts, count, skip + done, length - done, &part, 1) == 0) break;
        /* /dev/null takes bytes that cannot be read. */
        const bool is_certain = !lt_tap_container()->has_shared_device || lt_is_readable(part.iov_base, part.iov_len);
        if (is_certain) lines += lt_count(part.iov_base, part.iov_len, '\n');
    }
    lt_handover_lose(lines, length);
    if (lt_config.medium != LT_TO_FILE) note_loss();
    if (LT_UNLIKELY(__atomic_load_n(&lt_handover->ending, __ATOMIC_RELAXED))) lt_emit_end();
}

void lt_emit_note_status(int status) {
    if (!lt_process_is_borrowed()) lt_handover->exit_status = LT_EXIT_STATUS_KNOWN | (uint32_t)(status & 0xff);
}

void lt_emit_end(void) {
    if (lt_process_is_borrowed()) return;
    __atomic_store_n(&lt_handover->ending, true, __ATOMIC_RELAXED);
    lt_emit_report();
}

void lt_emit_report(void) {
    if (__atomic_load_n(&lt_process->pid, __ATOMIC_RELAXED) == 0 || lt_process_is_borrowed()) return;
    if (lt_guard_enter(&lt_handover->guard, GUARD_WAIT_MS) != LT_ENTERED) return;
    lt_connection_report_loss();
    lt_connection_note_loss(true);
    lt_connection_end();
    lt_guard_leave(&lt_handover->guard);
}
