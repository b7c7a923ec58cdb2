/* lseek(2) and ftruncate(2) on a descriptor that may be a suppressed log file, whose bytes never reached the
 * kernel. */
#ifndef LT_FILE_POSITION_H
#define LT_FILE_POSITION_H

#include "libc_next.h"

/* Both answer as the functions of `next` do, to which they go on, with errno. */
off_t lt_file_position_seek(const struct lt_libc_next *next, int fd, off_t offset, int from);
int lt_file_position_resize(const struct lt_libc_next *next, int fd, off_t size);

#endif
