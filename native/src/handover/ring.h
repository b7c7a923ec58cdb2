/* A ring as its process sees it. */
#ifndef LT_RING_H
#define LT_RING_H

#include "sys.h"

struct lt_ring {
    uint8_t *map;    /* NULL: none */
    uint32_t claims; /* rings that the process has claimed so far */
    int shortage;    /* why the process could not use the last free ring, a negative error number; 0: it could */
    uint64_t capacity;
    uint64_t mask; /* capacity - 1 where it is a power of two, as all shippers make it; else 0 */
    bool is_locked;
    uint64_t head;
    uint64_t rung_epoch; /* the last sleep of the reader that we rang for */
    uint64_t noted_loss; /* bytes, in the header */
};

#endif
