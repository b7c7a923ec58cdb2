/* Where bytes go. A transport knows its medium and holds what it needs of it, such as a descriptor or a map; it knows
 * nothing of frames, retries or losses. connection.c drives it. */
#ifndef LT_TRANSPORT_H
#define LT_TRANSPORT_H

#include "sys.h"

#include "frame.h"

struct lt_transport {
    /* At the start of the process. False without memory. */
    bool (*set_up)(void);

    /* Opens the target without waiting. Answers 0 or a negative error number; -EAGAIN: the target is there, but busy.
     */
    int (*open)(void);

    bool (*is_open)(void);

    /* Does nothing, and answers false, in a vfork child whose parent opened the target. */
    bool (*close)(void);

    /* One attempt that does not wait. The first `own` parts are the library's memory; the application's, which follow,
     * may not be readable. Answers how many bytes were taken, which may be fewer than all, or a negative error number;
     * -EAGAIN: nothing was taken, the reader is behind. */
    ssize_t (*send)(const struct iovec *parts, int count, int own);

    /* The same from a signal handler that may have interrupted send on this very thread. */
    ssize_t (*send_nested)(const struct iovec *parts, int count, int own);

    /* Whether send_nested works at any moment, not only between two frames. */
    bool nests_anywhere;

    /* Waits until send is worth another attempt, `ms` at most. */
    void (*wait)(uint64_t ms);

    /* A write is over. NULL: there is nothing to do. */
    void (*end_write)(void);

    /* Makes room for a last small frame, even when the reader is behind. NULL: there is nothing to do. */
    void (*use_reserve)(void);
    void (*keep_reserve)(void);

    /* The totals of losses have risen since a connection reported them. Called inside the guard, or by a handler that
     * interrupted its holder, which may not tell where nothing can be noted. NULL: the next frame tells. */
    void (*note_loss)(const struct lt_loss *reported, bool may_tell);

    /* The application is about to give up system calls. NULL: there is nothing to do. */
    void (*look_ahead)(void);

    /* The process is about to end, or to become another program. NULL: there is nothing to do. */
    void (*end)(void);
};

extern const struct lt_transport lt_socket_transport;
extern const struct lt_transport lt_file_transport;
extern const struct lt_transport lt_ring_transport;

#endif
