/* Whether memory that the application points to is there: its mistakes are the kernel's to answer, by EFAULT. */
#ifndef LT_READABLE_H
#define LT_READABLE_H

#include "sys.h"

/* Asks the kernel about each page. */
bool lt_is_readable(const void *at, size_t length);

/* Whether the four bytes can be written, which stay as they are. `at` is aligned to them. */
bool lt_is_writable(const void *at);

/* Counts how often the application has taken memory back: memory that was readable before may not be now. Atomic. */
extern uint32_t lt_memory_changes;

#endif
