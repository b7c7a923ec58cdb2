/* The connection of this process to its target: opened at the first tapped write, again after a loss, never waited for.
 * All but the set-up is for the holder of the guard, or for a signal handler that interrupted it. */
#ifndef LT_CONNECTION_H
#define LT_CONNECTION_H

#include "clock.h"

/* At the start of the process. False without memory. */
bool lt_connection_set_up(void);

bool lt_connection_is_open(void);

/* Makes sure that a DATA frame of `stream` can follow: connected, greeted, losses reported, file announced. */
bool lt_connection_ready(unsigned stream, struct lt_patience *patience);

/*
 * Sends bytes, of which the first `own` parts are the library's memory; answers how many the target took. With frames
 * that is all or nothing: a frame that went out in part is finished while patience lasts, or the connection is closed
 * and the other end drops the part.
 */
size_t lt_connection_send(struct iovec *parts, int count, int own, struct lt_patience *patience);

/* A DATA frame with this payload went out whole. For a signal handler, too. */
void lt_connection_note_handed(const struct iovec *payload, int count);

/* The present write goes on after the next frame: no signal handler may write between the two. */
void lt_connection_keep_together(void);

/* After the last frame of a write. */
void lt_connection_end_write(void);

/* For a signal handler that interrupted the holder of the guard: one attempt that changes no state, with a header of
 * the library and bytes of the application. */
bool lt_connection_send_nested(unsigned stream, const struct iovec *parts, int count);

/* Reports a loss that has not been reported, at the end of the process: uses the transport's reserve, connects again if
 * it must, and does not wait. */
void lt_connection_report_loss(void);

/* The totals of losses have risen: notes them where the other end finds them however this process ends. Inside
 * the guard, or from a signal handler that interrupted its holder, which may not tell by a system call. */
void lt_connection_note_loss(bool may_tell);

/* Connects now, where there is no connection. */
void lt_connection_look_ahead(void);

/* The process is about to end, or to become another program. */
void lt_connection_end(void);

#endif
