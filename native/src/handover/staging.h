/* Bytes of several places made into one: for an application that has forbidden itself every call that takes several. */
#ifndef LT_STAGING_H
#define LT_STAGING_H

#include "sys.h"

/* Answers as `send_one` does; -EPERM where the bytes cannot be copied: too many, not readable, or a signal handler's
 * while others are on their way. */
ssize_t lt_send_staged(int fd, const struct iovec *parts, int count,
                       ssize_t (*send_one)(int fd, const void *from, size_t length));

#endif
