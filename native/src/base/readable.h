/* Whether memory that the application points to is there: its mistakes are the kernel's to answer, by EFAULT. */
#ifndef LT_READABLE_H
#define LT_READABLE_H

#include "sys.h"

enum {
    LT_SEEN_SETS = 16,
    LT_SEEN_WAYS = 8, /* of 8 bytes each: a set is one line of the processor's cache */
};

/* Pages of the application's memory that could be read. An entry is the address of the page, and in its low bits how
 * often that may still be taken for true; 0: none. Several threads use them, without a lock. */
struct lt_seen_pages {
    uint64_t pages[LT_SEEN_SETS][LT_SEEN_WAYS];
    uint32_t changes; /* lt_memory_changes when they were asked for */
};

/* Where pages are remembered: zeros, which a fork child does not inherit. Without it, the kernel is always asked. */
void lt_readable_set_up(struct lt_seen_pages *seen);

/* Asks the kernel about each page. */
bool lt_is_readable(const void *at, size_t length);

/* The same for what is read at every write. A page that could be read a moment ago still can, so the kernel is asked
 * only now and then. */
bool lt_can_read(const void *at, size_t length);

/* Whether the four bytes can be written, which stay as they are. `at` is aligned to them. */
bool lt_is_writable(const void *at);

/* Counts how often the application has taken memory back: memory that was readable before may not be now. Atomic. */
extern uint32_t lt_memory_changes;

#endif
