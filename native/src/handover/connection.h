/* The connection of this process to its target: opened at the first tapped write, again after a loss, never waited for.
 * Everything up to lt_connection_report_loss is called inside the guard; what follows takes it where it needs it. */
#ifndef LT_CONNECTION_H
#define LT_CONNECTION_H

#include "clock.h"
#include "process.h"

/* At the start of the process: sees to it that the library's descriptor finds its number at once. In a process with
 * threads the kernel takes milliseconds to enlarge the table of descriptors. */
void lt_connection_set_up(void);

/* Makes sure that a DATA frame of `stream` can follow: connected, greeted, losses reported, file announced. */
bool lt_connection_ready(unsigned stream, struct lt_patience *patience);

/*
 * Sends bytes; answers how many the target took. With frames that is all or nothing: a frame that went out in part is
 * finished while patience lasts, or the connection is closed and the other end drops the part.
 */
size_t lt_connection_send(struct iovec *parts, int count, struct lt_patience *patience);

/* After the last frame of a write. A vfork child's connection ends here: its descriptor would mean something else to
 * the parent, who goes on with this state. */
void lt_connection_end_write(void);

/* Whether a signal handler wrote something that waits for lt_connection_end_write. */
bool lt_connection_has_pending(void);

/* For a signal handler that interrupted the holder of the guard: one attempt that changes no state. */
bool lt_connection_send_nested(unsigned stream, const struct iovec *parts, int count);

/* Reports a loss that has not been reported, at the end of the process: uses the transport's reserve, connects again if
 * it must, and does not wait. */
void lt_connection_report_loss(void);

/* The totals of losses have risen: notes them where the other end finds them whatever becomes of this process. Inside
 * the guard, or from a signal handler that interrupted its holder, which may not tell by a system call. */
void lt_connection_note_loss(bool may_tell);

/* Connects now, where there is no connection. */
void lt_connection_look_ahead(void);

/* The process is about to end, or to become another program. */
void lt_connection_end(void);

/* The library's own descriptor, -1 when it has none. */
int lt_connection_descriptor(void);
bool lt_connection_owns(int fd);

/* Moves the library's descriptor, because the application is about to use its number; the old one stays open. */
void lt_connection_make_room(void);

/* Moves the library's descriptor to a higher number than `fd`; false where it stays. */
bool lt_connection_move_above(int fd);

/* The library's descriptor is not its own any more: it was closed behind its back, and the number given away. */
void lt_connection_forget(void);

#endif
