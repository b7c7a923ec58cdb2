/* Where bytes go. A transport knows its medium and nothing of frames, retries or losses; connection.c drives it. */
#ifndef LT_TRANSPORT_H
#define LT_TRANSPORT_H

#include "sys.h"

struct lt_transport {
    /* No descriptor: `open` answers a number that stands for none, and a vfork child may open and close it as its
     * parent does, whose memory it shares. */
    bool is_memory;

    /* Opens the target without waiting. Answers a descriptor as lt_transport_keep makes it, or a negative error number;
     * -EAGAIN: the target is there, but busy. */
    int (*open)(void);

    void (*close)(void);

    /* One attempt that does not wait. Answers how many bytes were taken, which may be fewer than all, or a negative
     * error number; -EAGAIN: nothing was taken, the reader is behind. */
    ssize_t (*send)(int fd, const struct iovec *parts, int count);

    /* The same from a signal handler that may have interrupted send on this very thread. */
    ssize_t (*send_nested)(int fd, const struct iovec *parts, int count);

    /* Waits until send is worth another attempt, `ms` at most. */
    void (*wait)(int fd, uint64_t ms);

    /* Makes room for a last small frame, even when the reader is behind. NULL: there is nothing to do. */
    void (*use_reserve)(int fd);
    void (*keep_reserve)(int fd);

    /* The totals of losses have risen. Called inside the guard, or by a handler that interrupted its holder, which may
     * not tell where nothing can be noted. NULL: the next frame tells. */
    void (*note_loss)(bool may_tell);

    /* The application is about to give up system calls. NULL: there is nothing to do. */
    void (*look_ahead)(void);

    /* The process is about to end, or to become another program. NULL: there is nothing to do. */
    void (*end)(void);
};

extern const struct lt_transport lt_socket_transport;
extern const struct lt_transport lt_file_transport;
extern const struct lt_transport lt_ring_transport;

/* Moves a new descriptor out of the application's way: to 1000, else 100 or above where the limit allows it, never to
 * 0-2, closed on exec. The old one is closed. Answers the new descriptor or a negative error number. */
int lt_transport_keep(int fd);

/* The same without closing the old one, to `first` or above where that is possible. */
int lt_transport_copy(int fd, int first);

#endif
