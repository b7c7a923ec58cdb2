/* The limit of file sizes (ulimit -f): a write beyond it raises SIGXFSZ, which ends most applications.
 *
 * It is read at the start and whenever the application sets it, and not at each write: the application may forbid
 * itself the call meanwhile. */
#ifndef LT_SIZE_LIMIT_H
#define LT_SIZE_LIMIT_H

#include "sys.h"

enum { LT_FILE_SIZE_RESOURCE = 1 /* RLIMIT_FSIZE */ };

/* Reads the limit again. */
void lt_size_limit_changed(void);

/* Whether there has been one: it may be a vfork child's, and then its parent's not. Atomic. */
bool lt_size_is_limited(void);

/* Whether a file may become as large. */
bool lt_size_limit_allows(uint64_t bytes);

#endif
