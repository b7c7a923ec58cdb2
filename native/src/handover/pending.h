/* Frames that signal handlers wrote while they interrupted the holder of the guard, in the middle of a frame of its
 * own. They wait here, without numbers, until the holder sends them behind it. */
#ifndef LT_PENDING_H
#define LT_PENDING_H

#include "sys.h"

enum { LT_PENDING_BYTES = 16384 };

/* False without memory. */
bool lt_pending_set_up(void);

bool lt_pending_is_empty(void);

/* Whether these bytes lie here. */
bool lt_pending_holds(const void *bytes);

/* Adds a frame, for which the target has `room`. Answers its length or -EAGAIN. From a signal handler. */
ssize_t lt_pending_add(const struct iovec *parts, int count, uint64_t room);

/* Numbers and sends the frames, and counts those that `send` does not take. Inside the guard. */
void lt_pending_send(bool (*send)(const struct iovec *frames));

#endif
