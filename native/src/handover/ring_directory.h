/* The directory of rings: where a process gets one, and the bell by which it wakes the shipper. */
#ifndef LT_RING_DIRECTORY_H
#define LT_RING_DIRECTORY_H

#include "ring.h"

/* Claims a free ring, or makes one, and maps it. Answers 0 or a negative error number. Call it inside the guard. */
int lt_ring_directory_claim(struct lt_ring *ring);

/* Unmaps a ring that was claimed; it stays where it is. */
void lt_ring_directory_leave(struct lt_ring *ring);

/* Rings; without a shipper, or where the directory cannot be reached, nothing happens. */
void lt_ring_directory_bell(const uint64_t *words, size_t count);

#endif
