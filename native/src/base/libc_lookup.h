/* Finds the functions behind the hooks. */
#ifndef LT_LIBC_LOOKUP_H
#define LT_LIBC_LOOKUP_H

#include "libc_next.h"

/* Fills lt_libc_next and lt_libc. */
void lt_libc_next_find(void);

#endif
