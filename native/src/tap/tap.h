/* Which descriptors are tapped: by the file they refer to (device and inode), never by their number.
 *
 * The answer is remembered per descriptor and forgotten when a hook sees the descriptor change. */
#ifndef LT_TAP_H
#define LT_TAP_H

#include "container_stdio.h"
#include "environment.h"

enum { LT_NONE = 0 };

/* Learns the container's stdout and stderr, and passes them on to children (LLT_STDIO). */
void lt_tap_set_up(const struct lt_environment *environment);

/* The streams that it found. */
const struct lt_container_stdio *lt_tap_container(void);

/* The stream id of a descriptor, LT_NONE when it is not tapped. */
unsigned lt_tap_find(int fd);

/* The same, only where it is a log file whose writes are suppressed. */
unsigned lt_tap_find_suppressed_file(int fd);

/* Looks at the descriptors there are, of which most will still be written to when it is too late to look. */
void lt_tap_look_ahead(void);

/* Whether the bytes of a stream that were handed over are kept from the original. */
bool lt_tap_is_suppressed(unsigned stream);

/* The descriptor has just been opened with these flags, under this path (may be NULL). A tapped file is recognised now:
 * later it may be renamed. */
void lt_tap_opened(int fd, int flags, const char *path);

/* A file has just got a name, below a directory as for openat(2). If the name is one of a tapped log, or of a directory
 * that may hold some, a descriptor that was not tapped may be now. */
void lt_tap_named(int directory, const char *name);

/* `to` has just become a copy of `from`. */
void lt_tap_copied(int from, int to);

/* The descriptor, or all from first to last, are about to be closed or have changed. */
void lt_tap_forget(int fd);
void lt_tap_forget_range(unsigned first, unsigned last);

#endif
