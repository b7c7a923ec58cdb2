/* State that belongs to one process and that a fork child must not inherit.
 *
 * It lives in pages marked MADV_WIPEONFORK: a fork child sees zeros, that is, no lock held, no connection, no numbers,
 * however it was forked and without asking for its pid at every write. A vfork child shares the memory, is not wiped,
 * and goes on in its parent's connection, but must not change what belongs to the parent's descriptor table. */
#ifndef LT_PROCESS_H
#define LT_PROCESS_H

#include "frame.h"
#include "guard.h"
#include "ring.h"
#include "tap_file.h"

struct lt_connection {
    int fd_plus_one;          /* 0: none */
    bool reached;             /* the target was reached once */
    bool is_lent;             /* opened by a vfork child, for one write */
    bool mid_frame;           /* a frame went out in part */
    bool nested_may_send;     /* whole frames and writes went out so far: the next frame may be anybody's */
    uint64_t next_attempt_ns; /* monotonic clock; no attempt to connect before */
    uint64_t dropped_ns;      /* when the last connection broke; 0: never */
    uint64_t pause_ns;        /* between the last two attempts; 0: none failed since the target was reached */
    uint64_t announced[LT_TAP_FILES_MAX / 64]; /* a bit for each file */
};

struct lt_process {
    struct lt_guard guard;
    uint32_t pid; /* 0: not begun; atomic, as it is asked for outside of the guard too */
    uint32_t ppid;
    bool ends_line; /* the present write is the rest of a line that was handed over in part */
    bool is_read;   /* the kernel has read the bytes of the present write, so they can be read */
    bool ending;    /* exit() runs: from now on a loss is reported at once */
    uint64_t instance;
    uint64_t thread_key; /* secret, so that tags of threads tell nothing of addresses */
    uint64_t start_ticks;
    uint64_t seq; /* of the last DATA frame */
    struct lt_loss loss;
    uint64_t reported_bytes; /* of the loss, sent on the present connection */
    struct lt_connection connection;
    struct lt_ring ring;
    uint32_t rings; /* claimed so far */
    struct lt_pending pending;
    /* Of each suppressed stream: where its unfinished line is (tee.c). */
    uint8_t lines[LT_FIRST_FILE_STREAM + LT_TAP_FILES_MAX];
};

/* The state of the calling process; never NULL after lt_process_set_up. */
extern struct lt_process *lt_process;

/* Maps the pages; false when the kernel refuses. */
bool lt_process_set_up(void);

/* Gives the process its pid and instance when it has none yet. Call it inside the guard. */
void lt_process_begin(void);

/* A tag of the calling thread, never 0: constant while the thread lives, and mostly another for each of them. */
static inline uint16_t lt_process_thread(void) {
    const uint16_t tag = (uint16_t)((lt_thread_pointer() * lt_process->thread_key) >> 48);
    return tag == 0 ? 1 : tag;
}

/* In a fork child: forgets the inherited state where nothing wiped it (Linux before 4.14, emulators). */
void lt_process_forked(void);

/* Whether the caller is a vfork child that borrows this state. A system call: for rare paths only. The hook of vfork
 * sees to it that the state has begun before there is such a child. */
bool lt_process_is_borrowed(void);

/* Notes the descriptor of the connection and what it refers to. A fork child closes its copy when it begins: while that
 * is open, the other end does not see the parent end. */
void lt_process_note_descriptor(int fd);

/* Closes the noted descriptor, unless the application has put something else in its place. */
void lt_process_close_noted(void);

#endif
