/* Whether memory that the application points to is there: its mistakes are the kernel's to answer, by EFAULT. */
#ifndef LT_READABLE_H
#define LT_READABLE_H

#include "sys.h"

/* Asks the kernel about each page. At least 8 bytes, aligned to 8, as arrays of pointers and numbers are. */
bool lt_is_readable(const void *at, size_t length);

#endif
