/* One writer at a time within a process: keeps the frames of a long write together and in order.
 *
 * Lives in memory that a fork child sees as zeros, that is: free. A signal handler that interrupts the holder is
 * recognised, so it cannot wait for itself. A holder that never comes back, because a handler left it by siglongjmp or
 * its thread was killed, is replaced; should it come back after all, it finds `entries` changed. */
#ifndef LT_GUARD_H
#define LT_GUARD_H

#include "sys.h"

struct lt_guard {
    uintptr_t owner;  /* thread pointer of the holder, 0 when free */
    uintptr_t stack;  /* where the holder's stack was; 0 while it enters */
    uint32_t entries; /* how often it was entered */
    uint32_t nested;  /* how often the present holder was interrupted by a write of its own thread */
};

enum lt_entry {
    LT_ENTERED,
    LT_NESTED, /* the caller interrupted the holder, on the same thread; nothing to leave */
    LT_BUSY,   /* others held it all the time; nothing to leave */
};

/* Waits up to `wait_ms` for other threads. One that held it all that time is taken for dead. */
enum lt_entry lt_guard_enter(struct lt_guard *guard, uint64_t wait_ms);
/* The holder has waited and goes on: handlers that interrupted it meanwhile, however many, are no sign that it was
 * left. */
void lt_guard_go_on(struct lt_guard *guard);

void lt_guard_leave(struct lt_guard *guard);

#endif
